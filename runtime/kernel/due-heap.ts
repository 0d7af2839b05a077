/** Something that is due at a time. */
export class Due {
  /** Milliseconds by `clockTime`. It changes only outside of heaps. */
  due: number;
  /** Its number in the order in which they were added, and its place in the heap; -1 if it is in none. */
  order = 0;
  place = -1;

  constructor(due: number) {
    this.due = due;
  }

  isBefore(other: Due): boolean {
    return this.due < other.due || (this.due === other.due && this.order < other.order);
  }
}

/** Things that are due, first the one that is due first. It is a binary heap: one comes after the one at half its place. */
export class DueHeap<T extends Due> {
  readonly #heap: T[] = [];
  #added = 0;

  get first(): T | undefined {
    return this.#heap[0];
  }

  add(entry: T): void {
    entry.order = this.#added++;
    this.#put(entry, this.#heap.length);
  }

  /** Returns false if it is not in the heap. */
  remove(entry: T): boolean {
    const { place } = entry;
    if (place < 0) return false;
    entry.place = -1;
    const last = this.#heap.pop();
    if (last !== undefined && last !== entry) this.#put(last, place);
    return true;
  }

  /** Puts an entry to a place that is free, or to where it belongs instead. */
  #put(entry: T, free: number): void {
    const heap = this.#heap;
    let place = free;
    for (;;) {
      const above = heap[(place - 1) >> 1];
      if (place === 0 || above === undefined || above.isBefore(entry)) break;
      this.#move(above, place);
      place = (place - 1) >> 1;
    }
    for (;;) {
      const left = heap[2 * place + 1];
      const right = heap[2 * place + 2];
      const below = left !== undefined && right?.isBefore(left) ? right : left;
      if (below === undefined || entry.isBefore(below)) break;
      const next = below.place;
      this.#move(below, place);
      place = next;
    }
    this.#move(entry, place);
  }

  #move(entry: T, place: number): void {
    this.#heap[place] = entry;
    entry.place = place;
  }
}
