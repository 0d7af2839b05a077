/** Those that wait for their turn at something, in the order in which they came. Nearly always at most one does. */
export class Line<T> {
  #first: T | null = null;
  /** Made for the first one that waits behind another. */
  #others: T[] | null = null;

  /** Whose turn it is; null if nobody waits. */
  get first(): T | null {
    return this.#first;
  }

  push(item: T): void {
    if (this.#first === null) {
      this.#first = item;
    } else {
      this.#others ??= [];
      this.#others.push(item);
    }
  }

  /** Takes out the first one. */
  shift(): void {
    this.#first = this.#others?.shift() ?? null;
  }

  /** Takes out one that may be anywhere in the line, or not in it. */
  remove(item: T): void {
    if (this.#first === item) {
      this.shift();
      return;
    }
    const index = this.#others?.indexOf(item) ?? -1;
    if (index >= 0) this.#others?.splice(index, 1);
  }
}
