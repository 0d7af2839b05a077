import { stackFrame } from '../kernel/guest-stack.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { ModuleProbes } from '../kernel/module-probes.ts';
import type { Prober, Probes } from '../kernel/probes.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import type { Happening } from './actor-events.ts';
import { CodeBreakpoints } from './code-breakpoints.ts';
import { DataBreakpoints, type FoundChange } from './data-breakpoints.ts';
import type { Holder, Holding, StopDetails } from './holding.ts';
import { InspectionError } from './inspection-error.ts';
import type { Modules } from './modules.ts';
import type { ProcessIndex } from './process-index.ts';
import {
  type BreakpointTerms,
  type DataBreakpoint,
  type DataChange,
  InspectError,
  type ModuleKey,
  type ProcessKey,
  type Requests,
  type StepKind,
  type StopReason,
  type ValueType,
} from './protocol.ts';

/** Milliseconds in which a process that computes must come to a site, or else it is paused where it is. */
const SITE_TIME = 100;

/** A step that a process is doing for a client. */
interface Step {
  readonly client: Holder;
  readonly kind: StepKind | 'pause' | 'restart';
  /** Address of the frame in which it began. */
  readonly frame: number;
  /** Offsets that belong to the place where it began: pairs of a start and an end. */
  readonly within: readonly (readonly [start: number, end: number])[];
  /** Functions that are armed for it. */
  readonly armed: readonly number[];
  /** What has happened, for which the process stops. */
  readonly happening?: Coming;
}

/** Something that has happened, for which a process is about to stop. Clients that go leave it. */
interface Coming {
  readonly hits: Map<Holder, readonly number[]>;
  readonly text: string;
}

/**
 * Breakpoints and steps. All belong to the clients that made them, and end with them. Methods must be called between turns of
 * processes, except for `stops`.
 */
export class Stopping implements Prober {
  readonly #scheduler: Scheduler;
  readonly #index: ProcessIndex;
  readonly #modules: Modules;
  readonly #holding: Holding;
  readonly #breakpoints: CodeBreakpoints;
  readonly #data = new DataBreakpoints();
  readonly #steps = new Map<Process, Step>();
  /** Processes that are about to stop at something that has happened. */
  readonly #coming = new Map<Process, Coming>();

  constructor(scheduler: Scheduler, index: ProcessIndex, modules: Modules, holding: Holding) {
    this.#scheduler = scheduler;
    this.#index = index;
    this.#modules = modules;
    this.#holding = holding;
    this.#breakpoints = new CodeBreakpoints(index, holding);
    if (scheduler.probes !== null) scheduler.probes.prober = this;
  }

  /**
   * Replaces the breakpoints of a client in a module.
   * @param offsets where processes are to stop
   * @param terms on which they do, for each offset
   * @param types those of terms that have no list of their own
   * @returns for each of them the site where they will: the first one from there on in the same function, or null
   */
  setBreakpoints(
    client: Holder,
    key: ModuleKey,
    offsets: readonly number[],
    terms?: readonly BreakpointTerms[],
    types: readonly ValueType[] = [],
  ): Requests['module/breakpoints']['result'] {
    const module = this.#modules.get(key);
    this.#probesOf(module);
    return this.#breakpoints.set(client, key, module, offsets, terms, types);
  }

  /** Tells a client all that its log points have printed so far. */
  flush(client: Holder): void {
    this.#breakpoints.flush(client);
  }

  /** Replaces the breakpoints of a client on data. */
  setDataBreakpoints(
    client: Holder,
    breakpoints: readonly DataBreakpoint[],
  ): Requests['process/data-breakpoints']['result'] {
    const kernel = this.#kernel;
    const { problems, processes } = this.#data.set(
      client,
      breakpoints,
      ({ process: key }) => {
        const process = this.#index.find(key);
        return process?.module.probes == null ? undefined : process;
      },
      (process) => kernel.of(process) ?? [],
    );
    for (const process of processes)
      if (process.exit === null) kernel.step(process, this.#probesAll(process));
    return { problems };
  }

  /** Called when a client has written to a memory or a global. */
  written(
    key: ProcessKey,
    place: { readonly global: number } | { readonly address: number },
    data: Uint8Array,
  ): null {
    this.#data.written(this.#index.get(key), place, Buffer.from(data));
    return null;
  }

  /** Whether a process does a step for a client, or comes to a place where it will stand still for one. */
  get isStepping(): boolean {
    return this.#steps.size + this.#coming.size > 0;
  }

  /** Whether a process must probe at all of its sites. */
  #probesAll(process: Process): boolean {
    return this.#data.watches(process) || this.#steps.get(process)?.armed.length === 0;
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

