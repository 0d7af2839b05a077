/** Those who wait until something that is full has room. */
export class Waiters {
  readonly #ready = new Set<() => void>();

  /** Calls `ready` once, when they are let go. Returns a function that gives up waiting. */
  readonly whenWritable = (ready: () => void): (() => void) => {
    this.#ready.add(ready);
    return () => this.#ready.delete(ready);
  };

  /** Lets all of them go on. */
  letGo(): void {
    const ready = [...this.#ready];
    this.#ready.clear();
    for (const goOn of ready) goOn();
  }
}
