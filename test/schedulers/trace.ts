import { RecordKind } from './interpreter.ts';
import { type ModelProgram, type Operation, operationText, SLOTS } from './program.ts';

/** What a process has told of itself; see `RecordKind`. */
export interface TraceEvent {
  readonly kind: number;
  /** The operation's place in the script; -1 before the first. */
  readonly index: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** A process of a program, by what it and others have told. */
export interface ProcessTrace {
  readonly slot: number;
  readonly id: number;
  events: TraceEvent[];
  /** Whether the root process has seen that it does not exist any more. */
  isDead: boolean;
}

/** What happened in a run of a program. */
export interface Trace {
  readonly program: ModelProgram;
  /** By slot. Those that were never spawned are not there, nor are those of which nobody has heard. */
  readonly processes: Map<number, ProcessTrace>;
}

/** Messages of one operation have consecutive numbers. */
export const NUMBERS = 16;

/** A process of an operation that was begun. */
export interface Done {
  readonly operation: Operation;
  readonly index: number;
  /** Where the intent stands among the events, and the first event behind the operation; null if there is none. */
  readonly at: number;
  readonly end: number | null;
  /** The id of the process meant, 0 where it was not known: then nothing was done. */
  readonly id: number;
  /** What the operation gave. */
  readonly result: TraceEvent | null;
}

/** A message that was sent, or may have been if its sender died meanwhile. */
export interface Sent {
  readonly from: number;
  readonly to: number;
  readonly number: number;
  readonly tag: number;
  readonly isSure: boolean;
}

/** The operations that a process has begun. */
export function operationsOf({ program }: Trace, { slot, events }: ProcessTrace): Done[] {
  const found: Done[] = [];
  for (const [at, { kind, index, a }] of events.entries()) {
    const operation = program.scripts[slot]?.[index];
    if (kind !== RecordKind.intent || operation === undefined) continue;
    const own = events.findIndex((event) => event.kind === RecordKind.result && event.index === index);
    const next = events.findIndex(
      (event, place) => place > at && (event.index > index || event.kind === RecordKind.done),
    );
    const isOver = own !== -1 && operation.kind !== 'send to name' ? own : next;
    found.push({
      operation,
      index,
      at,
      end: isOver === -1 ? null : isOver,
      id: a,
      result: events[own] ?? null,
    });
  }
  return found;
}

/** What a process has sent, in order. */
export function sentBy(slot: number, operations: readonly Done[]): Sent[] {
  return operations.flatMap(({ operation, index, end, id, result }) => {
    const isSure = end !== null;
    if (operation.kind === 'send' && id !== 0) {
      const { tag, count } = operation;
      return Array.from({ length: count }, (_, i) => ({
        from: slot,
        to: id,
        number: index * NUMBERS + i,
        tag,
        isSure,
      }));
    }
    if (operation.kind === 'send to name' && result !== null && result.b === 1) {
      return [{ from: slot, to: result.a, number: index * NUMBERS, tag: operation.tag, isSure }];
    }
    return [];
  });
}

/** A trace as a person reads it. */
export function traceText({ program, processes }: Trace): string {
  return Array.from({ length: SLOTS }, (_, slot) => processes.get(slot))
    .filter((process) => process !== undefined)
    .map(({ slot, id, events, isDead }) => {
      const lines = events
        .filter(({ kind }) => kind !== RecordKind.begin)
        .map((event) => `  ${event.index}: ${eventText(event, program.scripts[slot]?.[event.index])}`);
      return [`process ${slot}, id ${id}, ${isDead ? 'dead' : 'alive'}:`, ...lines].join('\n');
    })
    .join('\n');
}

function eventText({ kind, a, b, c }: TraceEvent, operation: Operation | undefined): string {
  const text = operation === undefined ? '' : operationText(operation);
  if (kind === RecordKind.intent) {
    if (operation === undefined || !('to' in operation) || operation.kind === 'spawn') return text;
    return `${text}, ${a === 0 ? 'which it does not know' : `of id ${a}`}`;
  }
  if (kind === RecordKind.result) {
    if (operation?.kind === 'spawn') return `has spawned ${a}`;
    if (operation?.kind === 'exists') return a === 1 ? 'it does' : 'it does not';
    return b === 1 ? `finds ${a}` : 'finds nothing';
  }
  if (kind === RecordKind.done) return 'is done';
  if (kind === RecordKind.exit) return 'ends';
  if (a === 9027) return 'receives nothing';
  if (a === 1) return `is told that link ${b} died`;
  if (a === 2) return `is told that ${b} died`;
  return `receives ${c % 2 ** 32} of ${Math.floor(c / 2 ** 32)}, tag ${b}`;
}
