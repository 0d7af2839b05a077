import {
  type Code,
  compileExpression,
  exact,
  type HitCondition,
  inMemory,
  parseExpression,
  parseHitCondition,
  type Scope,
  sizeOf,
  type Type,
  truthOf,
  typeFromText,
  type Value,
} from '../expressions/index.ts';
import type { Process } from '../kernel/process.ts';
import type { KeptFrame } from '../wasm/index.ts';
import type { CallContext } from './call-context.ts';
import { readGlobal } from './globals.ts';
import type { Holder } from './holding.ts';
import { ProcessCall } from './process-call.ts';
import type { DataBreakpoint, DataChange } from './protocol.ts';
import { messageOf } from './site-breakpoint.ts';

/** The most bytes that are watched: they are compared at each line. */
export const MOST_BYTES = 1024;
/** The most breakpoints of a process. */
const MOST_BREAKPOINTS = 100;
/** The calls whose lines are remembered. */
const MOST_CALLS = 1000;

/** A breakpoint, with what was there when somebody last looked. */
interface Watch {
  readonly client: Holder;
  readonly wanted: DataBreakpoint;
  readonly isMet: (context: CallContext) => boolean;
  readonly isHit: HitCondition | null;
  hits: number;
  before: Buffer;
  /** What its client has been told is wrong with its condition. */
  told: string | null;
}

/** A process of which something is watched. */
interface Watched {
  watches: Watch[];
  /** The sites to which its calls have come last, outermost first. */
  readonly calls: { readonly frame: number; site: number }[];
}

/** A change of data at which a process stops. */
export interface FoundChange {
  /** The numbers of the breakpoints, by client. */
  readonly hit: ReadonlyMap<Holder, readonly number[]>;
  readonly first: Pick<DataChange, 'breakpoint' | 'before' | 'after'>;
  /** The site of the line that has made it; -1 if it is not known. */
  readonly site: number;
}

/**
 * Breakpoints on what is in the memories and globals of processes. A process of which something is watched is looked at at each
 * of its sites, so what has changed since the last one was changed by the line there, or by a host function that it called.
 */
export class DataBreakpoints {
  readonly #watched = new Map<Process, Watched>();
  readonly #context = new ProcessCall();

  /** Whether something of a process is watched, so that all of its sites must probe. */
  watches(process: Process): boolean {
    return this.#watched.has(process);
  }

  /**
   * Replaces those of a client.
   * @param find gets a process
   * @param callsOf gets the calls that a process is in, outermost first
   * @returns what is wrong with each of them, or null; and the processes of which something was or is watched
   */
  set(
    client: Holder,
    wanted: readonly DataBreakpoint[],
    find: (breakpoint: DataBreakpoint) => Process | undefined,
    callsOf: (process: Process) => readonly KeptFrame[],
  ): { problems: (string | null)[]; processes: Set<Process> } {
    const before = new Map<number, Watch>();
    const processes = new Set<Process>();
    for (const [process, watched] of this.#watched) {
      for (const watch of watched.watches) if (watch.client === client) before.set(watch.wanted.id, watch);
      watched.watches = watched.watches.filter((watch) => watch.client !== client);
      processes.add(process);
    }
    const problems = wanted.map((breakpoint): string | null => {
      const process = find(breakpoint);
      if (process === undefined) return 'the process has ended';
      const kept = before.get(breakpoint.id);
      const isSame = kept !== undefined && JSON.stringify(kept.wanted) === JSON.stringify(breakpoint);
      const made = isSame ? kept : this.#make(client, process, breakpoint);
      if (typeof made === 'string') return made;
      const watched = this.#watched.get(process) ?? {
        watches: [],
        calls: callsOf(process)
          .slice(0, MOST_CALLS)
          .map(({ at, site }) => ({ frame: at, site })),
      };
      if (watched.watches.length >= MOST_BREAKPOINTS) return 'too much is watched of this process';
      watched.watches.push(made);
      this.#watched.set(process, watched);
      processes.add(process);
      return null;
    });
    for (const [process, { watches }] of this.#watched)
      if (watches.length === 0) this.#watched.delete(process);
    return { problems, processes };
  }

  forget(process: Process): void {
    this.#watched.delete(process);
  }

  /** Called when a debugger has written: that is no change that a line has made. */
  written(
    process: Process,
    place: { readonly global: number } | { readonly address: number },
    data: Buffer,
  ): void {
    for (const { wanted, before } of this.#watched.get(process)?.watches ?? []) {
      if (wanted.place.kind === 'global') {
        if ('global' in place && wanted.place.index === place.global) data.copy(before);
      } else if ('address' in place) {
        const start = place.address - wanted.place.address;
        if (start >= 0) data.copy(before, Math.min(start, before.length));
        else data.copy(before, 0, Math.min(-start, data.length));
      }
    }
  }

