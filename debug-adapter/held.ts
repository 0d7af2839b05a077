import type { Notifications, ProcessEnd, Stack } from '../runtime/inspect/protocol.ts';

/** Milliseconds after which a client shows the reason of a trap, or never will. */
const SHOWING = 5000;

/** A process that is held. */
export class Held {
  readonly why: Notifications['process/stopped']['why'];
  /** How the process will end; undefined where it is only paused. */
  readonly end: ProcessEnd | undefined;
  /** Where it is, and stays. */
  readonly stack: Promise<Stack>;
  /** Resolves when the client has asked why the process has trapped, if that is to be expected. */
  readonly explained: Promise<void>;
  #explain: () => void = () => {};

  constructor({ why, process }: Notifications['process/stopped'], stack: Promise<Stack>) {
    this.why = why;
    this.end = process.end;
    this.stack = stack;
    this.explained = new Promise((done) => {
      this.#explain = done;
      if (why === 'failure') setTimeout(done, SHOWING).unref();
      else done();
    });
  }

  /** The client asks for the reason. */
  explain(): ProcessEnd | undefined {
    this.#explain();
    return this.end;
  }
}
