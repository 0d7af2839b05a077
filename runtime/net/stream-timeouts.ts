import type { StreamOperation } from './stream.ts';

/** A caller that waits until no operation of a kind is under way. */
interface Settler {
  readonly operation: StreamOperation;
  readonly change: bigint | null;
  readonly done: (timeout: bigint) => void;
}

/** Milliseconds that operations of each kind may take, -1 for no limit. */
export type Timeouts = Readonly<Record<StreamOperation, bigint>>;

/** The timeouts of a stream. They are read and changed only while no operation of their kind is under way. */
export class StreamTimeouts {
  values: Timeouts = { read: -1n, write: -1n, peek: -1n };
  readonly #settlers: Settler[] = [];

  /** Whether nobody waits. */
  get isQuiet(): boolean {
    return this.#settlers.length === 0;
  }

  /** Returns a value, and changes it before unless `change` is null. */
  use(operation: StreamOperation, change: bigint | null): bigint {
    if (change !== null) this.values = { ...this.values, [operation]: change };
    return this.values[operation];
  }

  /**
   * The same later: see `settle`.
   * @returns a function that gives up
   */
  await(operation: StreamOperation, change: bigint | null, done: (timeout: bigint) => void): () => void {
    const settler = { operation, change, done };
    this.#settlers.push(settler);
    return () => {
      const index = this.#settlers.indexOf(settler);
      if (index >= 0) this.#settlers.splice(index, 1);
    };
  }

  /** Serves those who waited for kinds of operations that are not under way any more. */
  settle(isBusy: (operation: StreamOperation) => boolean): void {
    for (const settler of this.#settlers.splice(0)) {
      if (isBusy(settler.operation)) this.#settlers.push(settler);
      else settler.done(this.use(settler.operation, settler.change));
    }
  }
}
