import type { LoadedModule } from '../kernel/module.ts';
import type { ModuleProbes } from '../kernel/module-probes.ts';
import type { Process } from '../kernel/process.ts';
import { type FrameLayout, layoutOf } from '../wasm/index.ts';
import { CallScope } from './call-scope.ts';
import type { Holder, Holding } from './holding.ts';
import { LogLines } from './log-lines.ts';
import { ProcessCall } from './process-call.ts';
import type { ProcessIndex } from './process-index.ts';
import { ANY_CALL, type BreakpointTerms, type ModuleKey, type Requests, type ValueType } from './protocol.ts';
import { type Hits, messageOf, SiteBreakpoint } from './site-breakpoint.ts';

/** Breakpoints by the offsets at which they are. */
type ByOffset = Map<number, readonly SiteBreakpoint[]>;

/** The breakpoints of a module. */
interface ModuleBreakpoints {
  readonly sites: ByOffset;
  /** By the import that is called, then by the call; at `ANY_CALL` those that count where no other of the same number does. */
  readonly calls: Map<number, ByOffset>;
}

/** Where a process is as long as it does not leave a line with breakpoints. */
interface Passed {
  readonly frame: number;
  /** Sites of the line to which it has come. When it comes to one again, that is another turn of a loop. */
  readonly sites: number[];
  readonly breakpoints: readonly SiteBreakpoint[];
}

/** What a client has asked for. */
interface Wishes {
  /** The modules in which it has breakpoints. */
  readonly modules: Map<ModuleKey, LoadedModule>;
  /** How often breakpoints were hit, by their numbers, with the text of their hit counts. */
  readonly hits: Map<number, Hits & { readonly wanted: string | undefined }>;
  readonly log: LogLines;
  /** What it has been told of breakpoints whose conditions cannot be evaluated. */
  readonly told: Map<number | undefined, string>;
}

const NO_TERMS: BreakpointTerms = {};
const NO_LOCALS: FrameLayout = layoutOf([]);

/** Breakpoints at places in the code of modules, and what comes of processes being there. All belong to the clients that made them. */
export class CodeBreakpoints {
  readonly #index: ProcessIndex;
  readonly #holding: Pick<Holding, 'choices'>;
  /** By module. Those of modules that nobody uses any more are not kept. */
  readonly #modules = new WeakMap<LoadedModule, ModuleBreakpoints>();
  readonly #clients = new Map<Holder, Wishes>();
  /** By process: where it was last, as long as that is on a line with a breakpoint. */
  readonly #passed = new Map<Process, Passed>();
  /** The call at the place that is looked at. */
  readonly #call = new ProcessCall();

  constructor(index: ProcessIndex, holding: Pick<Holding, 'choices'>) {
    this.#index = index;
    this.#holding = holding;
  }

  /**
   * Replaces the breakpoints of a client in a module that can be probed. For the parameters and the result, see
   * `Stopping.setBreakpoints`.
   */
  set(
    client: Holder,
    key: ModuleKey,
    module: LoadedModule,
    offsets: readonly number[],
    terms: readonly BreakpointTerms[] | undefined,
    types: readonly ValueType[],
  ): Requests['module/breakpoints']['result'] {
    const { probes } = module;
    this.#clear(client, module);
    const wishes = this.#wishesOf(client);
    wishes.modules.set(key, module);
    const found: ModuleBreakpoints = this.#modules.get(module) ?? { sites: new Map(), calls: new Map() };
    this.#modules.set(module, found);
    const sites: (number | null)[] = [];
    const problems = offsets.map((offset, i): string | null => {
      const wanted = terms?.[i] ?? NO_TERMS;
      const { imported } = wanted;
      const site = imported === undefined ? (probes?.map.siteFrom(offset) ?? null) : offset;
      sites.push(site);
      if (site === null || probes === null) return null;
      const places = imported === undefined ? found.sites : callsOf(found, imported);
      const ofSite = places.get(site) ?? [];
      // Several places of a line may have come to the same site.
      const same = ofSite.find((other) => other.client === client && other.id === wanted.id);
      if (same !== undefined && (terms === undefined || wanted.id !== undefined)) return same.problem;
      const defined = probes.map.functionAt(site);
      const layout = probes.map.layouts[defined] ?? NO_LOCALS;
      const names = new Map(Object.entries(wanted.names ?? {}));
      const scope = new CallScope(module.source, layout, names, wanted.types ?? types);
      const breakpoint = new SiteBreakpoint(client, wanted, scope, hitsOf(wishes, wanted));
      places.set(site, [...ofSite, breakpoint]);
      if (imported === undefined) probes.arm(defined);
      else probes.armImports();
      return breakpoint.problem;
    });
    this.#prune(client, wishes);
    return terms === undefined ? { sites } : { sites, problems };
  }

