import { InspectionError } from '../inspect/inspection-error.ts';
import type { OthersSession, OwnSide } from '../inspect/others.ts';
import { Parameters } from '../inspect/parameters.ts';
import { compareKeys, isProcessKey, partsOf } from '../inspect/process-key.ts';
import {
  type DataBreakpoint,
  InspectError,
  MAX_PAGE,
  type ModuleKey,
  type Notifications,
  type PeerInfo,
  type ProcessInfo,
  type ProcessKey,
  type ProcessPage,
  type ProcessPeers,
  type Requests,
} from '../inspect/protocol.ts';
import { FIRST_SCHEDULER, type SchedulerIndex } from '../kernel/ids.ts';
import type { AskedSystem } from './asked-system.ts';
import { FarChanges } from './far-changes.ts';
import { InspectRequest } from './inspect-wire.ts';
import { numberBytes } from './requests.ts';

/** How often it is looked where a process is that is on its way. */
const ATTEMPTS = 3;
const DEFAULT_PAGE = 100;

/** Requests that go to all schedulers, of which this one's answer counts. */
const BROADCAST: ReadonlySet<string> = new Set<keyof Requests>([
  'watch',
  'processes/choose',
  'events/breakpoints',
]);
/** Of these, only to those that have the module, or may have it one day. */
const OF_MODULES: ReadonlySet<string> = new Set<keyof Requests>(['module/breakpoints', 'module/ready']);
const MODULE_FACTS: ReadonlySet<string> = new Set<keyof Requests>(['module/get', 'module/bytes']);

/** What one client asks of all schedulers, and is told of them. */
export class MergedSession implements OthersSession {
  readonly #system: AskedSystem;
  readonly #number: number;
  readonly #own: OwnSide;
  readonly #onClose: () => void;
  readonly #changes: FarChanges;
  /** Modules of which the client was told. */
  readonly #modules = new Set<ModuleKey>();
  #watchesModules = false;
  #isClosed = false;

  constructor(system: AskedSystem, number: number, own: OwnSide, onClose: () => void) {
    this.#system = system;
    this.#number = number;
    this.#own = own;
    this.#onClose = onClose;
    this.#changes = new FarChanges(system, (changes) => own.notify('processes/changed', changes));
    for (const { name, values } of own.standing) {
      if (name === 'watch') this.#watch(new Parameters(values));
      if (name === 'module/ready') this.#modules.add(new Parameters(values).text('module'));
    }
  }

  /** Whether the client has so much to read that changes wait. */
  get isFull(): boolean {
    return !this.#isClosed && this.#own.isFull;
  }

  close(): void {
    this.#isClosed = true;
    this.#changes.close();
    for (const index of this.#system.peers)
      this.#system.send(index, InspectRequest.Close, numberBytes(this.#number));
    this.#onClose();
  }

  // -- schedulers --------------------------------------------------------------------------------------

  /** Tells a scheduler that has just come what the client wants. */
  joined(index: SchedulerIndex): void {
    const wanted = [...this.#own.standing];
    if (this.#tellsOfModules && !wanted.some(({ name }) => name === 'watch'))
      wanted.push({ name: 'watch', values: {} });
    for (const { name, values } of wanted)
      this.#askOf(index, name, this.#forOthers(name, values)).catch(() => {});
  }

  /** Whether others tell of modules before processes run them, so that they have the client's breakpoints then. */
  get #tellsOfModules(): boolean {
    return this.#system.inspector.isDebugging;
  }

  /** What others are asked if the client asks this. */
  #forOthers(name: string, values: unknown): unknown {
    if (name !== 'watch' || !this.#tellsOfModules) return values;
    return { ...(values as object), modules: true };
  }

  #watch(params: Parameters): void {
    this.#changes.watched(params.interval('processes') !== null);
    this.#watchesModules = params.flag('modules');
  }

  lost(index: SchedulerIndex): void {
    this.#changes.lost(index);
  }

  async #askOf(index: SchedulerIndex, name: string, values: unknown): Promise<unknown> {
    if (index === FIRST_SCHEDULER) return this.#own.answer(name, values);
    return this.#system.ask(index, this.#number, name, values);
  }

