import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { Stdio } from '../kernel/stdio.ts';
import { Timer } from '../kernel/timer.ts';
import { guard, HAS_GROUPS, killGroup } from './guard.ts';
import { feed, ProgramInput } from './input.ts';
import { CapturedOutput, type ProgramOutput, passOn, StreamedOutput, whenClosed } from './output.ts';

/** What a stream of a program is connected to. */
export const StreamMode = {
  /** Nothing: there is nothing to read, and what is printed is gone. */
  Null: 0,
  /** The same stream of the process that starts it. */
  Inherited: 1,
  /** The process, which reads and writes it while the program runs. */
  Streamed: 2,
  /** Kept for the process, which reads it when it likes. Not for input. */
  Captured: 3,
} as const;
export type StreamMode = (typeof StreamMode)[keyof typeof StreamMode];

/** What to start, and how. */
export interface ProgramPlan {
  /** Absolute path. */
  readonly path: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Standard input, output and error. */
  readonly streams: readonly [StreamMode, StreamMode, StreamMode];
  /** Bytes of each captured stream. */
  readonly captureLimit: number;
  /** Of the process that starts it. */
  readonly stdio: Stdio;
}

/** How a program ended. */
export interface ProgramStatus {
  /** Its exit code; 0 where a signal ended it. */
  readonly code: number;
  /** The number of the signal that ended it, or 0. */
  readonly signal: number;
}

/** Milliseconds that output of an ended program may take to arrive, where something that it left behind holds the pipe. */
const LAST_OUTPUT = 1000;

/** A program of the operating system that was started, with its three streams. */
export class Program {
  readonly pid: number;
  /** Null where it is not streamed. */
  readonly input: ProgramInput | null = null;
  /** Standard output and standard error; null where they are neither streamed nor captured. */
  readonly outputs: readonly [ProgramOutput | null, ProgramOutput | null];
  status: ProgramStatus | null = null;
  /** Why it was ended by the runtime. */
  failure: string | null = null;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  /** What has to happen before others learn of the end. */
  #pending = 1;
  #lastOutput: Timer | null = null;
  #stopFeeding = () => {};

  private constructor(child: ChildProcess, pid: number, plan: ProgramPlan) {
    this.#child = child;
    this.pid = pid;
    guard.add(pid, child);
    child.on('exit', (code, signal) => this.#exited(code, signal));
    child.on('error', () => {});
    const { stdin } = child;
    if (stdin !== null) {
      if (plan.streams[0] === StreamMode.Streamed) this.input = new ProgramInput(stdin);
      else this.#stopFeeding = feed(stdin, plan.stdio.input);
    }
    this.outputs = [
      this.#connect(child.stdout, plan.streams[1], plan, 'output'),
      this.#connect(child.stderr, plan.streams[2], plan, 'error'),
    ];
  }

  /**
   * Starts a program.
   * @returns it, or a promise for the text of what went wrong
   */
  static start(plan: ProgramPlan): Program | Promise<string> {
    const [stdin, stdout, stderr] = plan.streams.map((mode) =>
      mode === StreamMode.Null ? 'ignore' : 'pipe',
    );
    // Loaded with the first program: most guests run none.
    const { spawn } = process.getBuiltinModule('node:child_process');
    guard.prepare();
    const child = spawn(plan.path, plan.args, {
      cwd: plan.directory,
      env: plan.env,
      stdio: [stdin ?? 'ignore', stdout ?? 'ignore', stderr ?? 'ignore'],
      // The leader of a group of its own, which can be killed as a whole.
      detached: HAS_GROUPS,
      windowsHide: true,
    });
    if (child.pid !== undefined) return new Program(child, child.pid, plan);
    return new Promise((fail) => {
      child.on('error', (error) => fail(error.message));
    });
  }

  #connect(
    stream: Readable | null,
    mode: StreamMode,
    { captureLimit, stdio }: ProgramPlan,
    name: 'output' | 'error',
  ): ProgramOutput | null {
    if (stream === null) return null;
    if (mode === StreamMode.Streamed) return new StreamedOutput(stream);
    this.#pending++;
    whenClosed(stream, () => this.#settle());
    if (mode === StreamMode.Captured) {
      return new CapturedOutput(stream, captureLimit, () => {
        this.failure ??= `the program printed more than ${captureLimit} bytes to its standard ${name}, and was killed`;
        this.kill('SIGKILL');
      });
    }
    passOn(stream, stdio[name]);
    return null;
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.status = { code: code ?? 0, signal: signal === null ? 0 : constants.signals[signal] };
    // What it left behind ends with it; later the id may be another's.
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

  /** Whether it has ended, and all that it printed to inherited and captured streams has arrived. */
  get hasEnded(): boolean {
    return this.#pending === 0;
  }

  /** Calls `ready` when it has ended. Returns how to give up. */
  whenEnded(ready: () => void): () => void {
    this.#waiting.add(ready);
    return () => this.#waiting.delete(ready);
  }

  /** Sends a signal to it and all that it has started. Returns whether anybody got it. */
  kill(signal: NodeJS.Signals | number): boolean {
    return this.status === null && killGroup(this.pid, this.#child, signal);
  }

  /** Ends it, and forgets what it printed. */
  end(): void {
    this.kill('SIGKILL');
    const { stdin, stdout, stderr } = this.#child;
    for (const stream of [stdin, stdout, stderr] satisfies (Readable | Writable | null)[]) stream?.destroy();
  }
}
