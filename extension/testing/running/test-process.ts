import { spawn } from 'node:child_process';
import { INSPECTOR_ANNOUNCEMENT } from '../../../runtime/inspect/protocol.ts';
import { type ReportEvent, TestReportReader, V8_FLAGS } from '../../../runtime/internal.ts';
import { environmentForOthers } from '../../node/editor-variables.ts';

/** How to start the command: the fields of `LunaticCommand`, its arguments, and listeners. */
export interface TestProcessOptions {
  readonly node: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  readonly arguments: readonly string[];
  readonly cwd: string;
  /** Ends the command when it is aborted. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: ReportEvent) => void;
  /** Called with whole lines that the command prints and that are not part of the report. */
  readonly onNoise: (text: string) => void;
  /** Called with the address at which a debugger can attach, if the tests wait for one. */
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

/** Milliseconds between SIGTERM and SIGKILL. A runtime that can still answer has ended all processes by then. */
const GRACE = 25;
/** Characters of the longest line: the result of a test has all that it has printed. */
const MAX_LINE = 2 ** 28;

/**
 * Code that the command runs first. It ends the command when this process, which has the other end of descriptor 3, is gone for
 * whatever reason. Otherwise a test that hangs would run on forever.
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
 * Runs `lunatic test`, and calls the listeners as its report comes. Resolves when the command has ended and its report is read.
 * @throws TestProcessError if it cannot be started, TestReportError if its report cannot be read
 */
export function runTestProcess(options: TestProcessOptions): Promise<TestProcessEnd> {
  const { node, script, env, cwd, signal, onEvent, onNoise } = options;
  const guard = isWindows ? [] : ['--import', `data:text/javascript,${encodeURIComponent(GUARD)}`];
  return new Promise((done, fail) => {
    // Without these flags the command would start a second Node that has them, and that would not have the descriptor.
    const child = spawn(node, [...guard, ...V8_FLAGS, script, ...options.arguments], {
      cwd,
      env: { ...environmentForOthers(), ...env },
      stdio: ['ignore', 'pipe', 'pipe', isWindows ? 'ignore' : 'pipe'],
      windowsHide: true,
    });
    let timer: NodeJS.Timeout | undefined;
    const kill = () => {
      child.kill('SIGTERM');
      timer ??= setTimeout(() => child.kill('SIGKILL'), GRACE);
    };
    if (signal.aborted) kill();
    signal.addEventListener('abort', kill);

    const reader = new TestReportReader();
    let unreadable: unknown;
    const lines = new Lines((line) => {
      if (TestReportReader.isReport(line)) onEvent(reader.read(line));
      else onNoise(`${line}\n`);
    });
    const errors = new Lines((line) => {
      if (line.startsWith(INSPECTOR_ANNOUNCEMENT))
        options.onInspectable?.(line.slice(INSPECTOR_ANNOUNCEMENT.length).trim());
      else onNoise(`${line}\n`);
    });
    child.stdio[3]?.on('error', () => {});
    const read = (action: () => void) => {
      if (unreadable !== undefined) return;
      try {
        action();
      } catch (error) {
        unreadable = error;
        kill();
      }
    };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => read(() => lines.add(text)));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => read(() => errors.add(text)));
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
      read(() => lines.end());
      read(() => errors.end());
      if (unreadable === undefined) done({ exitCode, signal: by });
      else fail(unreadable);
    });
  });
}

/** Splits a text that comes in pieces into lines. */
class Lines {
  readonly #onLine: (line: string) => void;
  /** The pieces of an unfinished line, and their characters. */
  #pieces: string[] = [];
  #length = 0;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(text: string): void {
    const [first = '', ...others] = text.split('\n');
    this.#pieces.push(first);
    this.#length += first.length;
    if (this.#length > MAX_LINE) throw new TestProcessError('The runtime printed a line that is too long');
    for (const other of others) {
      this.#onLine(this.#pieces.join(''));
      this.#pieces = [other];
      this.#length = other.length;
    }
  }

  end(): void {
    const last = this.#pieces.join('');
    this.#pieces = [];
    if (last !== '') this.#onLine(last);
  }
}
