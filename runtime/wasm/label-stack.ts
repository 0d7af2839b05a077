import { NO_LOOP } from './code-survey.ts';

/**
 * The blocks open at a point of the original code, and where their labels are now that passes opened more.
 *
 *     original      loop            block
 *     rewritten     loop loop       block if
 *     depthOf            1          2
 *     current depth                   3
 */
export class LabelStack {
  /** Blocks open in the original; the function's own counts. */
  depth = 0;
  /** Blocks open in what is written. */
  written = 0;
  #depthOf: Int32Array = new Int32Array(64);
  #loops: Int32Array = new Int32Array(64);

  reset(): void {
    this.depth = 0;
    this.written = 0;
    this.open(NO_LOOP, 1);
  }

  /** Opens a block that is written as `blocks` nested ones; branches to it go to the innermost. */
  open(loop: number, blocks: number): void {
    if (this.depth === this.#depthOf.length) {
      this.#depthOf = widen(this.#depthOf);
      this.#loops = widen(this.#loops);
    }
    this.written += blocks;
    this.#depthOf[this.depth] = this.written;
    this.#loops[this.depth] = loop;
    this.depth++;
  }

  /** Closes the innermost block of the original, with all blocks that were written inside of the one around it. */
  close(): void {
    this.depth--;
    this.written = this.depth === 0 ? 0 : (this.#depthOf[this.depth - 1] ?? 0);
  }

  /** The label in the rewritten code for a label of the original. */
  translate(label: number): number {
    return this.written - (this.#depthOf[this.depth - 1 - label] ?? 0);
  }

  /** The loop, counted over the module, that a label names; `NO_LOOP` for other blocks. */
  loopAt(label: number): number {
    return this.#loops[this.depth - 1 - label] ?? NO_LOOP;
  }
}

function widen(list: Int32Array): Int32Array {
  const wider = new Int32Array(list.length * 2);
  wider.set(list);
  return wider;
}
