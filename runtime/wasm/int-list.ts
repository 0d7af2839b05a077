/** A growing list of 32-bit integers, in which a walk over megabytes of code takes notes without allocating objects. */
export class IntList {
  length = 0;
  values: Int32Array<ArrayBuffer>;

  constructor(capacity = 16) {
    this.values = new Int32Array(capacity);
  }

  push(value: number): void {
    if (this.length === this.values.length) this.reserve(this.values.length);
    this.values[this.length++] = value;
  }

  /** Makes room for so many more. The old room is freed at once: lists of large modules take megabytes. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.values.length) return;
    this.values = new Int32Array(this.values.buffer.transfer(needed * Int32Array.BYTES_PER_ELEMENT));
  }

  /** Empties the list and frees its room at once. */
  discard(): void {
    this.values.buffer.transfer(0);
    this.values = new Int32Array(16);
    this.length = 0;
  }

  /** The value at an index below `length`; 0 beyond. */
  at(index: number): number {
    return index < this.length ? (this.values[index] ?? 0) : 0;
  }
}
