import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { onTestFinished } from 'vitest';
import type { CustomEvents, CustomRequests, LaunchArguments } from '../../debug-adapter/index.ts';
import { commandEnvironment, launcher } from '../support/command.ts';

/** Milliseconds for anything that a test waits for. */
const DEADLINE = 20_000;

/** Where something is in a source. Lines and columns count from 1. */
type FramePlace = Pick<DebugProtocol.StackFrame, 'source' | 'line' | 'column'>;

type Change = CustomEvents['lunatic/processesChanged'];
type EventOf<Name extends string> = Name extends 'stopped'
  ? DebugProtocol.StoppedEvent
  : Name extends 'output'
    ? DebugProtocol.OutputEvent
    : Name extends 'thread'
      ? DebugProtocol.ThreadEvent
      : Name extends 'exited'
        ? DebugProtocol.ExitedEvent
        : Name extends 'continued'
          ? DebugProtocol.ContinuedEvent
          : DebugProtocol.Event;

/**
 * A client of the adapter that keeps every event, so that a test can wait for one that has come already. What it starts
 * ends with the test.
 */
export class AdapterClient extends DebugClient {
  readonly events: DebugProtocol.Event[] = [];
  readonly errors: DebugProtocol.Message[] = [];
  adapter: ChildProcess | undefined;
  #watchers = new Set<() => void>();
  #socket: Socket | undefined;
  #token: string | undefined;

  constructor() {
    super('', '', 'lunatic');
  }

