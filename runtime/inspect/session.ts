import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import type { LoadedModule } from '../kernel/module.ts';
import { ChangeFeed } from './change-feed.ts';
import { globalsOf, setGlobal } from './globals.ts';
import type { Holder } from './holding.ts';
import type { Inspector } from './inspector.ts';
import { DataResult } from './outbox.ts';
import { Parameters } from './parameters.ts';
import { MAX_CHANGES, type Notifications, type Requests } from './protocol.ts';
import type { SessionClient } from './session-client.ts';
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

/** What one client asks of the processes of one scheduler, and is told of them. Knows no connection. */
export class Session implements Holder, TrapWatcher {
  readonly #inspector: Inspector;
  readonly #client: SessionClient;
  readonly #start: (pauseRoot: boolean) => void;
  readonly #answers = new Map<string, (params: Parameters) => unknown>();
  #feed: ChangeFeed | null = null;
  #timer: NodeJS.Timeout | null = null;
  #interval = MIN_INTERVAL;
  /** Milliseconds that the last search took. */
  #took = 0;
  #isSoon = false;
  #watchesOutput = false;

  /** @param start lets the program begin */
  constructor(inspector: Inspector, client: SessionClient, start: (pauseRoot: boolean) => void) {
    this.#inspector = inspector;
    this.#client = client;
    this.#start = start;
    this.#answerRequests();
  }

  /** The names of all requests that it answers. */
  get requests(): Iterable<string> {
    return this.#answers.keys();
  }

  /** Begins: the client hears of processes that stand still. */
  begin(): void {
    this.#inspector.holding.clients.add(this);
  }

  get watchesOutput(): boolean {
    return this.#watchesOutput;
  }

  /** Ends, and with it all that the client wanted. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#unwatch();
    this.#inspector.traps.watchers.delete(this);
    this.#inspector.events.release(this);
    this.#inspector.stopping.release(this);
    this.#inspector.holding.release(this);
  }

  /** Tells what was kept back to be told with more. */
  flush(): void {
    this.#inspector.stopping.flush(this);
  }

  /**
   * Answers a request; its parameters may be anything.
   * @throws InspectionError if it is refused, ResponseError if it is malformed; also later
   */
  answer(name: string, values: unknown): unknown {
    const answer = this.#answers.get(name);
    if (answer === undefined)
      throw new ResponseError(ErrorCodes.MethodNotFound, `there is no request ${name.slice(0, 50)}`);
    const result = answer(new Parameters(values));
    if (CHANGES.has(name as keyof Requests)) this.#tellSoon();
    return result;
  }

  stopped(event: Notifications['process/stopped']): void {
    this.#client.notify('process/stopped', event);
  }

  continued(event: Notifications['process/continued']): void {
    this.#client.notify('process/continued', event);
  }

  logged(event: Notifications['logged']): void {
    this.#client.notify('logged', event);
  }

  breakpointFailed(event: Notifications['breakpoint/failed']): void {
    this.#client.notify('breakpoint/failed', event);
  }

  moduleAdded(module: LoadedModule): void {
    const key = this.#inspector.modules.keyOf(module);
    this.#client.notify('module/added', { module: key });
  }

  trapped(event: Notifications['process/trapped']): void {
    this.#client.notify('process/trapped', event);
  }

  allStopped(event: Notifications['processes/stopped']): void {
    this.#client.notify('processes/stopped', event);
  }

  allContinued(): void {
    this.#client.notify('processes/continued', {});
  }

  #answerRequests(): void {
    const inspector = this.#inspector;
    const { queries, modules, holding, stopping, traps } = inspector;
    this.#on('start', (params) => {
      const pauseRoot = params.flag('pauseRoot');
      if (pauseRoot) holding.pauseEntryFor(this);
      this.#start(pauseRoot);
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
    this.#answers.set(name, answer);
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
    if (!this.#client.isFull) {
      const changes = this.#feed?.next() ?? null;
      if (changes !== null) this.#client.notify('processes/changed', changes);
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
