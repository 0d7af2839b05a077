import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { Account } from '../kernel/account.ts';
import type { Stdio } from '../kernel/stdio.ts';
import { Timer } from '../kernel/timer.ts';
import { guard, HAS_GROUPS, killGroup } from './guard.ts';
import { feed, OsProgramInput } from './input.ts';
import { CapturedOutput, type OsProgramOutput, passOn, StreamedOutput, whenClosed } from './output.ts';

/** What a stream of an OS program is connected to. */
export const StreamMode = {
  /** Nothing: reading finds the end, and output is lost. */
  Null: 0,
  /** The same stream of the process that starts the program. */
  Inherited: 1,
  /** The process, which reads and writes the stream while the program runs. */
  Streamed: 2,
  /** A buffer, which the process reads whenever it likes. Not for input. */
  Captured: 3,
} as const;
export type StreamMode = (typeof StreamMode)[keyof typeof StreamMode];

/** What to start, and how. */
export interface OsProgramPlan {
  /** Absolute path. */
  readonly path: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The working directory. */
  readonly directory: string;
  /** Standard input, output and error. */
  readonly streams: readonly [StreamMode, StreamMode, StreamMode];
  /** Bytes of each captured stream that are kept at most. */
  readonly captureLimit: number;
  /** The streams of the process that starts the program. */
  readonly stdio: Stdio;
  /** Pays for what is captured. */
  readonly account: Account;
}

/** How an OS program ended. */
export interface OsProgramStatus {
  /** The exit code; 0 if a signal ended it. */
  readonly code: number;
  /** The number of the OS signal that ended it, or 0. */
  readonly signal: number;
}

/** Milliseconds to wait for the output of a program that has ended, if another one that it started holds the pipe. */
const LAST_OUTPUT = 1000;

/** A program of the operating system that was started, with its three streams. */
export class OsProgram {
  /** The id that the operating system gave it. */
  readonly pid: number;
  /** Null if the standard input is not streamed. */
  readonly input: OsProgramInput | null = null;
  /** Standard output and standard error; null if they are neither streamed nor captured. */
  readonly outputs: readonly [OsProgramOutput | null, OsProgramOutput | null];
  /** Null while it runs. */
  status: OsProgramStatus | null = null;
  /** Why the runtime killed it; null if it did not. */
  failure: string | null = null;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  /** The number of events that must happen before others learn of the end: the exit, and the end of each stream. */
  #pending = 1;
  #lastOutput: Timer | null = null;
  #stopFeeding = () => {};

  private constructor(child: ChildProcess, pid: number, plan: OsProgramPlan) {
    this.#child = child;
    this.pid = pid;
    guard.add(pid, child);
    child.on('exit', (code, signal) => this.#exited(code, signal));
    child.on('error', () => {});
    const { stdin } = child;
    if (stdin !== null) {
      if (plan.streams[0] === StreamMode.Streamed) this.input = new OsProgramInput(stdin);
      else this.#stopFeeding = feed(stdin, plan.stdio.input);
    }
    this.outputs = [
      this.#connect(child.stdout, plan.streams[1], plan, 'output'),
      this.#connect(child.stderr, plan.streams[2], plan, 'error'),
    ];
  }

  /**
   * Starts a program.
   * @returns the program, or a promise for the error's text
   */
  static start(plan: OsProgramPlan): OsProgram | Promise<string> {
    const [stdin, stdout, stderr] = plan.streams.map((mode) =>
      mode === StreamMode.Null ? 'ignore' : 'pipe',
    );
    // Loaded with the first OS program: most guests run none.
    const { spawn } = process.getBuiltinModule('node:child_process');
    guard.prepare();
    const child = spawn(plan.path, plan.args, {
      cwd: plan.directory,
      env: plan.env,
      stdio: [stdin ?? 'ignore', stdout ?? 'ignore', stderr ?? 'ignore'],
      // Makes it the leader of a group of its own, which can be killed as a whole.
      detached: HAS_GROUPS,
      windowsHide: true,
    });
    if (child.pid !== undefined) return new OsProgram(child, child.pid, plan);
    return new Promise((fail) => {
      child.on('error', (error) => fail(error.message));
    });
  }

  #connect(
    stream: Readable | null,
    mode: StreamMode,
    { captureLimit, stdio, account }: OsProgramPlan,
    name: 'output' | 'error',
  ): OsProgramOutput | null {
    if (stream === null) return null;
    if (mode === StreamMode.Streamed) return new StreamedOutput(stream);
    this.#pending++;
    whenClosed(stream, () => this.#settle());
    if (mode === StreamMode.Captured) {
      return new CapturedOutput(stream, captureLimit, account, (refusal) => {
        this.failure ??=
          refusal === null
            ? `the OS program printed more than ${captureLimit} bytes to its standard ${name}, and was killed`
            : `the OS program was killed, since its standard ${name} is kept: ${refusal}`;
        this.kill('SIGKILL');
      });
    }
    passOn(stream, stdio[name]);
    return null;
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.status = { code: code ?? 0, signal: signal === null ? 0 : constants.signals[signal] };
    // Everything that it started ends now, as long as the group's id cannot be another's.
    if (HAS_GROUPS) killGroup(this.pid, this.#child, 'SIGKILL');
    guard.remove(this.pid);
    this.#stopFeeding();
    if (this.#pending > 1) {
      this.#lastOutput = new Timer(LAST_OUTPUT, () => {
        this.#child.stdout?.destroy();
        this.#child.stderr?.destroy();
      });
    }
    this.#settle();
  }

  #settle(): void {
    if (--this.#pending > 0) return;
    this.#lastOutput?.cancel();
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const ready of all) ready();
  }

  /** Whether it has ended, and everything that it printed to inherited and captured streams has arrived. */
  get hasEnded(): boolean {
    return this.#pending === 0;
  }

  /** Calls `ready` when it has ended. Returns a function that gives up. */
  whenEnded(ready: () => void): () => void {
    this.#waiting.add(ready);
    return () => this.#waiting.delete(ready);
  }

  /** Sends an OS signal to it and everything that it has started. Returns whether anybody got it. */
  kill(signal: NodeJS.Signals | number): boolean {
    return this.status === null && killGroup(this.pid, this.#child, signal);
  }

  /** Kills it and drops what it printed. */
  end(): void {
    this.kill('SIGKILL');
    const { stdin, stdout, stderr } = this.#child;
    for (const stream of [stdin, stdout, stderr] satisfies (Readable | Writable | null)[]) stream?.destroy();
    for (const output of this.outputs) output?.drop();
  }
}
