import { RecordKind } from './interpreter.ts';
import { linkTag } from './program.ts';
import {
  type Done,
  NUMBERS,
  operationsOf,
  type ProcessTrace,
  type Sent,
  sentBy,
  type Trace,
  type TraceEvent,
} from './trace.ts';

/** Something that a process received, or the end of a wait. */
export interface Received {
  readonly at: number;
  readonly kind: 'message' | 'link died' | 'process died' | 'nothing';
  /** The tag that was waited for; 0 is any message. */
  readonly filter: number;
  readonly tag: number;
  /** Of a message: slot of the sender, and number. Of a process that died: its slot, -1 if nobody knows it. */
  readonly from: number;
  readonly number: number;
}

/** A way in which two processes may have been linked. */
export interface Link {
  /** The slots of who has made it, and of the other one. */
  readonly by: number;
  readonly to: number;
  readonly tags: { readonly by: number; readonly to: number };
  readonly index: number;
  readonly isSpawn: boolean;
  readonly made: Done;
}

/** What a trace tells, in the words of the model. */
export class Facts {
  readonly trace: Trace;
  readonly processes: readonly ProcessTrace[];
  readonly links: readonly Link[];
  readonly #operations = new Map<number, readonly Done[]>();
  readonly #received = new Map<number, readonly Received[]>();
  readonly #sent: readonly Sent[];
  readonly #slots = new Map<number, number>();

  constructor(trace: Trace) {
    this.trace = trace;
    this.processes = [...trace.processes.values()].sort((a, b) => a.slot - b.slot);
    for (const process of this.processes) {
      this.#slots.set(process.id, process.slot);
      this.#operations.set(process.slot, operationsOf(trace, process));
    }
    for (const process of this.processes) {
      this.#received.set(
        process.slot,
        process.events.flatMap((event, at) => this.#receivedIn(process, event, at)),
      );
    }
    this.#sent = this.processes.flatMap(({ slot }) => sentBy(slot, this.operations(slot)));
    this.links = this.processes.flatMap(({ slot }) =>
      this.operations(slot).flatMap((made): Link[] => {
        const { operation, index, id } = made;
        const tag = linkTag(slot, index);
        if (operation.kind === 'link' && id !== 0) {
          const tags = { by: tag, to: tag };
          return [{ by: slot, to: this.slotOf(id), tags, index, isSpawn: false, made }];
        }
        if (operation.kind !== 'spawn' || !operation.isLinked) return [];
        return [{ by: slot, to: operation.to, tags: { by: tag, to: 0 }, index, isSpawn: true, made }];
      }),
    );
  }

  /** The slot of a process, -1 if there is none of this id. */
  slotOf(id: number): number {
    return this.#slots.get(id) ?? -1;
  }

  process(slot: number): ProcessTrace | undefined {
    return this.trace.processes.get(slot);
  }

  isDead(slot: number): boolean {
    return this.process(slot)?.isDead ?? false;
  }

  /** Whether a process lives and takes whatever comes. */
  isWaiting(slot: number): boolean {
    const process = this.process(slot);
    if (process === undefined || process.isDead) return false;
    const { events } = process;
    return (
      events.some(({ kind }) => kind === RecordKind.done) &&
      !events.some(({ kind }) => kind === RecordKind.exit)
    );
  }

  operations(slot: number): readonly Done[] {
    return this.#operations.get(slot) ?? [];
  }

  /** Operations of a kind on a process. */
  on(slot: number, to: number, kind: string): Done[] {
    return this.operations(slot).filter(
      ({ operation, id }) => operation.kind === kind && id !== 0 && this.slotOf(id) === to,
    );
  }

  received(slot: number): readonly Received[] {
    return this.#received.get(slot) ?? [];
  }

  /** What one has sent to another, in order. */
  sent(from: number, to: number): Sent[] {
    return this.#sent.filter((message) => message.from === from && this.slotOf(message.to) === to);
  }

  /** Whether a process has had what another one did: it received a message that was sent later. */
  hasHad(slot: number, from: number, { index }: { readonly index: number }): boolean {
    return this.received(slot).some(
      (message) =>
        message.kind === 'message' && message.from === from && Math.floor(message.number / NUMBERS) > index,
    );
  }

  /** Whether a process has waited, and so had all that it has sent to itself, between two of its operations. */
  hasWaited(slot: number, after: number): boolean {
    return (
      this.received(slot).some(({ kind, at }) => kind === 'nothing' && this.#indexOf(slot, at) > after) ||
      this.operations(slot).some(
        ({ operation, index, end }) => operation.kind === 'sleep' && index > after && end !== null,
      )
    );
  }

  #indexOf(slot: number, at: number): number {
    return this.process(slot)?.events[at]?.index ?? -1;
  }

  #receivedIn({ slot }: ProcessTrace, { kind, index, a, b, c }: TraceEvent, at: number): Received[] {
    if (kind !== RecordKind.received) return [];
    const operation = this.trace.program.scripts[slot]?.[index];
    const filter = operation?.kind === 'receive' ? operation.tag : 0;
    const nothing = { at, filter, tag: 0, from: -1, number: 0 };
    if (a === 9027) return [{ ...nothing, kind: 'nothing' }];
    if (a === 1) return [{ ...nothing, kind: 'link died', tag: b }];
    if (a === 2) return [{ ...nothing, kind: 'process died', from: this.slotOf(b) }];
    return [{ at, filter, kind: 'message', tag: b, from: Math.floor(c / 2 ** 32), number: c % 2 ** 32 }];
  }
}
