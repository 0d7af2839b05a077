import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { INSPECTOR_ANNOUNCEMENT } from '../runtime/inspect/protocol.ts';
import { V8_FLAGS } from '../runtime/internal.ts';
import { AdapterError, ErrorId } from './errors.ts';

/** Milliseconds in which a program must end by itself when it is told to. */
const GRACE = 2000;
/** Milliseconds for which the streams of an ended runtime may stay open, because another OS process has inherited them. */
const STREAM_GRACE = 500;
/** Characters that are held back of what a runtime prints on standard error before it can be inspected. */
const MAX_STARTUP_TEXT = 8192;

export interface RuntimeCommand {
  /** The Node executable. */
  readonly runtime: string;
  readonly arguments: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Descriptor of the file that is its standard input; by default, the input comes from `write`. */
  readonly stdin?: number | undefined;
}

export interface RuntimeEnd {
  /** The exit code as in a shell: 128 plus the number of the signal, if a signal has ended it. */
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Kills the runtime and everything that it has started as soon as the adapter is gone, for whatever reason: the adapter has
 * the other end of descriptor 3. Node loads this before the runtime.
 *
 * In an OS process that is started later, descriptor 3 may be something else, such as the channel to its parent, which must
 * be left alone. And the runtime must not use `execve`, which would close the descriptor; without it, it starts a second Node.
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

/** A runtime that the adapter has started. It leads a process group of its own. */
export class RuntimeProcess {
  /** Resolves with the inspector's URL. Rejects with an AdapterError if the runtime ends before there is one. */
  readonly announced: Promise<string>;
  /** Resolves when the runtime has ended and all its output has been passed on. */
  readonly ended: Promise<RuntimeEnd>;
  readonly #child: ChildProcess;
  readonly #print: (stream: 'stdout' | 'stderr', bytes: Buffer) => void;
  #startupText = '';
  #holdsStartupText = true;
  #hasEnded = false;
  #isToldToEnd = false;

  /** @param print gets what the runtime prints, except for the inspector's announcement */
  constructor(command: RuntimeCommand, print: (stream: 'stdout' | 'stderr', bytes: Buffer) => void) {
    this.#print = print;
    const guard = isWindows ? [] : ['--import', `data:text/javascript,${encodeURIComponent(GUARD)}`];
    // Without these flags the runtime would start a second Node that has them.
    this.#child = spawn(command.runtime, [...guard, ...V8_FLAGS, ...command.arguments], {
      cwd: command.cwd,
      env: command.env,
      stdio: [command.stdin ?? 'pipe', 'pipe', 'pipe', isWindows ? 'ignore' : 'pipe'],
      detached: !isWindows,
      windowsHide: true,
    });
    const { stdin, stdout, stderr } = this.#child;
    // It breaks if the program ends without reading it.
    stdin?.on('error', () => {});
    stdout?.on('data', (bytes: Buffer) => print('stdout', bytes));
    // Both ends of the guard's socket are closed by the other's death, and it is never written to.
    this.#child.stdio[3]?.on('error', () => {});

    this.ended = this.#waitForEnd(command);
    this.announced = Promise.race([this.#announcement(stderr), this.#startFailure()]);
    // Nobody waits for it if the runtime is ended before.
    this.announced.catch(() => {});
    this.ended.catch(() => {});
  }

  /** Whether the adapter has told it to end. */
  get isToldToEnd(): boolean {
    return this.#isToldToEnd;
  }

  /** Whether the program can be given input. */
  get takesInput(): boolean {
    return this.#child.stdin?.writable ?? false;
  }

  /** Writes to the standard input of the program; null ends it. */
  write(text: string | null): void {
    if (text === null) this.#child.stdin?.end();
    else this.#child.stdin?.write(text);
  }

  /** Stops reading the output, to bound what waits to be sent. */
  pauseOutput(): void {
    this.#child.stdout?.pause();
    this.#child.stderr?.pause();
  }

  resumeOutput(): void {
    this.#child.stdout?.resume();
    this.#child.stderr?.resume();
  }

  /** Ends the runtime and everything that it has started: politely first, then by force. Resolves when it has ended. */
  async end(): Promise<void> {
    this.terminate();
    await this.ended.catch(() => {});
  }

  /** Tells the runtime to end, and ends it by force if it has not ended after a while. */
  terminate(): void {
    if (this.#hasEnded || this.#isToldToEnd || this.#child.pid === undefined) return;
    this.#isToldToEnd = true;
    // It must be able to write the rest of its output.
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
        // Ends what it has started and left behind.
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

  /** Finds the URL in the output, and passes on the rest. */
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
            this.#printStartupText();
            stderr?.on('data', (more: Buffer) => this.#print('stderr', more));
            if (end + 1 < line.length) this.#print('stderr', line.subarray(end + 1));
            return done(text.slice(INSPECTOR_ANNOUNCEMENT.length).trim());
          }
          this.#hold(line.subarray(0, end + 1));
          line = line.subarray(end + 1);
        }
      };
      const flush = () => this.#hold(line);
      stderr?.on('data', look);
      stderr?.on('end', flush);
    });
  }

  /** Holds back the first output: if it tells why the runtime does not start, that is the error, and is told once. */
  #hold(bytes: Buffer): void {
    if (!this.#holdsStartupText) {
      this.#print('stderr', bytes);
      return;
    }
    this.#startupText += bytes.toString();
    if (this.#startupText.length >= MAX_STARTUP_TEXT) this.#printStartupText();
  }

  #printStartupText(): void {
    if (this.#holdsStartupText) this.#print('stderr', Buffer.from(this.#startupText));
    this.#holdsStartupText = false;
  }

  async #startFailure(): Promise<never> {
    const { exitCode, signal } = await this.ended;
    // The error is then that it was ended.
    if (this.#isToldToEnd) this.#printStartupText();
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
      // The process group is empty.
    }
  }
}
