import type { LoadedModule } from '../kernel/module.ts';
import type { ModuleProbes } from '../kernel/module-probes.ts';
import type { Prober, Probes } from '../kernel/probes.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import type { Holder, Holding } from './holding.ts';
import { InspectionError } from './inspection-error.ts';
import type { Modules } from './modules.ts';
import type { ProcessIndex } from './process-index.ts';
import { InspectError, type ModuleKey, type ProcessKey, type StepKind, type StopReason } from './protocol.ts';

/** Milliseconds in which a process that computes must come to a site, or else it is paused where it is. */
const SITE_TIME = 100;

/** A step that a process is doing for a client. */
interface Step {
  readonly client: Holder;
  readonly kind: StepKind | 'pause';
  /** Address of the frame in which it began. */
  readonly frame: number;
  /** Offsets that belong to the place where it began: pairs of a start and an end. */
  readonly within: readonly (readonly [start: number, end: number])[];
  /** Functions that are armed for it. */
  readonly armed: readonly number[];
}

/** Which clients want processes to stop at a site. */
type Breakpoints = Map<number, Set<Holder>>;

/**
 * Breakpoints and steps. All belong to the clients that made them, and end with them. Methods must be called between turns of
 * processes, except for `stops`.
 */
export class Stopping implements Prober {
  readonly #scheduler: Scheduler;
  readonly #index: ProcessIndex;
  readonly #modules: Modules;
  readonly #holding: Holding;
  /** By module. Those of modules that nobody uses any more are not kept. */
  readonly #breakpoints = new WeakMap<LoadedModule, Breakpoints>();
  /** By client: the modules in which it has breakpoints. */
  readonly #clients = new Map<Holder, Map<ModuleKey, LoadedModule>>();
  readonly #steps = new Map<Process, Step>();

  constructor(scheduler: Scheduler, index: ProcessIndex, modules: Modules, holding: Holding) {
    this.#scheduler = scheduler;
    this.#index = index;
    this.#modules = modules;
    this.#holding = holding;
    if (scheduler.probes !== null) scheduler.probes.prober = this;
  }

  /**
   * Replaces the breakpoints of a client in a module.
   * @param offsets where processes are to stop
   * @returns for each of them the site where they will: the first one from there on in the same function, or null
   */
  setBreakpoints(client: Holder, key: ModuleKey, offsets: readonly number[]): { sites: (number | null)[] } {
    const module = this.#modules.get(key);
    const probes = this.#probesOf(module);
    this.#clear(client, module);
    const sites = offsets.map((offset) => probes.map.siteFrom(offset) ?? null);
    const breakpoints = this.#breakpoints.get(module) ?? new Map<number, Set<Holder>>();
    this.#breakpoints.set(module, breakpoints);
    for (const site of sites) {
      if (site === null) continue;
      const clients = breakpoints.get(site);
      if (clients?.has(client)) continue;
      if (clients === undefined) breakpoints.set(site, new Set([client]));
      else clients.add(client);
      probes.arm(probes.map.functionAt(site));
    }
    const modules = this.#clients.get(client) ?? new Map<ModuleKey, LoadedModule>();
    modules.set(key, module);
    this.#clients.set(client, modules);
    return { sites };
  }

  /**
   * Lets a process that stands still go on until it comes to another place.
   * @param within offsets of the place where it is: a step that stays in its function leaves them
   */
  step(client: Holder, key: ProcessKey, kind: StepKind, within: Step['within']): null {
    const process = this.#index.get(key);
    const probes = this.#probesOf(process.module);
    if (!process.paused || process.heldExit !== null)
      throw new InspectionError(
        InspectError.Refused,
        `process ${key} does not stand still, so it cannot step`,
      );
    const frames = this.#scheduler.probes?.of(process) ?? [];
    // Deeper calls are passed without a look at each of their sites.
    const armed =
      kind === 'into' || kind === 'past' ? [] : [...new Set(frames.map(({ defined }) => defined))];
    this.#begin(process, probes, { client, kind, frame: frames.at(-1)?.at ?? -1, within, armed });
    return this.#holding.resume(key);
  }

