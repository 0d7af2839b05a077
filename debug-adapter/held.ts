import type { Notifications, ProcessEnd, Stack } from '../runtime/inspect/protocol.ts';

/** The number of frames that clients request at first. */
export const FIRST_FRAMES = 20;

/** Milliseconds in which a client asks for the reason of a failure, if it ever does. */
const SHOWING = 5000;

/** A process that stands still: it is paused, or held after a failure. */
export class Held {
  readonly why: Notifications['process/stopped']['why'];
  /** How the process will end; undefined if it is only paused. */
  readonly end: ProcessEnd | undefined;
  /** What has happened to it, in words, if it has stopped for that, and the numbers of the filters that wanted it. */
  readonly event: string | undefined;
  readonly filters: readonly number[];
  /** Its stack, which stays the same. */
  readonly stack: Promise<Stack>;
  /** Resolves when the client has asked for the reason of the failure, or is not expected to. */
  readonly explained: Promise<void>;
  #explain: () => void = () => {};

  constructor({ why, process, event, breakpoints }: Notifications['process/stopped'], stack: Promise<Stack>) {
    this.event = event;
    this.filters = breakpoints ?? [];
    this.why = why;
    this.end = process.end;
    this.stack = stack;
    // An error is told when the stack is asked for.
    stack.catch(() => {});
    this.explained = new Promise((done) => {
      this.#explain = done;
      if (why === 'failure' || why === 'event') setTimeout(done, SHOWING).unref();
      else done();
    });
  }

  /** Must be called when the client asks for the reason. */
  explain(): ProcessEnd | undefined {
    this.#explain();
    return this.end;
  }
}