  /** Lets a process that is begun anew come to its first site, where it stops. */
  restarted(client: Holder, process: Process): void {
    const { probes } = process.module;
    if (probes === null || this.#scheduler.probes === null) {
      this.#holding.restarted(client, process);
      return;
    }
    this.#begin(process, probes, { client, kind: 'restart', frame: -1, within: [], armed: [] });
    this.#scheduler.holding.resume(process);
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

  /**
   * Stops a process to which something happens, or has just happened: at the next site to which it comes, or where it waits. May be
   * called at any time.
   */
  happened(process: Process, happening: Happening): void {
    const { probes } = process.module;
    const [client] = happening.hits.keys();
    if (client === undefined) return;
    const known = this.#coming.get(process);
    if (known !== undefined) {
      for (const [other, ids] of happening.hits)
        known.hits.set(other, [...(known.hits.get(other) ?? []), ...ids]);
      return;
    }
    const coming: Coming = { hits: new Map(happening.hits), text: happening.text };
    if (probes === null || this.#scheduler.probes === null) {
      this.#coming.set(process, coming);
      setImmediate(() => this.#stopAtOnce(process, coming));
      return;
    }
    const step: Step = { client, kind: 'pause', frame: -1, within: [], armed: [], happening: coming };
    this.#begin(process, probes, step);
    this.#coming.set(process, coming);
    const stop = () => {
      if (this.#steps.get(process) !== step) return;
      this.#end(process);
      this.#stopAtOnce(process, coming);
    };
    setImmediate(() => {
      if (process.state === 'waiting') stop();
      else setTimeout(stop, SITE_TIME).unref();
    });
  }

  #stopAtOnce(process: Process, coming: Coming): void {
    const { hits, text } = coming;
    if (this.#coming.get(process) === coming) this.#coming.delete(process);
    // Whoever wanted it may have gone meanwhile.
    if (process.exit !== null || process.paused || hits.size === 0) return;
    this.#scheduler.holding.pause([process]);
    this.#holding.hold(process, hits, 'event', { event: text });
  }

  /** Ends what a client has asked for. */
  release(client: Holder): void {
    this.#breakpoints.release(client);
    if (this.#scheduler.probes !== null) this.setDataBreakpoints(client, []);
    for (const { hits } of this.#coming.values()) hits.delete(client);
    for (const [process, { client: own, happening }] of [...this.#steps])
      if (happening === undefined ? own === client : happening.hits.size === 0) this.#end(process);
  }

  forget(process: Process): void {
    this.#data.forget(process);
    this.#breakpoints.forget(process);
    this.#coming.delete(process);
    if (this.#steps.has(process)) this.#end(process);
  }

  stops(process: Process, frame: number): boolean {
    const { probes } = this.#scheduler;
    const site = probes?.frames.getUint32(frame, true) ?? 0;
    const hit = this.#breakpoints.hitAt(process, this.#kernel.frames, frame, site);
    const step = this.#steps.size === 0 ? undefined : this.#steps.get(process);
    const over = step !== undefined && ends(step, frame, site) ? step : null;
    const change = this.#data.changed(process, frame, site);
    if (hit === null && over === null && change === null) return false;
    this.#stop(process, hit, over, change);
    return true;
  }

  stopsAtCall(process: Process, frame: number, imported: number): boolean {
    const hit = this.#breakpoints.hitAtCall(process, this.#kernel.frames, frame, imported);
    if (hit === null) return false;
    const step = this.#steps.get(process);
    // Where the frame is not known, only a step that ends anywhere is over for certain.
    const isOver =
      step !== undefined &&
      (frame < 0 ? step.frame < 0 : ends(step, frame, this.#kernel.frames.getUint32(frame, true)));
    this.#stop(process, hit, isOver ? step : null, null);
    return true;
  }

  /** Stops a process for all that have come to it here: breakpoints that it hits, a step that is over, and a change of data. */
  #stop(
    process: Process,
    hit: ReadonlyMap<Holder, readonly number[]> | null,
    over: Step | null,
    change: FoundChange | null,
  ): void {
    const holders = new Map<Holder, readonly number[]>(hit);
    const add = (client: Holder, ids: readonly number[]) =>
      holders.set(client, [...(holders.get(client) ?? []), ...ids]);
    let why: StopReason = 'breakpoint';
    let details: StopDetails = {};
    if (over?.happening !== undefined) {
      const { hits, text } = over.happening;
      for (const [client, ids] of hits) add(client, ids);
      why = 'event';
      details = { event: text };
    } else if (over !== null) {
      add(over.client, []);
      if (over.kind === 'pause' || over.kind === 'restart') why = over.kind;
      else if (hit === null) why = 'step';
    }
    if (change !== null) {
      for (const client of this.#holding.clients) {
        const ids = change.hit.get(client);
        if (ids !== undefined) add(client, ids);
      }
      why = 'data';
      details = { ...details, change: { ...change.first, ...this.#storeAt(process, change.site) } };
    }
    this.#end(process);
    this.#holding.hold(process, holders, why, details);
  }

  #storeAt(process: Process, site: number): Pick<DataChange, 'store'> {
    const { probes, source } = process.module;
    const defined = probes?.map.functionAt(site) ?? -1;
    if (defined < 0) return {};
    const module = this.#modules.keyOf(process.module);
    return { store: { ...stackFrame(process.module, source.importedFunctions + defined, site), module } };
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
    if (step.happening !== undefined) this.#coming.delete(process);
    for (const defined of step.armed) process.module.probes?.disarm(defined);
    if (step.armed.length === 0 && process.exit === null)
      this.#kernel.step(process, this.#data.watches(process));
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
    case 'restart':
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
