import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { INSPECTOR_ANNOUNCEMENT } from '../runtime/inspect/protocol.ts';
import { V8_FLAGS } from '../runtime/internal.ts';
import { AdapterError, ErrorId } from './errors.ts';

/** Milliseconds that a program has to end by itself when it is told to. */
const GRACE = 2000;
/** Milliseconds that the streams of a process that has ended may stay open, by somebody who inherited them. */
const STREAM_GRACE = 500;
/** Characters that are kept of what a runtime prints before it can be inspected. */
const MAX_STARTUP_TEXT = 8192;

export interface RuntimeCommand {
  /** The Node executable. */
  readonly runtime: string;
  readonly arguments: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** File that is its standard input. Otherwise that is what `write` is given. */
  readonly stdin?: number | undefined;
}

export interface RuntimeEnd {
  /** As a shell would have it: 128 and the number of the signal, where there was one. */
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Kills the runtime, and whoever it started, when the adapter is gone in whichever way: the other end of descriptor 3 is
 * the adapter's. Node loads this before the runtime.
 *
 * It must not take the channel to a parent, or another file that has the number in a process started later, for it. And
 * the runtime must not become another program by `execve`, which would close the descriptor: it starts a second one then.
 */
const GUARD = `
  import { fstatSync } from 'node:fs';
  import { Socket } from 'node:net';
  import { isMainThread } from 'node:worker_threads';
  try {
    if (isMainThread && !process.channel && fstatSync(3).isSocket()) {
      process.execve = undefined;
      const adapter = new Socket({ fd: 3, readable: true, writable: false });
      adapter.on('error', () => {}).on('close', () => process.kill(-process.pid, 'SIGKILL')).resume().unref();
    }
  } catch {}`;

/** On Windows, Node itself sees to it that children do not outlive it. */
const isWindows = process.platform === 'win32';

/** A runtime that was started here. It leads a process group of its own. */
export class RuntimeProcess {
  /** Resolves with the inspector's URL. Rejects with an AdapterError where the runtime ends before there is one. */
  readonly announced: Promise<string>;
  /** Resolves when it has ended and all it printed was handed on. */
  readonly ended: Promise<RuntimeEnd>;
  readonly #child: ChildProcess;
  readonly #print: (stream: 'stdout' | 'stderr', bytes: Buffer) => void;
  #startupText = '';
  #hasEnded = false;
  #isToldToEnd = false;

  /** @param print gets what the runtime prints, except for the inspector's announcement */
  constructor(command: RuntimeCommand, print: (stream: 'stdout' | 'stderr', bytes: Buffer) => void) {
    this.#print = print;
    const guard = isWindows ? [] : ['--import', `data:text/javascript,${encodeURIComponent(GUARD)}`];
    // With these flags there is no need for a second Node that has them.
    this.#child = spawn(command.runtime, [...guard, ...V8_FLAGS, ...command.arguments], {
      cwd: command.cwd,
      env: command.env,
      stdio: [command.stdin ?? 'pipe', 'pipe', 'pipe', isWindows ? 'ignore' : 'pipe'],
      detached: !isWindows,
      windowsHide: true,
    });
    const { stdin, stdout, stderr } = this.#child;
    // Broken where the program ends without reading it.
    stdin?.on('error', () => {});
    stdout?.on('data', (bytes: Buffer) => print('stdout', bytes));
    // Both ends of the guard's socket are closed by the other's death, and it is never written to.
    this.#child.stdio[3]?.on('error', () => {});