  /** Asks all others; those that cannot answer are left out. */
  async #askOthers(name: string, values: unknown): Promise<Map<SchedulerIndex, unknown>> {
    const answers = new Map<SchedulerIndex, unknown>();
    await Promise.all(
      this.#system.peers.map(async (index) => {
        const answer = await this.#askOf(index, name, values).catch(() => undefined);
        if (answer !== undefined) answers.set(index, answer);
      }),
    );
    return answers;
  }

  // -- requests ----------------------------------------------------------------------------------------

  async answer(name: string, values: unknown): Promise<unknown> {
    if (BROADCAST.has(name)) return await this.#broadcast(name, values);
    if (OF_MODULES.has(name)) return await this.#toModules(name, values);
    if (MODULE_FACTS.has(name)) return await this.#ofModule(name, values);
    switch (name) {
      case 'process/list':
        return await this.#list(new Parameters(values));
      case 'process/data-breakpoints':
        return await this.#dataBreakpoints(values);
      case 'processes/pause':
        return await this.#system.whileClosed(async () => {
          await this.#askOthers(name, values);
          this.#system.pausedElsewhere = await this.#countOthers();
          return this.#own.answer(name, values);
        });
      case 'processes/resume':
        await this.#askOthers(name, values);
        return this.#own.answer(name, values);
      default: {
        const key = keyIn(values);
        if (key === null) return await this.#own.answer(name, values);
        const answer = await this.#ofProcess(key, name, values);
        if (name === 'process/peers') return await this.#completed(answer as ProcessPeers);
        return name === 'process/get' ? this.#withParent(answer as ProcessInfo) : answer;
      }
    }
  }

  /** Asks the scheduler that has a process, wherever it goes meanwhile. */
  async #ofProcess(key: ProcessKey, name: string, values: unknown): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      const place = this.#placeOf(key);
      try {
        return await this.#askOf(place, name, values);
      } catch (error) {
        const hasGone = !(error instanceof InspectionError) || error.code === InspectError.NoProcess;
        if (!hasGone || attempt === ATTEMPTS || this.#placeOf(key) === place) throw asked(error, place, key);
      }
    }
  }

  #placeOf(key: ProcessKey): SchedulerIndex {
    const { index } = this.#system.inspector;
    if (index.find(key) !== undefined) return FIRST_SCHEDULER;
    return index.environmentOf(key)?.elsewhere?.place(partsOf(key).id) ?? FIRST_SCHEDULER;
  }

  async #broadcast(name: string, values: unknown): Promise<unknown> {
    if (name === 'watch') this.#watch(new Parameters(values));
    else this.#system.tellNames();
    // What is malformed is refused here first.
    const answer = await this.#own.answer(name, values);
    await this.#askOthers(name, this.#forOthers(name, values));
    return answer;
  }

  /** A module may come to a scheduler later: it tells of that, if the program was started for debugging. */
  async #toModules(name: string, values: unknown): Promise<unknown> {
    const module = new Parameters(values).text('module');
    const { modules } = this.#system.inspector;
    if (modules.digestOf(module) === undefined) return await this.#own.answer(name, values);
    const others = this.#askOthers(name, values);
    if (modules.has(module)) {
      const answer = await this.#own.answer(name, values);
      await others;
      return answer;
    }
    const [answer] = (await others).values();
    return answer ?? (await this.#own.answer(name, values));
  }

  async #ofModule(name: string, values: unknown): Promise<unknown> {
    const module = new Parameters(values).text('module');
    const { modules } = this.#system.inspector;
    if (!modules.has(module) && modules.digestOf(module) !== undefined) {
      const [answer] = (await this.#askOthers(name, values)).values();
      if (typeof answer === 'object' && answer !== null)
        return name === 'module/get' ? { ...answer, key: module } : answer;
    }
    return await this.#own.answer(name, values);
  }

  async #dataBreakpoints(values: unknown): Promise<unknown> {
    const wanted: readonly DataBreakpoint[] = new Parameters(values).dataBreakpoints('breakpoints');
    const name = 'process/data-breakpoints';
    type Result = Requests[typeof name]['result'];
    const own = (await this.#own.answer(name, values)) as Result;
    const answers = (await this.#askOthers(name, values)) as Map<SchedulerIndex, Result>;
    const problems = own.problems.map((problem, at) => {
      const process = wanted[at]?.process;
      const place = process === undefined ? FIRST_SCHEDULER : this.#placeOf(process);
      return (place === FIRST_SCHEDULER ? problem : answers.get(place)?.problems[at]) ?? null;
    });
    return { problems };
  }

  // -- lists -------------------------------------------------------------------------------------------

  /** Pages are in the order of keys, wherever the processes are: one that goes from one scheduler to another keeps its place. */
  async #list(params: Parameters): Promise<ProcessPage> {
    const after = params.optionalProcess('after');
    const limit = Math.min(params.optionalCount('limit') ?? DEFAULT_PAGE, MAX_PAGE);
    const filter = params.filter('filter');
    if (filter?.text !== undefined) this.#system.tellNames();
    const values = {
      ...(after === undefined ? {} : { after }),
      limit,
      ...(filter === undefined ? {} : { filter }),
    };
    const pages = await Promise.all(
      [FIRST_SCHEDULER, ...this.#system.peers].map((index) => this.#page(index, values)),
    );
    const total = pages.reduce((sum, page) => sum + page.total, 0);
    const found = pages.filter(({ processes }) => processes.length > 0);
    const all = found.flatMap((page) => page.processes);
    if (found.length > 1) all.sort((a, b) => compareKeys(a.key, b.key));
    const processes = all.slice(0, limit).map((info) => this.#withParent(info));
    const isLast = all.length <= limit && found.every((page) => page.next === undefined);
    const next = isLast ? undefined : processes.at(-1)?.key;
    return { processes, total, ...(next === undefined ? {} : { next }) };
  }

  async #page(index: SchedulerIndex, values: object): Promise<ProcessPage> {
    try {
      return (await this.#askOf(index, 'process/list', values)) as ProcessPage;
    } catch (error) {
      // It has gone, with its processes.
      if (index !== FIRST_SCHEDULER) return { processes: [], total: 0 };
      throw error;
    }
  }

  /** The number of processes on other schedulers. */
  async #countOthers(): Promise<number> {
    const pages = await this.#askOthers('process/list', { limit: 0 });
    let total = 0;
    for (const page of pages.values()) total += (page as ProcessPage).total;
    return total;
  }

  /** Other schedulers do not know whether a parent has ended. */
  #withParent(info: ProcessInfo): ProcessInfo {
    const { parent } = info;
    if (parent === null || this.#placeOf(parent) !== FIRST_SCHEDULER) return info;
    return this.#system.inspector.index.find(parent) === undefined ? { ...info, parent: null } : info;
  }

  /** Describes peers that are on another scheduler than their process. */
  async #completed({ links, monitors }: ProcessPeers): Promise<ProcessPeers> {
    const complete = async (peer: PeerInfo): Promise<PeerInfo | null> => {
      if (peer.entry !== '') return peer;
      try {
        const found = await this.#ofProcess(peer.key, 'process/get', { process: peer.key });
        const { key, id, environment, names, entry } = found as ProcessInfo;
        return { key, id, environment, names, entry };
      } catch {
        return null;
      }
    };
    const linked = await Promise.all(
      links.map(async ({ peer, tag }) => ({ peer: await complete(peer), tag })),
    );
    const monitoring = await Promise.all(monitors.map(complete));
    return {
      links: linked.flatMap(({ peer, tag }) => (peer === null ? [] : [{ peer, tag }])),
      monitors: monitoring.filter((peer) => peer !== null),
    };
  }

  // -- notifications -----------------------------------------------------------------------------------

  told<Name extends keyof Notifications>(name: Name, params: Notifications[Name]): void {
    this.heard(FIRST_SCHEDULER, name, params);
  }

  /** Called with each notification of a scheduler. */
  heard(from: SchedulerIndex, name: string, values: unknown): void {
    if (this.#isClosed) return;
    const method = name as keyof Notifications;
    switch (method) {
      case 'processes/changed':
        this.#changes.heard(from, values as Notifications[typeof method]);
        break;
      // This one is told last, when all stand still.
      case 'processes/stopped':
        if (from !== FIRST_SCHEDULER) break;
        this.#own.notify(method, {
          total: (values as Notifications[typeof method]).total + this.#system.pausedElsewhere,
        });
        break;
      case 'processes/continued':
        if (from === FIRST_SCHEDULER) this.#own.notify(method, {});
        break;
      case 'module/added':
        this.#moduleAdded(from, values as Notifications[typeof method]);
        break;
      default:
        this.#own.notify(method, values as never);
    }
  }

  /** Every module is told once. What the client has said of it is told to others to which it comes. */
  #moduleAdded(from: SchedulerIndex, values: Notifications['module/added']): void {
    const { module } = values;
    const isNew = this.#watchesModules && !this.#modules.has(module);
    this.#modules.add(module);
    if (isNew) this.#own.notify('module/added', values);
    if (from === FIRST_SCHEDULER) return;
    for (const standing of this.#own.standing) {
      const { name } = standing;
      if (OF_MODULES.has(name) && 'module' in standing.values && standing.values.module === module)
        this.#askOf(from, name, standing.values).catch(() => {});
    }
    // Nobody else says it.
    if (!this.#watchesModules) this.#askOf(from, 'module/ready', { module }).catch(() => {});
  }
}

/** The process that a request names; null if it names none. */
function keyIn(values: unknown): ProcessKey | null {
  if (typeof values !== 'object' || values === null || !('process' in values)) return null;
  return isProcessKey(values.process) ? values.process : null;
}

/** The error for a client: a scheduler that has gone has taken its processes with it. */
function asked(error: unknown, place: SchedulerIndex, key: ProcessKey): unknown {
  if (place === FIRST_SCHEDULER || error instanceof InspectionError || !isGone(error)) return error;
  return new InspectionError(InspectError.NoProcess, `there is no process ${key}`);
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'LUNATIC_SCHEDULER_REQUEST';
}
