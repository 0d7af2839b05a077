import { setTimeout as sleep } from 'node:timers/promises';
import { leaveThreads } from './leave-threads.ts';
import { StandardOutput } from './standard-output.ts';
import { Watchdog } from './watchdog.ts';

/** What a guest needs to keep the main thread busy for long. */
export interface BlockingFlags {
  readonly allowLongSql?: boolean;
  readonly plugin?: readonly string[];
}

/** Whether a program that is run so may keep the main thread busy for long. */
export function mayBlock({ allowLongSql = false, plugin = [] }: BlockingFlags): boolean {
  return allowLongSql || plugin.length > 0;
}

/** The exit codes of commands, in addition to those of guests. */
export const ExitCode = {
  Failed: 1,
  WrongUsage: 2,
  Interrupted: 130,
  BrokenPipe: 141,
  Terminated: 143,
} as const;

/** Milliseconds within which the output must be written when the command is interrupted. */
const FLUSH_TIME = 500;
/** Milliseconds in which something of a report must be written. */
const REPORT_TIME = 2000;

/** The streams of a command that runs guests. The command ends when nobody reads them any more. */
export function openStreams(): StandardOutput {
  const streams = new StandardOutput((error) => {
    const { code, text } = outputFailure(error);
    if (text !== '') {
      const mayBlock = streams.isBusy;
      // If it is this stream that cannot be written, nobody can be told.
      streams.error.write(Buffer.from(text))?.catch(() => {});
      // The command may end as soon as this returns.
      if (!mayBlock) streams.writeAtOnce();
    }
    endOnceWritten(streams, 'SIGKILL', code);
  });
  return streams;
}

/** What a command ends with whose output cannot be written, and what it says: nothing if those who read it have gone. */
export function outputFailure({ code, message }: NodeJS.ErrnoException): { code: number; text: string } {
  // A socket reports the second one if unread data was left in it.
  if (code === 'EPIPE' || code === 'ECONNRESET') return { code: ExitCode.BrokenPipe, text: '' };
  return { code: ExitCode.Failed, text: `lunatic: the output cannot be written: ${message}\n` };
}

/**
 * Ends the command when its output has been written, or cannot be soon.
 * @param signal ends it if nobody reads: to exit, Node would wait for the thread that writes
 * @param before called right before this
 */
function endOnceWritten(
  streams: StandardOutput,
  signal: NodeJS.Signals,
  code: number,
  before = () => {},
): void {
  const exit = () => {
    leaveThreads(true);
    process.exit(code);
  };
  if (!streams.isBusy) exit();
  setTimeout(() => {
    if (!streams.isWriting) exit();
    before();
    process.kill(process.pid, signal);
  }, FLUSH_TIME);
  streams.flush().then(exit);
}

/** Waits for a report as long as somebody reads it. */
async function untilReported(report: Promise<void>, streams: StandardOutput): Promise<void> {
  const done = report.then(() => true);
  for (let before = -1; before < streams.written; ) {
    before = streams.written;
    if (await Promise.race([done, sleep(REPORT_TIME)])) return;
  }
}

/**
 * Ends the command when it is interrupted or terminated, after its output has been written.
 *
 * While a module is loaded nothing else runs, and the signals would have to wait. So they are left alone then, and end the
 * command at once.
 */
export class EndingSignals {
  readonly #handlers: readonly [NodeJS.Signals, () => void][];
  readonly #watchdog = new Watchdog();
  readonly #mayBlock: boolean;
  #isReporting = false;
  #areWanted = false;
  /** Whether they are handled. Otherwise they end the command by themselves. */
  areTaken = false;

  /**
   * @param halt called at once. It keeps guests from printing more. The command ends when what it returns has resolved, and at
   *   once if there is another signal
   * @param mayBlock whether a guest may keep the main thread busy for long: then the watchdog watches from the beginning, and the
   *   signals are not taken before it does
   */
  constructor(streams: StandardOutput, halt: () => Promise<void> | undefined | void, mayBlock: boolean) {
    this.#mayBlock = mayBlock;
    if (mayBlock) this.#watchdog.start();
    const stop = async (signal: NodeJS.Signals, code: number) => {
      if (!this.#isReporting) {
        const report = halt();
        this.#isReporting = report !== undefined;
        if (report !== undefined) await untilReported(report, streams);
      }
      endOnceWritten(streams, signal, code, () => this.leave());
    };
    this.#handlers = [
      ['SIGINT', () => stop('SIGINT', ExitCode.Interrupted)],
      ['SIGTERM', () => stop('SIGTERM', ExitCode.Terminated)],
    ];
  }

  take(): void {
    this.#areWanted = true;
    if (!this.#mayBlock) this.#takeNow();
    else this.#watchdog.start().then(() => this.#takeNow());
  }

  #takeNow(): void {
    if (!this.#areWanted || this.areTaken) return;
    for (const [signal, handler] of this.#handlers) process.on(signal, handler);
    this.#watchdog.isTaken = true;
    this.areTaken = true;
  }

  /** Takes them when a program that is about to begin has had its first turn. Nothing that it prints is written sooner. */
  takeAfterFirstTurn(): void {
    setImmediate(() => setImmediate(() => this.take()));
  }

  leave(): void {
    this.#areWanted = false;
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
    this.#watchdog.isTaken = false;
    this.areTaken = false;
  }
}