  /**
   * `lunatic dap` on standard input and output.
   * @param clientID what the client says that it is
   * @param options of the command
   * @param abilities what else the client can do
   */
  static async stdio(
    clientID = 'a test',
    options: readonly string[] = [],
    abilities: Partial<DebugProtocol.InitializeRequestArguments> = {},
  ): Promise<AdapterClient> {
    const client = new AdapterClient();
    const adapter = spawn(process.execPath, [launcher, 'dap', ...options], {
      env: { ...commandEnvironment(), GREETING: 'from the adapter' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    client.adapter = adapter;
    adapter.stdin.on('error', () => {});
    client.#connect(adapter.stdout, adapter.stdin);
    onTestFinished(async () => {
      if (adapter.exitCode !== null || adapter.signalCode !== null) return;
      adapter.stdin.end();
      await within(new Promise((done) => adapter.once('exit', done)), 'the adapter to end');
    });
    await client.initializeRequest({ adapterID: 'lunatic', clientID, ...abilities });
    return client;
  }

  /** An adapter that listens on a port. The token is shown with each launch. */
  static async port(port: number, token?: string): Promise<AdapterClient> {
    const client = new AdapterClient();
    client.#token = token;
    const socket = createConnection(port, '127.0.0.1');
    await new Promise((done, fail) => socket.once('connect', done).once('error', fail));
    client.#socket = socket;
    client.#connect(socket, socket);
    onTestFinished(() => {
      socket.destroy();
    });
    await client.initializeRequest();
    return client;
  }

  /** Cuts the connection, without a word. */
  hangUp(): void {
    this.#socket?.destroy();
    this.adapter?.stdin?.end();
  }

  #connect(readable: Readable, writable: Writable): void {
    let text = Buffer.alloc(0);
    // Errors have a number, of which the library keeps nothing.
    readable.on('data', (bytes: Buffer) => {
      text = Buffer.concat([text, bytes]);
      for (;;) {
        const head = text.indexOf('\r\n\r\n');
        const length = Number(
          /Content-Length: (\d+)/.exec(text.toString('latin1', 0, Math.max(head, 0)))?.[1],
        );
        if (head === -1 || text.length < head + 4 + length) return;
        const message = JSON.parse(text.toString('utf8', head + 4, head + 4 + length));
        text = text.subarray(head + 4 + length);
        if (message.type === 'event') this.events.push(message);
        if (message.success === false) this.errors.push(message.body.error);
        for (const look of this.#watchers) look();
      }
    });
    this.connect(readable, writable);
  }

  /** Waits until something is found in what has come so far. */
  async until<Found>(find: () => Found | undefined | false, what: string): Promise<Found> {
    const found = new Promise<Found>((done) => {
      const look = () => {
        const value = find();
        if (value === undefined || value === false) return;
        this.#watchers.delete(look);
        done(value);
      };
      this.#watchers.add(look);
      look();
    });
    return await within(found, what, () => this.describe());
  }

  /** The first event of a name for which a condition holds, whether it has come or will come. */
  event<Name extends string>(
    name: Name,
    holds: (event: EventOf<Name>) => boolean = () => true,
    from = 0,
  ): Promise<EventOf<Name>> {
    const isWanted = (event: DebugProtocol.Event): event is EventOf<Name> =>
      event.event === name && holds(event as EventOf<Name>);
    return this.until(() => this.events.slice(from).find(isWanted), `the event ${name}`);
  }

  /** All that was printed so far. */
  output(...categories: string[]): string {
    return this.eventsOf('output')
      .filter(({ body }) => categories.length === 0 || categories.includes(body.category ?? 'console'))
      .map(({ body }) => body.output)
      .join('');
  }

  eventsOf<Name extends string>(name: Name): EventOf<Name>[] {
    return this.events.filter((event): event is EventOf<Name> => event.event === name);
  }

  async printed(text: string, category = 'stdout'): Promise<void> {
    await this.until(() => this.output(category).includes(text), `the output ${text}`);
  }

  /** The processes as the custom events tell of them. */
  processes(): Map<string, Change['started'][number]> {
    const processes = new Map<string, Change['started'][number]>();
    for (const { body } of this.eventsOf('lunatic/processesChanged')) {
      const { started, changed, ended }: Change = body;
      for (const { process } of ended) processes.delete(process);
      for (const info of [...started, ...changed]) processes.set(info.key, info);
    }
    return processes;
  }

  /** Waits for a process of which the condition holds, and returns it. */
  async process(holds: (info: Change['started'][number]) => boolean, what: string) {
    return await this.until(() => [...this.processes().values()].find(holds), what);
  }

  /** The thread of the process with that id, which waits for a message. */
  async waitingThread(id: number): Promise<number> {
    const waits = await this.process(
      (info) => info.id === id && info.waitsFor === 'message',
      `process ${id} to wait`,
    );
    return (await this.custom('lunatic/thread', { process: waits.key })).threadId;
  }

  async custom<Name extends keyof CustomRequests>(
    name: Name,
    params: CustomRequests[Name]['params'],
  ): Promise<CustomRequests[Name]['result']> {
    return (await this.customRequest(name, params)).body;
  }

  /** Launches a program from its text. */
  async run(text: string, options: Partial<LaunchArguments> = {}): Promise<void> {
    await this.configure(text, options);
    await this.configurationDoneRequest();
  }

  /** Launches it so far that it waits for the end of the configuration. */
  async configure(text: string, options: Partial<LaunchArguments> = {}): Promise<void> {
    const launchArguments: LaunchArguments = {
      program: guestFile(text),
      ...(this.#token === undefined ? {} : { token: this.#token }),
      ...options,
    };
    await this.launchRequest(launchArguments as DebugProtocol.LaunchRequestArguments);
    await this.event('initialized');
  }

  /** The text of a source, in its file or from the adapter. */
  async sourceText({ path, sourceReference = 0 }: DebugProtocol.Source = {}): Promise<string> {
    if (sourceReference === 0 && path !== undefined) return readFileSync(path, 'utf8');
    return (await this.sourceRequest({ sourceReference })).body.content;
  }

  /** What stands where a frame is, up to the end of the line. */
  async textAt({ source, line, column }: FramePlace): Promise<string> {
    return (
      (await this.sourceText(source))
        .split('\n')
        [line - 1]?.slice(column - 1)
        .trim() ?? ''
    );
  }

  /** The innermost call of a thread, and the text of its source from there to the end of the line. */
  async topFrame(threadId: number): Promise<{ name: string; line: string; id: number; text: string }> {
    const { stackFrames } = (await this.stackTraceRequest({ threadId })).body;
    const [frame] = stackFrames;
    if (frame === undefined) throw new Error('no frame');
    const text = await this.sourceText(frame.source);
    return { name: frame.name, id: frame.id, line: await this.textAt(frame), text };
  }

  /** The variables of a scope by name. */
  async scope(threadId: number, name: string): Promise<DebugProtocol.Variable[]> {
    const [frame] = (await this.stackTraceRequest({ threadId })).body.stackFrames;
    const { scopes } = (await this.scopesRequest({ frameId: frame?.id ?? 0 })).body;
    const scope = scopes.find((candidate) => candidate.name === name);
    if (scope === undefined) throw new Error(`no scope ${name}`);
    return await this.variables(scope.variablesReference);
  }

  async variables(variablesReference: number): Promise<DebugProtocol.Variable[]> {
    return (await this.variablesRequest({ variablesReference })).body.variables;
  }

  describe(): string {
    return this.events
      .map((event) => JSON.stringify(event).slice(0, 300))
      .slice(-30)
      .join('\n');
  }
}

/** Fails when it takes too long. */
export async function within<Value>(
  promise: Promise<Value>,
  what: string,
  describe: () => string = () => '',
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`waited in vain for ${what}\n${describe()}`)), DEADLINE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A folder that goes with the test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-adapter-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file with a program's text. */
export function guestFile(text: string): string {
  const path = join(testFolder(), 'guest.wat');
  writeFileSync(path, text);
  return path;
}

/** Waits until the operating system has no such process. */
export async function gone(pid: number): Promise<void> {
  const look = async () => {
    while (isAlive(pid)) await new Promise((done) => setTimeout(done, 20));
  };
  await within(look(), `process ${pid} to end`);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
