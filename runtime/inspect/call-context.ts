import { type Context, ExpressionError, type Value } from '../expressions/index.ts';
import type { Process } from '../kernel/process.ts';

const NO_MEMORY = new DataView(new ArrayBuffer(0));
/** Entries of maps that the expressions of a breakpoint look at together: the process stands meanwhile, and so do all others. */
const MOST_ENTRIES = 100_000;

/** A call in which expressions are evaluated: that of a process at a site. One object serves all, one after the other. */
export class CallContext implements Context {
  process: Process | null = null;
  /** The memory of frames. */
  frames: DataView = NO_MEMORY;
  /** The address of the frame. */
  frame = 0;
  /** What data that has changed was, and is. */
  before: DataView = NO_MEMORY;
  after: DataView = NO_MEMORY;
  #entries = MOST_ENTRIES;

  /** Begins with the expressions of another breakpoint, or with one that is evaluated once. */
  begin(process: Process, frames: DataView, frame: number): void {
    this.process = process;
    this.frames = frames;
    this.frame = frame;
    this.#entries = MOST_ENTRIES;
  }

  /**
   * Called before entries of maps are looked at.
   * @param entries what it costs, in entries of numbers
   * @returns whether that many may still be looked at
   */
  look(entries: number): boolean {
    this.#entries -= entries;
    return this.#entries >= 0;
  }

  get memory(): DataView {
    const instance = this.process?.instance;
    const exported = instance?.memory;
    if (exported !== undefined) return exported.view;
    const owned = instance?.owned?.memory.buffer;
    return owned === undefined ? NO_MEMORY : new DataView(owned);
  }

  /** @throws ExpressionError if the global is not there */
  global(index: number): Value {
    const instance = this.process?.instance;
    const name = instance?.compiled.probeGlobals?.own.find((global) => global.index === index)?.name;
    const global = name === undefined ? undefined : instance?.exports[name];
    const value: unknown = global instanceof WebAssembly.Global ? global.value : undefined;
    if (typeof value !== 'number' && typeof value !== 'bigint')
      throw new ExpressionError('the global cannot be read');
    return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
}
