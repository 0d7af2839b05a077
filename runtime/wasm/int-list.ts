/** A growing list of 32-bit integers, in which a walk over megabytes of code takes notes without allocating objects. */
export class IntList {
  length = 0;
  values: Int32Array;

  constructor(capacity = 16) {
    this.values = new Int32Array(capacity);
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const wider = new Int32Array(this.values.length * 2);
      wider.set(this.values);
      this.values = wider;
    }
    this.values[this.length++] = value;
  }

  /** The value at an index below `length`; 0 beyond. */
  at(index: number): number {
    return index < this.length ? (this.values[index] ?? 0) : 0;
  }
}
