import { ErrorCodes, type MessageConnection, ResponseError } from 'vscode-jsonrpc/node';
import type { WebSocket } from 'ws';
import type { LoadedModule } from '../kernel/module.ts';
import type { Backlog } from './backlog.ts';
import { ChangeFeed } from './change-feed.ts';
import { globalsOf, setGlobal } from './globals.ts';
import type { Holder } from './holding.ts';
import { InspectionError } from './inspection-error.ts';
import type { Inspector } from './inspector.ts';
import { DataResult, Outbox } from './outbox.ts';
import { Parameters } from './parameters.ts';
import {
  MAX_CHANGES,
  type Notifications,
  PROTOCOL_VERSION,
  type Requests,
  type Welcome,
} from './protocol.ts';
import { socketConnection } from './socket.ts';
import type { TrapWatcher } from './traps.ts';

/** The least and the most milliseconds between two searches for changes. */
const MIN_INTERVAL = 50;
const MAX_INTERVAL = 60_000;
/** Searching takes at most one part in so many of the time. */
const MAX_SHARE = 20;
/** The same while the client waits for the changes. */
const FIRST_SHARE = 3;
/** Milliseconds after a request until the client is sent the changes that it has caused. */
const SOON = 20;

/** Requests that change processes. */
const CHANGES: ReadonlySet<keyof Requests> = new Set([
  'process/pause',
  'process/resume',
  'process/step',
  'process/kill',
  'process/restart',
  'process/send',
  'processes/pause',
  'processes/resume',
]);

/** What is sent for a result that is nothing but data. */
type DataOf<Result> = { readonly data: string } extends Result ? DataResult : never;

/** What a client may do besides inspecting processes. */
export interface Program {
  welcome(): Welcome;
  start(pauseRoot: boolean): void;
  /** A client was disconnected, since it has not read so many bytes. */
  lost?(unread: number): void;
}

/** One client of the inspection protocol: answers its requests and sends it what it watches. */
export class ClientSession implements Holder, TrapWatcher {
  readonly #socket: WebSocket;
  readonly #outbox: Outbox;
  readonly #connection: MessageConnection;
  readonly #inspector: Inspector;
  readonly #program: Program;
  readonly #backlog: Backlog;
  #initialized = false;
  #feed: ChangeFeed | null = null;
  #timer: NodeJS.Timeout | null = null;
  #interval = MIN_INTERVAL;
  /** Milliseconds that the last search took. */
  #took = 0;
  #isSoon = false;
  #watchesOutput = false;
  #knowsTraps = false;

