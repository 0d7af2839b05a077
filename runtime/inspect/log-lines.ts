import type { LogLine, Notifications } from './protocol.ts';

/** The most lines in a stretch of time: more are not read by anybody, and would slow the program down. */
const MOST_LINES = 1000;
/** Milliseconds of that stretch. */
const STRETCH = 1000;

/** What log points print for one client. Where they print too much, lines are left out. */
export class LogLines {
  readonly #send: (lines: Notifications['logged']) => void;
  #lines: LogLine[] = [];
  #leftOut = 0;
  #printed = 0;
  #began = Number.NEGATIVE_INFINITY;
  #isAsked = false;
  #timer: NodeJS.Timeout | null = null;

  /** @param send sends lines, with the number of those left out since the last ones */
  constructor(send: (lines: Notifications['logged']) => void) {
    this.#send = send;
  }

  /** Adds a line, unless there are too many. @param line makes it */
  add(line: () => LogLine): void {
    const now = performance.now();
    if (now - this.#began >= STRETCH) {
      this.#began = now;
      this.#printed = 0;
    }
    if (this.#printed >= MOST_LINES) {
      this.#leftOut++;
      this.#timer ??= setTimeout(() => this.flush(), STRETCH).unref();
      return;
    }
    this.#printed++;
    this.#lines.push(line());
    if (this.#isAsked) return;
    this.#isAsked = true;
    setImmediate(() => this.flush());
  }

  /** Sends what there is. */
  flush(): void {
    this.#isAsked = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const lines = this.#lines;
    const leftOut = this.#leftOut;
    if (lines.length === 0 && leftOut === 0) return;
    this.#lines = [];
    this.#leftOut = 0;
    this.#send({ lines, leftOut });
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