  #make(client: Holder, process: Process, wanted: DataBreakpoint): Watch | string {
    const before = this.#read(process, wanted);
    if (before === null) return 'there is no such place in the memory or the globals of the process';
    try {
      const isHit = wanted.hits === undefined ? null : parseHitCondition(wanted.hits);
      const isMet =
        wanted.condition === undefined
          ? () => true
          : truthOf(compileExpression(parseExpression(wanted.condition), scopeOf(wanted, before.length)));
      return { client, wanted, isMet, isHit, hits: 0, before, told: null };
    } catch (error) {
      return messageOf(error);
    }
  }

  /** What has changed in a process that has come to a site; null if nothing for which it stops. */
  changed(process: Process, frame: number, site: number): FoundChange | null {
    const watched = this.#watched.get(process);
    if (watched === undefined) return null;
    const last = lastSite(watched, frame, site);
    let found: { hit: Map<Holder, number[]>; first: FoundChange['first'] } | null = null;
    for (const watch of watched.watches) {
      const { before, wanted, client } = watch;
      if (this.#isUnchanged(process, watch)) continue;
      const after = this.#read(process, wanted);
      if (after === null || after.equals(before)) continue;
      watch.before = after;
      if (!this.#stopsFor(process, watch, before)) continue;
      found ??= {
        hit: new Map(),
        first: { breakpoint: wanted.id, before: before.toString('base64'), after: after.toString('base64') },
      };
      found.hit.set(client, [...(found.hit.get(client) ?? []), wanted.id]);
    }
    return found === null ? null : { ...found, site: last };
  }

  #stopsFor(process: Process, watch: Watch, before: Buffer): boolean {
    const context = this.#context;
    context.process = process;
    context.before = viewOf(before);
    context.after = viewOf(watch.before);
    try {
      if (!watch.isMet(context)) return false;
    } catch (error) {
      // As with other breakpoints, a condition that cannot be evaluated counts as true, and its client is told once.
      const problem = messageOf(error);
      const { client, wanted, told } = watch;
      watch.told = problem;
      if (told !== problem) setImmediate(() => client.breakpointFailed({ id: wanted.id, problem }));
      return true;
    } finally {
      context.process = null;
    }
    watch.hits++;
    return watch.isHit === null || watch.isHit(watch.hits);
  }

  #isUnchanged(process: Process, { wanted: { place }, before }: Watch): boolean {
    if (place.kind !== 'memory') return false;
    const memory = this.#memoryOf(process);
    if (place.address + place.bytes > memory.byteLength) return true;
    for (let i = 0; i < place.bytes; i++) if (memory.getUint8(place.address + i) !== before[i]) return false;
    return true;
  }

  #memoryOf(process: Process): DataView {
    this.#context.process = process;
    return this.#context.memory;
  }

  #read(process: Process, { place }: DataBreakpoint): Buffer | null {
    if (place.kind === 'global') return readGlobal(process, place.index);
    const { buffer, byteOffset, byteLength } = this.#memoryOf(process);
    if (place.bytes < 1 || place.bytes > MOST_BYTES || place.address + place.bytes > byteLength) return null;
    return Buffer.from(Buffer.from(buffer, byteOffset + place.address, place.bytes));
  }
}

/** What the condition of a data breakpoint can name: what was there and what is there now. */
function scopeOf(wanted: DataBreakpoint, bytes: number): Scope<CallContext> {
  const read = readerOf(wanted, bytes);
  return {
    find(name): Code<CallContext> | undefined {
      if (name === 'before') return { type: read.type, value: ({ before }) => read.value(before) };
      if (name === 'after') return { type: read.type, value: ({ after }) => read.value(after) };
      return undefined;
    },
  };
}

/** Reads what some bytes are. */
interface Reader {
  readonly type: Type;
  value(memory: DataView): Value;
}

function readerOf({ type: text = '', place }: DataBreakpoint, bytes: number): Reader {
  const type = typeFromText(text);
  const value = type === undefined ? undefined : inMemory(type, () => 0).value;
  if (type === undefined || value === undefined || sizeOf(type) !== bytes)
    return { type: { kind: 'integer', bytes: 8, isSigned: null }, value: numberIn };
  // The integers of WebAssembly are meant with a sign and without one.
  const meant: Type = place.kind === 'global' && type.kind === 'integer' ? { ...type, isSigned: null } : type;
  return { type: meant, value: (memory) => value({ memory }) };
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** The bytes as a number with a sign, as far as they make one. */
function numberIn({ buffer, byteOffset, byteLength }: DataView): number | bigint {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  const size = Math.min(bytes.length, 8);
  if (size <= 6) return bytes.readIntLE(0, size);
  const whole = Buffer.concat([bytes.subarray(0, size), Buffer.alloc(8)]).readBigInt64LE();
  return exact(whole);
}

/**
 * The site of the line that a process was at before it came to this one: in the same call, or else in the one around it.
 * Deeper calls, which have higher addresses, have ended.
 */
function lastSite({ calls }: Watched, frame: number, site: number): number {
  let last = -1;
  for (let top = calls.at(-1); top !== undefined && top.frame > frame; top = calls.at(-1)) {
    last = top.site;
    calls.pop();
  }
  const top = calls.at(-1);
  if (top !== undefined) last = top.site;
  if (top?.frame === frame) top.site = site;
  else if (calls.length < MOST_CALLS) calls.push({ frame, site });
  return last;
}
