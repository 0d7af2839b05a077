/** A growing list of 32-bit integers, in which a walk over megabytes of code takes notes without allocating objects. */
export class IntList {
  length = 0;
  values: Int32Array;

  constructor(capacity = 16) {
    this.values = new Int32Array(capacity);
  }

  /** A full list of these values; an empty one if there are none. */
  static of(values: Int32Array | undefined, capacity: number): IntList {
    const list = new IntList(values === undefined ? capacity : 0);
    if (values === undefined) return list;
    list.values = values;
    list.length = values.length;
    return list;
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const wider = new Int32Array(Math.max(16, this.values.length * 2));
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
