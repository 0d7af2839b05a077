import type { Context, Value } from '../expressions/index.ts';
import type { ProcessFacts } from './process-code.ts';

export const NO_MEMORY = new DataView(new ArrayBuffer(0));
/** Entries of maps that the expressions of a breakpoint look at together: the process stands meanwhile, and so do all others. */
const MOST_ENTRIES = 100_000;

/** A call in which expressions are evaluated, with what they can see of its process. */
export abstract class CallContext implements Context {
  /** The memory of frames. */
  frames: DataView = NO_MEMORY;
  /** The address of the frame. */
  frame = 0;
  /** What data that has changed was, and is. */
  before: DataView = NO_MEMORY;
  after: DataView = NO_MEMORY;
  #entries = MOST_ENTRIES;

  abstract readonly memory: DataView;
  abstract readonly facts: ProcessFacts;

  /** @throws ExpressionError if the global is not there */
  abstract global(index: number): Value;

  /** What a process is called whose id the process has. */
  abstract processText(id: number): string;

  /** The name of the function at a place of the first table, fit to be displayed; null if it is not known. */
  abstract functionInTable(place: number): string | null;

  /** Begins with the expressions of another breakpoint, or with one that is evaluated once. */
  begin(frames: DataView, frame: number): void {
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
}
