import { displayName } from '../text/display-name.ts';
import { isRenamedMain } from './function-names.ts';
import { PRINTED_FRAMES, type StackFrame } from './stack-frame.ts';
import { type ModuleSymbols, SymbolThread } from './symbol-thread.ts';
import type { SymbolFrame } from './symbols.ts';

/** Milliseconds that one question may take. Few modules need a tenth of that, on a machine that is not busy. */
const TIME_LIMIT = 3000;

/**
 * Milliseconds that questions may take together, and what is added for each millisecond since: whoever makes modules could make
 * any number of them that take long, and have them fail.
 */
const FIRST_TIME = 10_000;
const MORE_TIME = 0.01;

/** Offsets that one question is about. What a module answers may be long. */
const AT_ONCE = 8;

/** Calls of a stack that are located, with those that are inlined. */
const MAX_CALLS = 200;

/** Offsets of a module whose calls are kept. */
const MAX_KEPT = 1000;

/** Bytes of a module that has no file. Their symbols are in memory as long as the thread is. */
const MAX_SIZE_WITHOUT_FILE = 2 ** 24;

/** A module whose calls are located. */
export interface PlacedModule {
  bytes(): Uint8Array | Promise<Uint8Array>;
  /** Its file, beside which other files with symbols may be; null if it has none, or if it has changed. */
  readonly path: string | null;
  readonly size: number;
}

interface Opened {
  readonly symbols: ModuleSymbols;
  readonly calls: Map<number, readonly SymbolFrame[]>;
}

/** Finds calls on stacks in the sources of their modules, in a thread of its own and within a bounded time. */
export class StackPlaces {
  readonly #thread: SymbolThread;
  readonly #firstTime: number;
  readonly #start = performance.now();
  /** Milliseconds that questions have taken. */
  #spent = 0;
  #last: Promise<unknown> = Promise.resolve();
  readonly #opened = new WeakMap<object, Opened | null>();

  /**
   * @param limit milliseconds that one question may take
   * @param firstTime milliseconds that all may take together, besides what is added with time
   */
  constructor(limit = TIME_LIMIT, firstTime = FIRST_TIME) {
    this.#firstTime = firstTime;
    this.#thread = new SymbolThread(limit);
  }

  /**
   * The same stack with places, if they are known, and with inlined calls as frames of their own.
   * @param key stands for the module
   * @param describe tells of the module, when it is first asked about
   */
  async locate(
    key: object,
    describe: () => PlacedModule,
    frames: readonly StackFrame[],
  ): Promise<readonly StackFrame[]> {
    const opened = this.#open(key, describe);
    if (opened === null) return frames;
    await this.#ask(opened, wanted(frames));
    const located: StackFrame[] = [];
    for (const frame of frames) {
      const calls = opened.calls.get(frame.offset) ?? [];
      if (calls.length === 0 || located.length + calls.length > MAX_CALLS) located.push(frame);
      else located.push(...calls.map((call) => placedFrame(frame, call)));
    }
    return located;
  }

  /** The text of a source that a module brings along; null if it brings none. */
  async contentOf(key: object, file: string): Promise<string | null> {
    const opened = this.#opened.get(key) ?? null;
    return opened === null ? null : await this.#timed(() => opened.symbols.contentOf(file), null);
  }

  #open(key: object, describe: () => PlacedModule): Opened | null {
    const known = this.#opened.get(key);
    if (known !== undefined) return known;
    const module = describe();
    const isTooLarge = module.path === null && module.size > MAX_SIZE_WITHOUT_FILE;
    const opened = isTooLarge ? null : { symbols: this.#thread.open(module), calls: new Map() };
    this.#opened.set(key, opened);
    return opened;
  }

  async #ask({ symbols, calls }: Opened, offsets: readonly number[]): Promise<void> {
    if (calls.size > MAX_KEPT) calls.clear();
    const unknown = offsets.filter((offset) => !calls.has(offset));
    let count = 0;
    for (let i = 0; i < unknown.length && count < MAX_CALLS; i += AT_ONCE) {
      const some = unknown.slice(i, i + AT_ONCE);
      const answers = await this.#timed(() => symbols.framesAt(some), []);
      for (const [at, offset] of some.entries()) {
        const found = answers[at];
        if (found === undefined) continue;
        calls.set(offset, found);
        count += found.length;
      }
    }
  }

  /** Asks something when what was asked before is answered, unless all that has taken too long. */
  #timed<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
    const answer = this.#last.then(() => this.#askNow(ask, otherwise));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #askNow<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
    const start = performance.now();
    if (this.#spent > this.#firstTime + MORE_TIME * (start - this.#start)) return otherwise;
    try {
      return await ask();
    } finally {
      this.#spent += performance.now() - start;
    }
  }
}

/** The offsets of the frames that are printed, each once. */
function wanted(frames: readonly StackFrame[]): number[] {
  const printed =
    frames.length <= 2 * PRINTED_FRAMES
      ? frames
      : [...frames.slice(0, PRINTED_FRAMES), ...frames.slice(-PRINTED_FRAMES)];
  return [...new Set(printed.map(({ offset }) => offset))];
}

function placedFrame(frame: StackFrame, { functionName, place, isInlined }: SymbolFrame): StackFrame {
  const symbolName = functionName === null ? undefined : displayName(functionName);
  // Line 0 is what belongs to no line.
  const known = place !== null && place.line > 0 ? { place } : {};
  if (isInlined) return { ...frame, functionName: symbolName, ...known, isInlined };
  const named = frame.functionName;
  const isOwn = named !== undefined && !(symbolName !== undefined && isRenamedMain(named));
  return { ...frame, functionName: isOwn ? named : symbolName, ...known };
}
