import { Event } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';

/** Milliseconds after which a client is told that something takes long. */
const LONG = 300;

/** Tells a client what takes long, if it wants to know. */
export class Progress {
  readonly #send: (event: DebugProtocol.Event) => void;
  readonly #cancels = new Map<string, () => void>();
  #last = 0;
  /** Whether the client displays progress. */
  isWanted = false;

  constructor(send: (event: DebugProtocol.Event) => void) {
    this.#send = send;
  }

  /**
   * Waits for something.
   * @param title what it is, for people
   * @param giveUp ends it, if it can be ended
   */
  async during<Result>(title: string, work: Promise<Result>, giveUp?: () => void): Promise<Result> {
    if (!this.isWanted) return await work;
    const progressId = `progress ${++this.#last}`;
    let isTold = false;
    const timer = setTimeout(() => {
      isTold = true;
      if (giveUp !== undefined) this.#cancels.set(progressId, giveUp);
      this.#send(new Event('progressStart', { progressId, title, cancellable: giveUp !== undefined }));
    }, LONG);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      this.#cancels.delete(progressId);
      if (isTold) this.#send(new Event('progressEnd', { progressId }));
    }
  }

  /** Called when a person wants to wait no longer. */
  cancel(progressId: string): void {
    this.#cancels.get(progressId)?.();
  }
}
