import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { launcher } from '../support/command.ts';
import type { Benchmark } from './benchmark.ts';

/** The environment variable that names the command of upstream's runtime. */
const VARIABLE = 'LUNATIC_UPSTREAM';

/** A guest in an OS process of its own, in the bundled command or in upstream's runtime, as a user runs it. */
export class GuestCommand {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #closed: Promise<unknown>;

  private constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    this.child = child;
    this.#closed = once(child, 'close');
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    child.stdin.on('error', () => {});
  }

  /**
   * Runs a module in the bundled command, or its tests.
   * @param options those of the command
   */
  static ours(
    module: string,
    args: readonly string[],
    command: 'run' | 'test' = 'run',
    options: readonly string[] = [],
  ): GuestCommand {
    return new GuestCommand(process.execPath, [launcher, command, ...options, module, ...args]);
  }

  /**
   * Runs a module in upstream's runtime, or its tests where it is in the folder into which cargo puts them.
   * @throws Error if it is not on this machine, see `upstreamIsMissing`
   */
  static upstream(module: string, args: readonly string[]): GuestCommand {
    const command = process.env[VARIABLE];
    if (!command) throw new Error(`${VARIABLE} names no command`);
    return new GuestCommand(command, ['run', module, ...args], { CARGO_MANIFEST_DIR: dirname(module) });
  }

  /**
   * The next line that the guest prints.
   * @throws Error if it ends before
   */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done) throw new Error(`the guest has ended: ${this.child.spawnargs.join(' ')}`);
    return value;
  }

  /** The next lines, each of which must be a number. */
  async numbers(count: number): Promise<number[]> {
    const numbers: number[] = [];
    while (numbers.length < count) {
      const line = await this.line();
      if (!/^\d+$/.test(line)) throw new Error(`the guest printed ${JSON.stringify(line)}, not a number`);
      numbers.push(Number(line));
    }
    return numbers;
  }

  /** Closes the guest's standard input and waits for its end. */
  async finish(): Promise<void> {
    this.child.stdin?.end();
    await this.#closed;
    if (this.child.exitCode !== 0) {
      const { exitCode, signalCode, spawnargs } = this.child;
      throw new Error(`the guest ended with ${signalCode ?? exitCode}: ${spawnargs.join(' ')}`);
    }
  }

  /** Ends the OS process at once. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#closed;
  }
}

/** Why rows with upstream's runtime are left out; null if it is there. */
export const upstreamIsMissing = process.env[VARIABLE] ? null : `${VARIABLE} names no command`;

/** A benchmark whose peer is upstream's runtime. It is left out where there is none. */
export function besideUpstream({ rows, measure, missing = null }: Benchmark): Benchmark {
  return {
    rows: rows.map((row) => ({ ...row, peer: 'upstream' })),
    measure,
    missing: upstreamIsMissing ?? missing,
  };
}
