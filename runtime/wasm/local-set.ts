/** A set of the locals that a frame keeps, by their places in it; there are at most 64. */
export class LocalSet {
  #low = 0;
  #high = 0;

  static copyOf(other: LocalSet): LocalSet {
    const set = new LocalSet();
    set.become(other);
    return set;
  }

  has(place: number): boolean {
    return (((place < 32 ? this.#low : this.#high) >>> (place & 31)) & 1) === 1;
  }

  add(place: number): void {
    if (place < 32) this.#low |= 1 << place;
    else this.#high |= 1 << (place & 31);
  }

  addAll(other: LocalSet): void {
    this.#low |= other.#low;
    this.#high |= other.#high;
  }

  removeAll(other: LocalSet): void {
    this.#low &= ~other.#low;
    this.#high &= ~other.#high;
  }

  remove(place: number): void {
    if (place < 32) this.#low &= ~(1 << place);
    else this.#high &= ~(1 << (place & 31));
  }

  become(other: LocalSet): void {
    this.#low = other.#low;
    this.#high = other.#high;
  }

  clear(): void {
    this.#low = this.#high = 0;
  }
}
