import { sdkEntry } from '../symbols/sdk-entries.ts';
import type { StackFrame } from '../symbols/stack-frame.ts';
import { FRAMES_LIMIT, FRAMES_SIZE, framesOf, type KeptFrame, settledLocals } from '../wasm/index.ts';
import { type Process, Wait } from './process.ts';

/** A memory has at most so many pages. One page holds the frames of one process. */
const MOST_PAGES = 65_535;

/** The least bytes of a frame. */
const HEADER_ROOM = 8;

/** The opcodes of instructions before which a function keeps its frame: `call`, `call_indirect`, `call_ref`. */
const CALLS: ReadonlySet<number> = new Set([0x10, 0x11, 0x14]);

/** Decides what happens at sites. */
export interface Prober {
  /**
   * Called in the turn of a process at a site that probes.
   * @param frame address of the frame of the function that it is in
   * @returns whether the process stands still there, until it is resumed as a paused one is
   */
  stops(process: Process, frame: number): boolean;
  /**
   * Called in the turn of a process that is about to call an import through a table or a reference, if that probes.
   * @param frame address of the frame of the function that calls it; -1 if none does, or it is not kept
   * @param imported index of the import
   * @returns as `stops` does
   */
  stopsAtCall(process: Process, frame: number, imported: number): boolean;
}

/** What a scheduler does for it. */
export interface ProbingTurns {
  readonly current: Process;
  standStill(process: Process): Promise<number>;
}

/** Stops processes at the sites of their modules, and keeps the frames of their calls; see `probePass`. */
export class Probes {
  /** The memory of frames of all processes. */
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
  /** Nobody is asked, and no process stops, while it is null. */
  prober: Prober | null = null;
  readonly #turns: ProbingTurns;
  /** Addresses of frames that no process has. */
  readonly #free: number[] = [0];
  #view = new DataView(this.memory.buffer);

  constructor(turns: ProbingTurns) {
    this.#turns = turns;
  }

  /** What processes have in the memory of frames. */
  get frames(): DataView {
    return this.#view;
  }

  /**
   * Gives a process that has its instance a place for its frames.
   * @throws RangeError if there is none left
   */
  attach(process: Process): void {
    if (this.#free.length === 0) this.#grow();
    process.frames = this.#free.pop() ?? 0;
    this.rewind(process);
    this.step(process, false);
  }

  release(process: Process): void {
    this.#free.push(process.frames);
    process.frames = -1;
  }

  /** Doubles the number of places. */
  #grow(): void {
    const pages = this.memory.buffer.byteLength / FRAMES_SIZE;
    const more = Math.min(pages, MOST_PAGES - pages);
    if (more === 0) throw new RangeError(`no room for the frames of more than ${MOST_PAGES} processes`);
    this.memory.grow(more);
    this.#view = new DataView(this.memory.buffer);
    for (let page = pages + more - 1; page >= pages; page--) this.#free.push(page * FRAMES_SIZE);
  }

  /** Called before a process begins, with its start section or its entry function. */
  begins(process: Process): void {
    this.rewind(process);
    process.awaitsArgument =
      process.argument === null && sdkEntry(process.entry.name)?.takesArgument === true;
  }

  /** It is in no call yet. */
  rewind(process: Process): void {
    const frame = globalOf(process, 'frame');
    if (frame !== null) frame.value = process.frames;
    process.probedAt = -1;
  }

  /** Lets all sites of a process probe, or only those of armed functions. Has effect from the next call or turn of a loop on. */
  step(process: Process, all: boolean): void {
    const step = globalOf(process, 'step');
    if (step !== null) step.value = all ? 1 : 0;
  }

  /** Called by the guest at a site. */
  readonly probe = (frame: number): Promise<number> | undefined => {
    const process = this.#turns.current;
    if (this.prober === null || !this.prober.stops(process, frame)) return undefined;
    process.probedAt = frame;
    return this.#turns.standStill(process).finally(() => {
      process.probedAt = -1;
    });
  };

  /** Called by the guest before an import is called through a table or a reference. */
  readonly probeImport = (imported: number): Promise<number> | undefined => {
    const process = this.#turns.current;
    const frame = this.waited(process)?.at(-1)?.at ?? -1;
    if (this.prober === null || !this.prober.stopsAtCall(process, frame, imported)) return undefined;
    process.probedAt = frame;
    process.isAtCall = true;
    return this.#turns.standStill(process).finally(() => {
      process.probedAt = -1;
      process.isAtCall = false;
    });
  };

  /**
   * The calls that a process is in, outermost first; null if they are not kept, or if it is suspended where a function has not
   * kept its frame: in the midst of its work, when its turn was over.
   */
  of(process: Process): KeptFrame[] | null {
    const { probes } = process.module;
    if (probes === null || process.frames < 0 || !process.started || process.exit !== null) return null;
    const { map } = probes;
    if (process.probedAt >= 0) {
      const top = map.frameAt(this.#view, process.probedAt);
      const end = process.probedAt + (top?.layout.size ?? 0);
      return framesOf(process.probedAt) === process.frames ? map.read(this.#view, process.frames, end) : null;
    }
    const hasEnded = process.heldExit !== null && !process.doomed;
    if (process.wait === Wait.None || process.suspendedIn === Wait.Turn || hasEnded) return null;
    const end = globalOf(process, 'frame')?.value;
    return typeof end === 'number' ? map.read(this.#view, process.frames, end) : null;
  }

  /** The calls in which a process waited whose stack has been unwound since, outermost first; null if they are not kept. */
  waited(process: Process): KeptFrame[] | null {
    const { probes } = process.module;
    const end = probes === null || process.frames < 0 ? null : globalOf(process, 'frame')?.value;
    if (probes === null || typeof end !== 'number') return null;
    return probes.map.read(this.#view, process.frames, end);
  }

  /**
   * What is kept of the calls in which a process has failed, the innermost first: those around it are as they were when they called;
   * of the innermost one, only some locals are known. Null for a call of which nothing is.
   * @param stack the calls as the engine tells them, all of them
   */
  failed({ module, frames: start }: Process, stack: readonly StackFrame[]): (KeptFrame | null)[] {
    const found: (KeptFrame | null)[] = stack.map(() => null);
    const { probes, source } = module;
    if (probes === null || start < 0) return found;
    let at = start;
    for (let depth = stack.length - 1; depth >= 0; depth--) {
      const call = stack[depth];
      if (call === undefined || at + HEADER_ROOM > start + FRAMES_LIMIT) break;
      const defined = call.functionIndex - source.importedFunctions;
      const isAtCall = depth > 0 || CALLS.has(source.bytes[call.offset] ?? 0);
      const kept = isAtCall ? probes.map.frameAt(this.#view, at) : undefined;
      if (kept?.site === call.offset && kept.defined === defined) {
        found[depth] = kept;
        at += kept.layout.size;
        continue;
      }
      const layout = probes.map.layouts[defined];
      if (depth > 0 || layout === undefined || at + layout.size > start + FRAMES_LIMIT) break;
      const locals = settledLocals(source, defined, layout, call.offset);
      found[0] = { site: call.offset, defined, at, layout: { ...layout, locals } };
    }
    return found;
  }
}

function globalOf({ instance }: Process, name: 'frame' | 'step'): WebAssembly.Global | null {
  const globals = instance?.compiled.probeGlobals;
  const found = globals && instance?.exports[globals[name]];
  return found instanceof WebAssembly.Global ? found : null;
}
