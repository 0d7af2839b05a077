import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether there is a NATS server that tests can start. */
export const hasNats = spawnSync('nats-server', ['--version']).status === 0;

/** A port of loopback that is free at the moment. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? done(address.port) : fail()));
    });
  });
}

/** A NATS server with JetStream, which keeps what it has in a folder for temporary files. */
export class NatsServer {
  readonly port: number;
  readonly folder = mkdtempSync(join(tmpdir(), 'lunatic-nats-'));
  #child: ChildProcess | null = null;

  private constructor(port: number) {
    this.port = port;
  }

  /** @param config text of a configuration besides where it listens and keeps things */
  static async start(config = '', port?: number): Promise<NatsServer> {
    const server = new NatsServer(port ?? (await freePort()));
    writeFileSync(
      join(server.folder, 'config'),
      `host: 127.0.0.1\nport: ${server.port}\njetstream { store_dir: "${join(server.folder, 'store')}" }\n${config}\n`,
    );
    await server.#start();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async #start(): Promise<void> {
    const child = spawn('nats-server', ['-c', join(this.folder, 'config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    let text = '';
    await new Promise<void>((done, fail) => {
      child.stderr?.on('data', (chunk: Buffer) => {
        text += chunk;
        if (text.includes('Server is ready')) done();
      });
      child.on('error', fail);
      child.on('exit', () => fail(new Error(`nats-server has ended: ${text}`)));
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async #end(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
  }

  /** Ends it, and starts it again. @param keeps whether it has what it had */
  async restart({ keeps }: { readonly keeps: boolean }): Promise<void> {
    await this.#end();
    if (!keeps) rmSync(join(this.folder, 'store'), { recursive: true, force: true });
    await this.#start();
  }

  async stop(): Promise<void> {
    await this.#end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