    this.ended = this.#waitForEnd(command);
    this.announced = Promise.race([this.#announcement(stderr), this.#startFailure()]);
    // Whoever ended it before it could announce anything does not ask any more.
    this.announced.catch(() => {});
    this.ended.catch(() => {});
  }

  /** Whether its end is what was wanted. */
  get isToldToEnd(): boolean {
    return this.#isToldToEnd;
  }

  /** Whether the program can be given input. */
  get takesInput(): boolean {
    return this.#child.stdin?.writable ?? false;
  }

  /** Gives the program this on its standard input; null ends that. */
  write(text: string | null): void {
    if (text === null) this.#child.stdin?.end();
    else this.#child.stdin?.write(text);
  }

  /** Bounds what waits to be sent: the streams are not read meanwhile. */
  pauseOutput(): void {
    this.#child.stdout?.pause();
    this.#child.stderr?.pause();
  }

  resumeOutput(): void {
    this.#child.stdout?.resume();
    this.#child.stderr?.resume();
  }

  /** Ends it and whoever it started: politely, and after a time for certain. Resolves when it has ended. */
  async end(): Promise<void> {
    this.terminate();
    await this.ended.catch(() => {});
  }

  /** Tells it to end. It will have ended after a while, whatever it does. */
  terminate(): void {
    if (this.#hasEnded || this.#isToldToEnd || this.#child.pid === undefined) return;
    this.#isToldToEnd = true;
    // Nobody reads what is left, and it must be able to write it.
    this.resumeOutput();
    this.#signal('SIGTERM');
    const timer = setTimeout(() => this.#signal('SIGKILL'), GRACE);
    this.#child.once('exit', () => clearTimeout(timer));
  }

  #waitForEnd({ runtime }: RuntimeCommand): Promise<RuntimeEnd> {
    return new Promise((done, fail) => {
      this.#child.on('error', (error: NodeJS.ErrnoException) => {
        if (this.#child.pid !== undefined) return;
        this.#hasEnded = true;
        const why = error.code === 'ENOENT' ? 'it is not found' : error.message;
        fail(
          new AdapterError(ErrorId.RuntimeNotFound, `The Node '${runtime}' cannot be started: ${why}`, {
            cause: error,
          }),
        );
      });
      this.#child.on('exit', (code, signal) => {
        this.#hasEnded = true;
        // Whoever it started and left behind.
        if (!isWindows) this.#signal('SIGKILL');
        const end = { exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), signal };
        const timer = setTimeout(() => done(end), STREAM_GRACE);
        this.#child.on('close', () => {
          clearTimeout(timer);
          done(end);
        });
      });
    });
  }

  /** The URL. What is printed before it and what follows in the same piece is handed on. */
  #announcement(stderr: Readable | null): Promise<string> {
    return new Promise((done) => {
      let line = Buffer.alloc(0);
      const look = (bytes: Buffer) => {
        line = Buffer.concat([line, bytes]);
        for (let end = line.indexOf('\n'); end !== -1; end = line.indexOf('\n')) {
          const text = line.toString('utf8', 0, end).trimEnd();
          if (text.startsWith(INSPECTOR_ANNOUNCEMENT)) {
            stderr?.off('data', look);
            stderr?.off('end', flush);
            stderr?.on('data', (more: Buffer) => this.#print('stderr', more));
            if (end + 1 < line.length) this.#print('stderr', line.subarray(end + 1));
            return done(text.slice(INSPECTOR_ANNOUNCEMENT.length).trim());
          }
          this.#keep(line.subarray(0, end + 1));
          line = line.subarray(end + 1);
        }
      };
      const flush = () => this.#keep(line);
      stderr?.on('data', look);
      stderr?.on('end', flush);
    });
  }

  /** What is printed before a runtime can be inspected may tell why it never could. */
  #keep(bytes: Buffer): void {
    this.#print('stderr', bytes);
    if (this.#startupText.length < MAX_STARTUP_TEXT) this.#startupText += bytes.toString();
  }

  async #startFailure(): Promise<never> {
    const { exitCode, signal } = await this.ended;
    const text = this.#startupText.slice(0, MAX_STARTUP_TEXT).trim();
    if (text.includes('JavaScript Promise Integration')) {
      throw new AdapterError(ErrorId.RuntimeWithoutJspi, text);
    }
    if (text.includes('bad option: --import')) {
      const message = `The Node '${this.#child.spawnfile}' is too old: 24.21, or 26 and newer, can run programs`;
      throw new AdapterError(ErrorId.RuntimeWithoutJspi, message);
    }
    const how = signal === null ? `with exit code ${exitCode}` : `by ${signal}`;
    throw new AdapterError(
      ErrorId.ProgramNotStarted,
      text === '' ? `The runtime ended ${how} before the program began` : text.replace(/^Error: /, ''),
    );
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    if (isWindows) {
      spawn('taskkill', ['/pid', `${pid}`, '/t', '/f'], { stdio: 'ignore', windowsHide: true }).on(
        'error',
        () => {
          this.#child.kill();
        },
      );
      return;
    }
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody of the group is left.
    }
  }
}
