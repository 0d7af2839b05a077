/** Keeps values up to a number of bytes; those that were not used for the longest time go first. */
export class ByteCache<Key, Value extends { readonly byteLength: number }> {
  readonly #limit: number;
  readonly #values = new Map<Key, Value>();
  #size = 0;
  #last: Key | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: Key, make: () => Value): Value {
    const known = this.#values.get(key);
    if (known !== undefined) {
      if (key !== this.#last) {
        this.#values.delete(key);
        this.#values.set(key, known);
        this.#last = key;
      }
      return known;
    }
    const made = make();
    this.#values.set(key, made);
    this.#last = key;
    this.#size += costOf(made);
    for (const [oldest, value] of this.#values) {
      if (this.#size <= this.#limit || oldest === key) break;
      this.#values.delete(oldest);
      this.#size -= costOf(value);
    }
    return made;
  }
}

/** An estimate, with the objects around the bytes. */
function costOf(value: { readonly byteLength: number }): number {
  return value.byteLength + 2048;
}