  /**
   * @param backlog of all clients of the server
   * @param onClose called once, when the client has disconnected
   */
  constructor(
    socket: WebSocket,
    inspector: Inspector,
    program: Program,
    backlog: Backlog,
    onClose: () => void,
  ) {
    const outbox = new Outbox(socket);
    this.#backlog = backlog;
    backlog.add(socket, outbox);
    this.#socket = socket;
    this.#outbox = outbox;
    this.#inspector = inspector;
    this.#program = program;
    this.#connection = socketConnection(socket, { outbox });
    this.#connection.onClose(() => {
      this.#close();
      onClose();
    });
    this.#answerRequests();
    this.#connection.listen();
  }

  /** Whether the client was told of a trap, so that it may ask about it in the end. */
  get knowsTraps(): boolean {
    return this.#knowsTraps;
  }

  get watchesOutput(): boolean {
    return this.#watchesOutput;
  }

  #close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#backlog.remove(this.#socket);
    this.#unwatch();
    this.#inspector.traps.watchers.delete(this);
    this.#inspector.events.release(this);
    this.#inspector.stopping.release(this);
    this.#inspector.holding.release(this);
    this.#connection.dispose();
  }

  notify<Name extends keyof Notifications>(name: Name, params: Notifications[Name]): void {
    if (this.#isGivenUp()) return;
    // Rejected if the connection is closed, which calls `onClose`.
    this.#connection.sendNotification(name, params).catch(() => {});
  }

  /** Tells that the program has ended, after all that was to be told of it. */
  sayFarewell(farewell: Notifications['ended']): void {
    this.#inspector.stopping.flush(this);
    this.notify('ended', farewell);
  }

  /** Whether the client is disconnected, as those are that do not read. */
  #isGivenUp(): boolean {
    this.#backlog.makeRoom();
    return this.#socket.readyState !== this.#socket.OPEN;
  }

  stopped(event: Notifications['process/stopped']): void {
    this.notify('process/stopped', event);
  }

  continued(event: Notifications['process/continued']): void {
    this.notify('process/continued', event);
  }

  logged(event: Notifications['logged']): void {
    this.notify('logged', event);
  }

  breakpointFailed(event: Notifications['breakpoint/failed']): void {
    this.notify('breakpoint/failed', event);
  }

  moduleAdded(module: LoadedModule): void {
    const key = this.#inspector.modules.keyOf(module);
    this.notify('module/added', { module: key });
  }

  trapped(event: Notifications['process/trapped']): void {
    this.#knowsTraps = true;
    this.notify('process/trapped', event);
  }

  allStopped(event: Notifications['processes/stopped']): void {
    this.notify('processes/stopped', event);
  }

  allContinued(): void {
    this.notify('processes/continued', {});
  }

  #answerRequests(): void {
    const inspector = this.#inspector;
    const { queries, modules, holding, stopping, traps } = inspector;
    this.#connection.onRequest('initialize', (values: unknown) => {
      const version = new Parameters(values).text('version');
      if (version.split('.')[0] !== PROTOCOL_VERSION.split('.')[0]) {
        throw new ResponseError(
          ErrorCodes.InvalidParams,
          `the client speaks version ${version.slice(0, 20)} of the inspection protocol, this runtime ${PROTOCOL_VERSION}`,
        );
      }
      this.#initialized = true;
      holding.clients.add(this);
      return this.#program.welcome();
    });
    this.#on('start', (params) => {
      const pauseRoot = params.flag('pauseRoot');
      if (pauseRoot) holding.pauseEntryFor(this);
      this.#program.start(pauseRoot);
      return null;
    });
    this.#on('process/list', (params) =>
      queries.list(params.optionalProcess('after'), params.optionalCount('limit'), params.filter('filter')),
    );
    this.#on('process/get', (params) => queries.get(params.process('process')));
    this.#on('process/peers', (params) => queries.peers(params.process('process')));
    this.#on('process/config', (params) => queries.config(params.process('process')));
    this.#on('process/stack', (params) => queries.stack(params.process('process')));
    this.#on('process/mailbox', (params) =>
      queries.mailbox(
        params.process('process'),
        params.optionalCount('start'),
        params.optionalCount('count'),
      ),
    );
    this.#on('process/memory', (params) =>
      queries.memory(
        params.process('process'),
        params.count('offset'),
        params.count('count'),
        params.optionalCount('memory'),
      ),
    );
    this.#on('process/set-memory', (params) => {
      const key = params.process('process');
      const address = params.count('offset');
      const data = params.bytes('data');
      const memory = params.optionalCount('memory') ?? 0;
      queries.setMemory(key, address, data, memory);
      // Data breakpoints are in the first memory.
      return memory === 0 ? stopping.written(key, { address }, data) : null;
    });
    this.#on('process/pause', (params) => stopping.pause(params.process('process'), this));
    this.#on('process/step', (params) =>
      stopping.step(this, params.process('process'), params.step('kind'), params.ranges('within')),
    );
    this.#on('process/locals', (params) => queries.locals(params.process('process'), params.count('frame')));
    this.#on('process/set-local', (params) =>
      queries.setLocal(params.process('process'), params.count('local'), params.bytes('data')),
    );
    this.#on('process/evaluate', (params) =>
      queries.evaluate(
        params.process('process'),
        params.count('frame'),
        params.line('expression'),
        params.names(),
      ),
    );
    this.#on('process/data-breakpoints', (params) =>
      stopping.setDataBreakpoints(this, params.dataBreakpoints('breakpoints')),
    );
    this.#on('process/globals', (params) => globalsOf(inspector.index.get(params.process('process'))));
    this.#on('process/set-global', (params) => {
      const key = params.process('process');
      const global = params.count('global');
      const data = params.bytes('data');
      setGlobal(inspector.index.get(key), global, data);
      return stopping.written(key, { global }, data);
    });
    this.#on('process/resume', (params) => stopping.resume(params.process('process')));
    this.#on('processes/pause', () => holding.pauseAll(this));
    this.#on('processes/resume', () => holding.resumeAll());
    this.#on('process/kill', (params) => inspector.kill(params.process('process')));
    this.#on('process/restart', (params) => inspector.restart(params.process('process'), this));
    this.#on('process/send', (params) =>
      inspector.send(params.process('process'), params.tag('tag'), params.bytes('data')),
    );
    this.#on('module/get', (params) => modules.info(params.text('module')));
    this.#on('module/bytes', (params) => new DataResult(modules.get(params.text('module')).bytes));
    this.#on('module/ready', (params) => {
      holding.newModules.ready(this, modules.get(params.text('module')));
      return null;
    });
    this.#on('module/breakpoints', (params) =>
      stopping.setBreakpoints(
        this,
        params.text('module'),
        params.offsets('offsets'),
        params.terms('terms'),
        params.types('types'),
      ),
    );
    this.#on('processes/choose', (params) => {
      holding.choices.choose(this, params.patterns('only'), params.patterns('except'));
      return null;
    });
    this.#on('events/breakpoints', (params) => ({
      problems: inspector.events.set(this, params.events('breakpoints')),
    }));
    this.#on('watch', (params) => {
      const interval = params.interval('processes');
      const output = params.flag('output');
      const areModulesWatched = params.flag('modules');
      const areTrapsTold = params.flag('trapped');
      const events = {
        traps: params.wanted('traps'),
        failedExits: params.wanted('failedExits'),
        spawns: params.wanted('spawns'),
      };
      this.#watchProcesses(interval);
      this.#watchesOutput = output;
      if (areTrapsTold) traps.watchers.add(this);
      else traps.watchers.delete(this);
      holding.holdAt(this, events);
      holding.newModules.watch(this, areModulesWatched);
      return null;
    });
  }

  #on<Name extends Exclude<keyof Requests, 'initialize'>>(
    name: Name,
    answer: (
      params: Parameters,
    ) => Requests[Name]['result'] | Promise<Requests[Name]['result']> | DataOf<Requests[Name]['result']>,
  ): void {
    this.#connection.onRequest(name, async (values: unknown): Promise<unknown> => {
      // A result may be large, and the client may never read it.
      if (this.#isGivenUp()) return null;
      if (!this.#initialized)
        throw new ResponseError(ErrorCodes.InvalidRequest, '"initialize" must come first');
      try {
        const result = await answer(new Parameters(values));
        if (CHANGES.has(name)) this.#tellSoon();
        return result;
      } catch (error) {
        if (error instanceof InspectionError) throw new ResponseError(error.code, error.message);
        throw error;
      }
    });
  }

  #watchProcesses(interval: number | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (interval === null) {
      this.#unwatch();
      return;
    }
    this.#interval = Math.min(Math.max(interval, MIN_INTERVAL), MAX_INTERVAL);
    this.#feed ??= new ChangeFeed(this.#inspector.index);
    this.#inspector.feeds.add(this.#feed);
    this.#timer = setTimeout(this.#tell, 0);
  }

  #unwatch(): void {
    if (this.#feed !== null) this.#inspector.feeds.delete(this.#feed);
    this.#feed = null;
  }

  readonly #tell = (): void => {
    const began = performance.now();
    let more = false;
    // A client that does not keep up gets the changes less often, and only the latest state.
    if (!this.#outbox.isFull) {
      const changes = this.#feed?.next() ?? null;
      if (changes !== null) this.notify('processes/changed', changes);
      more = changes?.started.length === MAX_CHANGES;
    }
    const took = performance.now() - began;
    this.#took = took;
    this.#isSoon = more;
    // At the beginning, thousands of processes are sent without long pauses.
    const pause = more ? took * FIRST_SHARE : Math.max(this.#interval, took * MAX_SHARE);
    this.#timer = setTimeout(this.#tell, pause);
  };

  /** Searches for changes sooner than planned, since the client has changed something and wants to see it. */
  #tellSoon(): void {
    if (this.#timer === null || this.#isSoon) return;
    this.#isSoon = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#tell, Math.max(SOON, this.#took * FIRST_SHARE));
  }
}
