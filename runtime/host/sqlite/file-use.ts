/** Statements of threads that use a file just now: others would find it locked, so they wait. */
export class FileUse {
  static readonly #all = new Map<string, FileUse>();

  readonly #path: string;
  #users = 0;
  readonly #waiting = new Set<() => void>();

  private constructor(path: string) {
    this.#path = path;
  }

  /** Whether any thread uses a file. */
  static isAny = false;

  /** Returns the use of a file; null if no thread uses it. */
  static of(path: string | null): FileUse | null {
    return path === null ? null : (FileUse.#all.get(path) ?? null);
  }

  /** Must be called when a thread begins to use a file. @returns what must be called at its end */
  static begin(path: string): () => void {
    const use = FileUse.#all.get(path) ?? new FileUse(path);
    FileUse.#all.set(path, use);
    FileUse.isAny = true;
    use.#users++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      if (--use.#users > 0) return;
      FileUse.#all.delete(use.#path);
      FileUse.isAny = FileUse.#all.size > 0;
      for (const wake of use.#waiting) wake();
      use.#waiting.clear();
    };
  }

  /** Ends when no thread uses the file. */
  over(): Promise<void> {
    return new Promise((resolve) => this.wait(resolve));
  }

  /** Calls `wake` when no thread uses the file. @returns a function that gives that up */
  wait(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }
}
