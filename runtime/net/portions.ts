/** Gives each process the same small portion of what there is, until nothing is left. */
export class Portions {
  #left: number;
  readonly #portion: number;
  readonly #usedBy = new WeakMap<object, number>();

  /**
   * @param most what there is for all of them
   * @param portion what each may have
   */
  constructor(most: number, portion: number) {
    this.#left = most;
    this.#portion = portion;
  }

  hasRoom(process: object): boolean {
    return this.#left > 0 && (this.#usedBy.get(process) ?? 0) < this.#portion;
  }

  take(process: object): void {
    this.#left--;
    this.#usedBy.set(process, (this.#usedBy.get(process) ?? 0) + 1);
  }

  giveBack(process: object): void {
    this.#left++;
    this.#usedBy.set(process, (this.#usedBy.get(process) ?? 0) - 1);
  }
}
