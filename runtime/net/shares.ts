/** Who has a share: a process, together with all of its environment. */
export interface Sharer {
  readonly environment: object;
}

/** Divides what all processes have together, so that nobody can use up what the others need. */
export class Shares {
  readonly #most: number;
  #used = 0;
  /** By process and by environment: how much they use. */
  readonly #usedBy = new WeakMap<object, number>();

  /** @param most what there is for all of them */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether a process may have one more: it has half of what others of its environment leave of the half that other environments leave. */
  hasRoom(process: Sharer): boolean {
    const ofEnvironment = this.#usedBy.get(process.environment) ?? 0;
    const ofProcess = this.#usedBy.get(process) ?? 0;
    const share = (this.#most - (this.#used - ofEnvironment)) / 2;
    return ofProcess < (share - (ofEnvironment - ofProcess)) / 2;
  }

  /** Counts one that a process has. */
  take(process: Sharer): void {
    this.#count(process, 1);
  }

  giveBack(process: Sharer): void {
    this.#count(process, -1);
  }

  #count(process: Sharer, by: 1 | -1): void {
    this.#used += by;
    for (const key of [process, process.environment])
      this.#usedBy.set(key, (this.#usedBy.get(key) ?? 0) + by);
  }
}
