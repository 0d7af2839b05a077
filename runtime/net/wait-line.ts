/** Callers that wait for things of one kind, each for the next one, in the order in which they came. */
export class WaitLine<T> {
  readonly #waiting: ((thing: T) => void)[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /**
   * Adds a caller to the line.
   * @param take called once, with the thing
   * @returns a function that leaves the line
   */
  enter(take: (thing: T) => void): () => void {
    this.#waiting.push(take);
    return () => {
      const index = this.#waiting.indexOf(take);
      if (index >= 0) this.#waiting.splice(index, 1);
    };
  }

  /** Gives a thing to the first caller. Returns false if nobody waits. */
  give(thing: T): boolean {
    const take = this.#waiting.shift();
    take?.(thing);
    return take !== undefined;
  }
}
