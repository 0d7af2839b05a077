import type { ProcessExit } from './exit.ts';
import type { Bytes, Signals } from './signals.ts';

/** What a message is sent with. */
export interface SendOptions {
  /** Tells the receiver what the message is: it can wait for messages of one tag. Default: 0n, which is no tag. */
  readonly tag?: bigint;
}

/** A process that the embedding program has spawned. */
export class GuestProcess {
  /** Its id, which other processes know it by. */
  readonly id: bigint;
  /** Resolves when it has ended, and never rejects: a failure is an exit like any other. */
  readonly exited: Promise<ProcessExit>;
  readonly #signals: Signals;

  /** @internal Made by `Lunatic.spawn`. */
  constructor(id: bigint, signals: Signals, exited: Promise<ProcessExit>) {
    this.id = id;
    this.exited = exited;
    this.#signals = signals;
  }

  /**
   * Sends a message with a copy of the bytes.
   * @returns false where the process has ended: nobody gets the message
   */
  send(data: Bytes, { tag = 0n }: SendOptions = {}): boolean {
    return this.#signals.send(this.id, data, tag);
  }

  /** Kills it, whatever it does. `exited` resolves when it is gone. */
  kill(): void {
    this.#signals.kill(this.id);
  }
}
