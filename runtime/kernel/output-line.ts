/** The number of those who wait that are told at once when there is room: each takes a part of it, and the others wait on. */
const TOLD_AT_ONCE = 16;

/**
 * Those who want to print while an output is full, in the order in which they came. They keep what they want to print where it is,
 * so that however many there are, and however many of them are killed meanwhile, the output holds no more.
 */
export class OutputLine {
  readonly #isFull: () => boolean;
  readonly #waiting = new Set<() => void>();
  #isTelling = false;

  /** @param isFull whether the output takes nothing at the moment */
  constructor(isFull: () => boolean) {
    this.#isFull = isFull;
  }

  /**
   * @param ready called once, when there may be room
   * @returns a function that leaves the line
   */
  enter(ready: () => void): () => void {
    this.#waiting.add(ready);
    this.tell();
    return () => this.#waiting.delete(ready);
  }

  /** Must be called when there may be room. */
  tell(): void {
    if (this.#isTelling || this.#waiting.size === 0 || this.#isFull()) return;
    this.#isTelling = true;
    // Those who are told print in turns of theirs, and whoever comes to the line must have been returned to first.
    setImmediate(this.#tellSome);
  }

  readonly #tellSome = (): void => {
    this.#isTelling = false;
    let left = this.#isFull() ? 0 : TOLD_AT_ONCE;
    for (const ready of this.#waiting) {
      if (left-- === 0) break;
      this.#waiting.delete(ready);
      ready();
    }
    this.tell();
  };
}