  /** Lets a process go on, and no longer to the end of a step. */
  resume(key: ProcessKey): null {
    this.#end(this.#index.get(key));
    return this.#holding.resume(key);
  }

  /** Stops a process at the next site to which it comes. One that waits stands still at once. */
  pause(key: ProcessKey, client: Holder): null {
    const process = this.#index.get(key);
    const { probes } = process.module;
    const computes =
      process.started && process.initialized && (process.state === 'ready' || process.state === 'running');
    if (probes === null || this.#scheduler.probes === null || !computes)
      return this.#holding.pause(key, client);
    const step: Step = { client, kind: 'pause', frame: -1, within: [], armed: [] };
    this.#begin(process, probes, step);
    setTimeout(() => {
      if (this.#steps.get(process) !== step) return;
      this.#end(process);
      if (process.exit === null) this.#holding.pause(key, client);
    }, SITE_TIME).unref();
    return null;
  }

  /** Ends what a client has asked for. */
  release(client: Holder): void {
    for (const module of this.#clients.get(client)?.values() ?? []) this.#clear(client, module);
    this.#clients.delete(client);
    for (const [process, step] of [...this.#steps]) if (step.client === client) this.#end(process);
  }

  forget(process: Process): void {
    if (this.#steps.has(process)) this.#end(process);
  }

  stops(process: Process, frame: number): boolean {
    const { probes } = this.#scheduler;
    const site = probes?.frames.getUint32(frame, true) ?? 0;
    const step = this.#steps.get(process);
    const clients = this.#breakpoints.get(process.module)?.get(site);
    const isOver = step !== undefined && ends(step, frame, site);
    if (clients === undefined && !isOver) return false;
    const holders = new Set(clients);
    let why: StopReason = 'breakpoint';
    if (isOver) {
      holders.add(step.client);
      if (step.kind === 'pause') why = 'pause';
      else if (clients === undefined) why = 'step';
    }
    this.#end(process);
    this.#holding.hold(process, holders, why);
    return true;
  }

  #begin(process: Process, probes: ModuleProbes, step: Step): void {
    this.#end(process);
    this.#steps.set(process, step);
    for (const defined of step.armed) probes.arm(defined);
    if (step.armed.length === 0) this.#kernel.step(process, true);
  }

  #end(process: Process): void {
    const step = this.#steps.get(process);
    if (step === undefined) return;
    this.#steps.delete(process);
    for (const defined of step.armed) process.module.probes?.disarm(defined);
    if (step.armed.length === 0 && process.exit === null) this.#kernel.step(process, false);
  }

  #clear(client: Holder, module: LoadedModule): void {
    for (const [site, clients] of this.#breakpoints.get(module) ?? []) {
      if (!clients.delete(client)) continue;
      const { probes } = module;
      if (probes !== null) probes.disarm(probes.map.functionAt(site));
      if (clients.size === 0) this.#breakpoints.get(module)?.delete(site);
    }
  }

  get #kernel(): Probes {
    const { probes } = this.#scheduler;
    if (probes === null) throw new InspectionError(InspectError.Refused, NOT_FOR_DEBUGGING);
    return probes;
  }

  #probesOf({ probes }: LoadedModule): ModuleProbes {
    if (probes === null) throw new InspectionError(InspectError.Refused, NOT_FOR_DEBUGGING);
    return probes;
  }
}

const NOT_FOR_DEBUGGING =
  'the program was not started for debugging, so its processes cannot be stopped in the midst of their code: start it with --inspect=debug';

/** Whether a step is over at a site. Frames of deeper calls have higher addresses. */
function ends({ kind, frame, within }: Step, at: number, site: number): boolean {
  // It was in no function, or in the midst of one, whose frame is not known.
  if (frame < 0) return true;
  switch (kind) {
    case 'pause':
      return true;
    case 'out':
      return at < frame;
    case 'over':
    case 'past':
      return at < frame || (at === frame && !isWithin(within, site));
    case 'into':
      return at !== frame || !isWithin(within, site);
  }
}

function isWithin(ranges: Step['within'], site: number): boolean {
  return ranges.some(([start, end]) => site >= start && site < end);
}