  /** Tells a client all that its log points have printed so far. */
  flush(client: Holder): void {
    this.#clients.get(client)?.log.flush();
  }

  /** Called when a process has ended, or begins anew. */
  forget(process: Process): void {
    this.#passed.delete(process);
  }

  /** Ends the breakpoints of a client. */
  release(client: Holder): void {
    const wishes = this.#clients.get(client);
    for (const module of wishes?.modules.values() ?? []) this.#clear(client, module);
    wishes?.log.end();
    this.#clients.delete(client);
  }

  /** The clients for which a process stops at a site, with the numbers of their breakpoints; null if there are none. */
  hitAt(process: Process, frames: DataView, frame: number, site: number): Map<Holder, number[]> | null {
    const breakpoints = this.#modules.get(process.module)?.sites.get(site);
    if (breakpoints !== undefined)
      return this.#hit(process, frames, frame, this.#reached(process, frame, site, breakpoints));
    // Functions that the line calls do not leave it.
    if (this.#passed.size > 0 && frame <= (this.#passed.get(process)?.frame ?? frame))
      this.#passed.delete(process);
    return null;
  }

  /** The same where it is about to call an import through a table or a reference. @param frame -1 if that of the caller is not known */
  hitAtCall(
    process: Process,
    frames: DataView,
    frame: number,
    imported: number,
  ): Map<Holder, number[]> | null {
    const calls = this.#modules.get(process.module)?.calls.get(imported);
    if (calls === undefined) return null;
    const own = frame < 0 ? [] : (calls.get(frames.getUint32(frame, true)) ?? []);
    const others = (calls.get(ANY_CALL) ?? []).filter((other) =>
      own.every(({ client, id }) => client !== other.client || id !== other.id),
    );
    return this.#hit(process, frames, frame, [...own, ...others]);
  }

  /** Leaves out the lines on which a process was already when it came here: all sites of the function probe. */
  #reached(
    process: Process,
    frame: number,
    site: number,
    breakpoints: readonly SiteBreakpoint[],
  ): readonly SiteBreakpoint[] {
    const before = this.#passed.get(process);
    const isOther = ({ client, id, isOfLine }: SiteBreakpoint) =>
      !isOfLine || !before?.breakpoints.some((other) => other.client === client && other.id === id);
    const isOnLine =
      before !== undefined &&
      before.frame === frame &&
      !before.sites.includes(site) &&
      areOfOneCall(process.module.probes, before.sites[0] ?? -1, site) &&
      !breakpoints.every(isOther);
    if (breakpoints.some(({ isOfLine }) => isOfLine))
      this.#passed.set(process, { frame, sites: isOnLine ? [...before.sites, site] : [site], breakpoints });
    else this.#passed.delete(process);
    return isOnLine ? breakpoints.filter(isOther) : breakpoints;
  }

