import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Runs the programs of `erlang/lunatic_peer.erl` where there is an Erlang. */
export class Erlang {
  readonly #folder = mkdtempSync(join(tmpdir(), 'lunatic-bench-'));
  readonly #available: boolean;

  constructor() {
    const source = 'lunatic_peer.erl';
    copyFileSync(join(import.meta.dirname, 'erlang', source), join(this.#folder, source));
    this.#available = this.#run('erlc', [source]) !== null;
  }

  /** Microseconds an operation takes on one scheduler; null where there is no Erlang. */
  measure(name: string, count: number): number | null {
    if (!this.#available) return null;
    const main = `lunatic_peer:main(["${name}", "${count}"]).`;
    const output = this.#run('erl', ['+S', '1', '-noshell', '-eval', main]);
    if (output === null) throw new Error(`Erlang's ${name} failed`);
    return Number.parseFloat(output) / 1000;
  }

  /**
   * The same of an operation between two nodes, which find each other by a name server of their own.
   * @returns null where there is no Erlang
   */
  async measureNodes(name: string, count: number): Promise<number | null> {
    if (!this.#available) return null;
    const port = await freePort();
    const nameServer = spawn('epmd', ['-port', String(port), '-address', '127.0.0.1'], { stdio: 'ignore' });
    const ended = new Promise((done) => nameServer.once('close', done).once('error', done));
    try {
      while (nameServer.exitCode === null && !(await isListening(port))) await sleep(10);
      const main = `lunatic_peer:main(["${name}", "${count}"]).`;
      const node = ['-start_epmd', 'false', '-name', 'bench@127.0.0.1', '-setcookie', randomUUID()];
      const args = ['+S', '1', ...node, '-noshell', '-eval', main];
      const output = this.#run('erl', args, { ERL_EPMD_PORT: String(port) });
      if (output === null) throw new Error(`Erlang's ${name} failed`);
      return Number.parseFloat(output) / 1000;
    } finally {
      nameServer.kill();
      await ended;
    }
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string | null {
    try {
      const options = { cwd: this.#folder, env: { ...process.env, ...env } };
      return execFileSync(command, args, { ...options, encoding: 'utf8' });
    } catch {
      return null;
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => found(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

function isListening(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      answer(true);
    });
    socket.once('error', () => answer(false));
  });
}
