/** Random numbers of one case of a fuzzer: the same seed and number give the same ones, in every Node. */
export class Random {
  /** Of the case. */
  readonly number: number;
  #state: number;

  constructor(seed: number, number: number) {
    this.number = number;
    this.#state = Math.imul(seed | 0, 0x9e37_79b1) ^ Math.imul((number | 0) + 1, 0x85eb_ca6b);
    // Neighbouring seeds begin alike otherwise.
    for (let i = 0; i < 4; i++) this.next();
  }

  /** 32 random bits, as an unsigned number: mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b_79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return (bits ^ (bits >>> 14)) >>> 0;
  }

  /** An integer from 0 to `bound - 1`. */
  below(bound: number): number {
    return Math.floor((this.next() / 2 ** 32) * bound);
  }

  /** An integer from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** Whether something happens that happens so often, 0 to 1. */
  chance(share: number): boolean {
    return this.next() < share * 2 ** 32;
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('there is nothing to pick from');
    return list[this.below(list.length)] as T;
  }

  /** One of several values, each as often as its weight says. */
  weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T {
    let rest = this.below(choices.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of choices) {
      rest -= weight;
      if (rest < 0) return value;
    }
    throw new RangeError('there is nothing to pick from');
  }

  /** A number of a random magnitude: small ones are as frequent as large ones. */
  magnitude(most: number): number {
    return Math.min(most, this.below(2 ** this.between(1, Math.ceil(Math.log2(most + 1)))));
  }
}