  #hit(
    process: Process,
    frames: DataView,
    frame: number,
    breakpoints: readonly SiteBreakpoint[],
  ): Map<Holder, number[]> | null {
    const call = this.#call;
    call.process = process;
    let hit: Map<Holder, number[]> | null = null;
    try {
      for (const breakpoint of breakpoints) {
        const { client, id } = breakpoint;
        if (!this.#holding.choices.admits(client, process)) continue;
        call.begin(frames, frame);
        const what = this.#resultOf(breakpoint);
        if (what === 'none') continue;
        if (what === 'log') {
          this.#clients.get(client)?.log.add(() => {
            const { key, environment, names, entry } = this.#index.info(process);
            const text = breakpoint.line(call);
            const teller = { key, id: process.id, environment, names, entry };
            return { ...(id === undefined ? {} : { id }), process: teller, text };
          });
          continue;
        }
        hit ??= new Map();
        const ids = hit.get(client);
        if (ids === undefined) hit.set(client, id === undefined ? [] : [id]);
        else if (id !== undefined) ids.push(id);
      }
    } finally {
      call.process = null;
    }
    return hit;
  }

  /** A condition that cannot be evaluated counts as true, and its client is told once. */
  #resultOf(breakpoint: SiteBreakpoint): 'none' | 'stop' | 'log' {
    try {
      return breakpoint.hit(this.#call);
    } catch (error) {
      const problem = messageOf(error);
      const { client, id } = breakpoint;
      const told = this.#clients.get(client)?.told;
      if (id !== undefined && told?.get(id) !== problem) {
        told?.set(id, problem);
        setImmediate(() => client.breakpointFailed({ id, problem }));
      }
      return 'stop';
    }
  }

  #wishesOf(client: Holder): Wishes {
    let wishes = this.#clients.get(client);
    if (wishes === undefined) {
      const log = new LogLines((event) => client.logged(event));
      wishes = { modules: new Map(), hits: new Map(), log, told: new Map() };
      this.#clients.set(client, wishes);
    }
    return wishes;
  }

  /** Forgets what breakpoints have come to that are not there any more. */
  #prune(client: Holder, { modules, hits, told }: Wishes): void {
    const used = new Set<number | undefined>();
    for (const module of modules.values())
      for (const places of placesIn(this.#modules.get(module)))
        for (const breakpoint of [...places.values()].flat())
          if (breakpoint.client === client) used.add(breakpoint.id);
    for (const id of hits.keys()) if (!used.has(id)) hits.delete(id);
    for (const id of told.keys()) if (!used.has(id)) told.delete(id);
  }

  #clear(client: Holder, module: LoadedModule): void {
    this.#passed.clear();
    const found = this.#modules.get(module);
    for (const places of placesIn(found)) {
      for (const [site, ofSite] of places) {
        const others = ofSite.filter((breakpoint) => breakpoint.client !== client);
        for (let i = others.length; i < ofSite.length; i++)
          disarm(module.probes, places === found?.sites ? site : null);
        if (others.length === 0) places.delete(site);
        else places.set(site, others);
      }
    }
  }
}

/** Whether a process that was at a site, and then at another one with its frame at the same address, is still in the same call. */
function areOfOneCall(probes: ModuleProbes | null, before: number, site: number): boolean {
  if (probes === null) return false;
  const { map } = probes;
  const defined = map.functionAt(site);
  if (map.functionAt(before) !== defined) return false;
  // Another call would have begun at a site, where what was passed before is forgotten.
  const begin = map.ranges.codeStart[defined];
  return begin !== undefined && map.siteFrom(begin) === begin;
}

/** @param site null for a call of an import */
function disarm(probes: ModuleProbes | null, site: number | null): void {
  if (site === null) probes?.disarmImports();
  else probes?.disarm(probes.map.functionAt(site));
}

function callsOf({ calls }: ModuleBreakpoints, imported: number): ByOffset {
  let found = calls.get(imported);
  if (found === undefined) {
    found = new Map();
    calls.set(imported, found);
  }
  return found;
}

function placesIn(breakpoints: ModuleBreakpoints | undefined): ByOffset[] {
  return breakpoints === undefined ? [] : [breakpoints.sites, ...breakpoints.calls.values()];
}

/** The hits of a breakpoint, which go on counting while it stays the same. */
function hitsOf({ hits }: Wishes, { id, hits: wanted }: BreakpointTerms): Hits {
  if (id === undefined) return { count: 0 };
  const known = hits.get(id);
  if (known !== undefined && known.wanted === wanted) return known;
  const counted = { count: 0, wanted };
  hits.set(id, counted);
  return counted;
}
