import type { Notifications, Stack } from '../runtime/inspect/protocol.ts';

/** Milliseconds after which a client shows the reason of a trap, or never will. */
const SHOWING = 5000;

/** A process that is held. */
export class Held {
  readonly why: Notifications['process/stopped']['why'];
  /** What the trap says. */
  readonly reason: string | undefined;
  /** Where it is, and stays. */
  readonly stack: Promise<Stack>;
  /** Resolves when the client has asked why the process has trapped, if that is to be expected. */
  readonly explained: Promise<void>;
  #explain: () => void = () => {};

  constructor({ why, reason }: Notifications['process/stopped'], stack: Promise<Stack>) {
    this.why = why;
    this.reason = reason;
    this.stack = stack;
    this.explained = new Promise((done) => {
      this.#explain = done;
      if (why === 'trap') setTimeout(done, SHOWING).unref();
      else done();
    });
  }

  /** The client asks for the reason. */
  explain(): string | undefined {
    this.#explain();
    return this.reason;
  }
}
