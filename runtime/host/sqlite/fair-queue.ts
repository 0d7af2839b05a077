/** Something to be done, and the program that it is for. */
interface Entry {
  readonly program: object;
}

/**
 * What waits to be done, in the order in which it came, except that a program has at most half of the places: others need not wait for
 * what it may never end.
 */
export class FairQueue<T extends Entry> {
  readonly #places: number;
  readonly #waiting: T[] = [];
  readonly #running = new Map<object, number>();
  #count = 0;

  constructor(places: number) {
    this.#places = places;
  }

  /** How many are being done. */
  get running(): number {
    return this.#count;
  }

  add(entry: T): void {
    this.#waiting.push(entry);
  }

  /** Takes one that waits back. Returns false if it does not. */
  remove(entry: T): boolean {
    const at = this.#waiting.indexOf(entry);
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0;
  }

  /** Returns the next one for which there is a place, which `end` must be called with; null if there is none. */
  next(hasRoom: (entry: T) => boolean = () => true): T | null {
    if (this.#count >= this.#places) return null;
    const at = this.#waiting.findIndex(
      ({ program }) => (this.#running.get(program) ?? 0) < Math.ceil(this.#places / 2),
    );
    const entry = this.#waiting[at];
    if (entry === undefined || !hasRoom(entry)) return null;
    this.#waiting.splice(at, 1);
    this.#count++;
    this.#running.set(entry.program, (this.#running.get(entry.program) ?? 0) + 1);
    return entry;
  }

  /** Must be called when one of `next` has been done. */
  end({ program }: T): void {
    this.#count--;
    const left = (this.#running.get(program) ?? 1) - 1;
    if (left === 0) this.#running.delete(program);
    else this.#running.set(program, left);
  }
}
