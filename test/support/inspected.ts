import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { InspectClient } from '../../runtime/inspect/client.ts';
import {
  INSPECTOR_ANNOUNCEMENT,
  type Notifications,
  type ProcessInfo,
  type ProcessKey,
  type Requests,
} from '../../runtime/inspect/protocol.ts';
import { type CommandOptions, RunningCommand } from './command.ts';

let folder = '';
let files = 0;
const running: Inspected[] = [];

/**
 * Puts programs into a folder for the time of the tests of a file, and ends those that still run after each test.
 * @param shared whether the tests use the same programs, which end after the last test
 */
export function inspectPrograms({ shared = false } = {}): void {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lunatic-inspect-'));
  });
  const after = shared ? afterAll : afterEach;
  after(async () => {
    for (const inspected of running.splice(0)) await inspected.end();
  });
  afterAll(() => rmSync(folder, { recursive: true }));
}

/** Puts a module's text, or its binary, into a file. */
export function programFile(source: string | Uint8Array): string {
  const path = join(folder, `program${++files}.${typeof source === 'string' ? 'wat' : 'wasm'}`);
  writeFileSync(path, source);
  return path;
}

/** The notifications that a client got. */
export class Received<Name extends keyof Notifications> {
  readonly all: Notifications[Name][] = [];
  readonly #waiting = new Set<() => void>();

  constructor(client: InspectClient, name: Name) {
    client.on(name, (params) => {
      this.all.push(params);
      for (const look of this.#waiting) look();
    });
  }

  /** Waits for the first that fits, also among those that came before. The test's time limit ends it otherwise. */
  find(fits: (params: Notifications[Name]) => boolean): Promise<Notifications[Name]> {
    return new Promise((done) => {
      const look = () => {
        const found = this.all.find(fits);
        if (found === undefined) return;
        this.#waiting.delete(look);
        done(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** The same with keys as texts: tests know them. */
type Texts<T> = T extends ProcessKey ? string : T extends object ? { [Key in keyof T]: Texts<T[Key]> } : T;

/** A connected client, with what tests ask it for. */
export class Inspecting {
  readonly client: InspectClient;

  constructor(client: InspectClient) {
    this.client = client;
  }

  readonly ask = <Name extends keyof Requests>(
    name: Name,
    params: Texts<Requests[Name]['params']>,
  ): Promise<Requests[Name]['result']> => this.client.request(name, params as Requests[Name]['params']);

  readonly received = <Name extends keyof Notifications>(name: Name): Received<Name> =>
    new Received(this.client, name);

  /** Asks again and again until a process looks so. */
  readonly until = async (process: string, fits: (info: ProcessInfo) => boolean): Promise<ProcessInfo> => {
    for (;;) {
      const info = await this.ask('process/get', { process });
      if (fits(info)) return info;
    }
  };

  /** Asks until there are so many processes. */
  readonly untilTotal = async (total: number): Promise<void> => {
    while ((await this.ask('process/list', { limit: 0 })).total !== total);
  };

  /** What is on the stack, innermost call first. */
  readonly stack = async (process: string): Promise<readonly (string | undefined)[]> =>
    (await this.ask('process/stack', { process })).frames.map(({ functionName }) => functionName);
}

/** `lunatic run --inspect` of a program, or `lunatic test --inspect`. */
export class Inspected {
  readonly command: RunningCommand;
  readonly url: string;
  readonly #clients: InspectClient[] = [];

  private constructor(command: RunningCommand, url: string) {
    this.command = command;
    this.url = url;
  }

  /** @param args options before the file, `--inspect` unless told otherwise */
  static run(
    source: string | Uint8Array,
    args: readonly string[] = ['--inspect'],
    options: CommandOptions & { readonly arguments?: readonly string[] } = {},
  ): Promise<Inspected> {
    return Inspected.start(['run', ...args, programFile(source), ...(options.arguments ?? [])], options);
  }

  /** @param args the whole command line */
  static async start(args: readonly string[], options: CommandOptions = {}): Promise<Inspected> {
    const command = new RunningCommand(args, { input: null, ...options });
    await command.printed(INSPECTOR_ANNOUNCEMENT, 'stderr');
    await command.printed('\n', 'stderr');
    const [, url = ''] = command.stderr.split(INSPECTOR_ANNOUNCEMENT);
    const inspected = new Inspected(command, url.trim());
    running.push(inspected);
    return inspected;
  }

  async connect(): Promise<Inspecting> {
    const client = await InspectClient.connect(this.url, { client: 'a test' });
    this.#clients.push(client);
    return new Inspecting(client);
  }

  async end(): Promise<void> {
    for (const client of this.#clients) await client.close();
    this.command.child.kill('SIGKILL');
    await this.command.ended;
  }
}

/** Bytes of a message whose value is an i64. */
export function i64(value: bigint | number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes.toString('base64');
}
