import { spawn } from 'node:child_process';
import { INSPECTOR_ANNOUNCEMENT } from '../../runtime/inspect/protocol.ts';
import { type ReportEvent, TestReportReader, V8_FLAGS } from '../../runtime/internal.ts';

/** How to start the command: what `LunaticCommand` tells, and its arguments. */
export interface TestProcessOptions {
  readonly node: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  readonly arguments: readonly string[];
  readonly cwd: string;
  /** Kills it. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: ReportEvent) => void;
  /** Gets what it prints beside events: whole lines. */
  readonly onNoise: (text: string) => void;
  /** Gets the address at which a debugger can attach to the tests, where they wait for one. */
  readonly onInspectable?: (url: string) => void;
}

export interface TestProcessEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The command could not be started. */
export class TestProcessError extends Error {
  override readonly name = 'TestProcessError';
  readonly code = 'LUNATIC_TEST_PROCESS';
}

/** Milliseconds between the polite word and the other one. */
const GRACE = 2000;

/**
 * Ends the command when this process is gone in whichever way: the other end of descriptor 3 is this process'. A test
 * that hangs would run on for ever.
 */
const GUARD = `
  import { fstatSync } from 'node:fs';
  import { Socket } from 'node:net';
  import { isMainThread } from 'node:worker_threads';
  try {
    if (isMainThread && !process.channel && fstatSync(3).isSocket()) {
      new Socket({ fd: 3, readable: true, writable: false })
        .on('error', () => {}).on('close', () => process.kill(process.pid, 'SIGKILL')).resume().unref();
    }
  } catch {}`;

const isWindows = process.platform === 'win32';

/**
 * Runs `lunatic test` and tells of its events as they come. Resolves when it has ended and all is told.
 * @throws TestProcessError where it cannot be started, TestReportError where its report cannot be read
 */
export function runTestProcess(options: TestProcessOptions): Promise<TestProcessEnd> {
  const { node, script, env, cwd, signal, onEvent, onNoise } = options;
  const guard = isWindows ? [] : ['--import', `data:text/javascript,${encodeURIComponent(GUARD)}`];
  return new Promise((done, fail) => {
    // With these flags there is no need for a second Node that has them, and that would not have the descriptor.
    const child = spawn(node, [...guard, ...V8_FLAGS, script, ...options.arguments], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', isWindows ? 'ignore' : 'pipe'],
      windowsHide: true,
    });
    let timer: NodeJS.Timeout | undefined;
    const kill = () => {
      child.kill('SIGTERM');
      timer = setTimeout(() => child.kill('SIGKILL'), GRACE);
    };
    if (signal.aborted) kill();
    signal.addEventListener('abort', kill);

    const reader = new TestReportReader();
    let unreadable: unknown;
    const lines = new Lines((line) => {
      if (unreadable !== undefined) return;
      try {
        if (TestReportReader.isReport(line)) onEvent(reader.read(line));
        else onNoise(`${line}\n`);
      } catch (error) {
        unreadable = error;
        kill();
      }
    });
    const errors = new Lines((line) => {
      if (line.startsWith(INSPECTOR_ANNOUNCEMENT))
        options.onInspectable?.(line.slice(INSPECTOR_ANNOUNCEMENT.length).trim());
      else onNoise(`${line}\n`);
    });
    child.stdio[3]?.on('error', () => {});
    child.stdout?.setEncoding('utf8').on('data', (text: string) => lines.add(text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => errors.add(text));
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
    };
    child.on('error', (cause) => {
      if (child.pid !== undefined) return;
      settle();
      fail(new TestProcessError(`${node} cannot be started: ${cause.message}`, { cause }));
    });
    child.on('close', (exitCode, by) => {
      settle();
      lines.end();
      errors.end();
      if (unreadable === undefined) done({ exitCode, signal: by });
      else fail(unreadable);
    });
  });
}

/** Cuts a text that comes in pieces into lines. */
class Lines {
  readonly #onLine: (line: string) => void;
  /** The beginning of a line, as it came. */
  #pieces: string[] = [];

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(text: string): void {
    const [first = '', ...others] = text.split('\n');
    this.#pieces.push(first);
    for (const other of others) {
      this.#onLine(this.#pieces.join(''));
      this.#pieces = [other];
    }
  }

  end(): void {
    const last = this.#pieces.join('');
    this.#pieces = [];
    if (last !== '') this.#onLine(last);
  }
}
