import { BreakpointEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ModuleKey } from '../runtime/inspect/protocol.ts';
import { type InspectClient, InspectRequestError } from '../runtime/internal.ts';
import type { BreakpointFinder, BreakpointTarget, FoundTarget, NotFound } from './breakpoint-finder.ts';

const REASONS: Readonly<Record<NotFound, string>> = {
  'no file': 'No module of the program has code of this file, as far as its debug information tells',
  'no code': 'There is no code on this line nor after it',
  'no function': 'No module of the program has a function of this name',
  'other module': 'The module is not in use any more',
};

/** What is said of a breakpoint until a module has a place for it. */
const NOWHERE_YET: Readonly<Record<BreakpointTarget['kind'], string>> = {
  line: REASONS['no file'],
  function: REASONS['no function'],
  text: 'The program cannot be stopped at this instruction',
  instruction: 'The program cannot be stopped at this instruction',
};

/** Why a program has no breakpoints. */
const NOT_FOR_DEBUGGING =
  'The program was started without breakpoints; `lunatic run --inspect=debug` starts it with them';

/** A breakpoint as the client knows it. */
export class Breakpoint {
  readonly id: number;
  readonly target: BreakpointTarget;
  /** By module: where it is there. */
  readonly found = new Map<ModuleKey, FoundTarget>();
  /** Places at which processes stop for it, as texts of a module and an offset. */
  readonly sites = new Set<string>();
  why: string;

  constructor(id: number, target: BreakpointTarget) {
    this.id = id;
    this.target = target;
    this.why = NOWHERE_YET[target.kind];
  }
}

/** The breakpoints that a client has set. Each request replaces those of one group: of a source, of all functions. */
export class Breakpoints {
  readonly #client: InspectClient;
  readonly #finder: BreakpointFinder;
  readonly #send: (event: DebugProtocol.Event) => void;
  readonly #describe: (breakpoint: Breakpoint) => DebugProtocol.Breakpoint;
  readonly #groups = new Map<string, readonly Breakpoint[]>();
  readonly #modules = new Set<ModuleKey>();
  #lastId = 0;
  /** Changes are made one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    client: InspectClient,
    finder: BreakpointFinder,
    send: (event: DebugProtocol.Event) => void,
    describe: (breakpoint: Breakpoint) => DebugProtocol.Breakpoint,
  ) {
    this.#client = client;
    this.#finder = finder;
    this.#send = send;
    this.#describe = describe;
  }

  /** Whether the program can be stopped at breakpoints. */
  get areSupported(): boolean {
    return this.#client.welcome.debug === true;
  }

  get modules(): readonly ModuleKey[] {
    return [...this.#modules];
  }

  /** Sets the breakpoints of a group in place of those that it had. */
  set(group: string, targets: readonly BreakpointTarget[]): Promise<readonly Breakpoint[]> {
    return this.#inTurn(async () => {
      const before = this.#groups.get(group) ?? [];
      // One that stays keeps its id, by which a client finds it again.
      const kept = new Map(before.map((breakpoint) => [JSON.stringify(breakpoint.target), breakpoint]));
      const breakpoints = targets.map(
        (target) => kept.get(JSON.stringify(target)) ?? new Breakpoint(++this.#lastId, target),
      );
      this.#groups.set(group, breakpoints);
      if (!this.areSupported) {
        for (const breakpoint of breakpoints) breakpoint.why = NOT_FOR_DEBUGGING;
        return breakpoints;
      }
      const added = breakpoints.filter((breakpoint) => !before.includes(breakpoint));
      for (const module of this.#modules) await this.#find(added, module);
      const changed = new Set([...before, ...breakpoints].flatMap(({ found }) => [...found.keys()]));
      for (const module of changed) await this.#place(module);
      return breakpoints;
    });
  }

  /** Sets all breakpoints in a module too, when it is first seen. */
  add(module: ModuleKey): Promise<void> {
    if (this.#modules.has(module) || !this.areSupported) return Promise.resolve();
    this.#modules.add(module);
    return this.#inTurn(async () => {
      const all = [...this.#groups.values()].flat();
      await this.#find(all, module);
      const found = all.filter((breakpoint) => breakpoint.found.has(module));
      if (found.length === 0) return;
      await this.#place(module);
      for (const breakpoint of found)
        this.#send(new BreakpointEvent('changed', this.#describe(breakpoint) as never));
    });
  }

  /** The ids of those at which a process stands. */
  at(module: ModuleKey, offset: number): number[] {
    const site = `${module} ${offset}`;
    const all = [...this.#groups.values()].flat();
    return all.filter(({ sites }) => sites.has(site)).map(({ id }) => id);
  }

  async #find(breakpoints: readonly Breakpoint[], module: ModuleKey): Promise<void> {
    try {
      for (const breakpoint of breakpoints) {
        const found = await this.#finder.find(breakpoint.target, module);
        if (typeof found !== 'string') breakpoint.found.set(module, found);
        else if (found !== 'no file' && breakpoint.found.size === 0) breakpoint.why = REASONS[found];
      }
    } catch (error) {
      // The module is in use no more.
      if (!(error instanceof InspectRequestError)) throw error;
      this.#modules.delete(module);
    }
  }

  /** Tells the runtime all places of a module. */
  async #place(module: ModuleKey): Promise<void> {
    const all = [...this.#groups.values()].flat();
    const places = all.flatMap((breakpoint) =>
      (breakpoint.found.get(module)?.offsets ?? []).map((offset) => ({ breakpoint, offset })),
    );
    // Those of before count until the answer: a process may stop at one of them meanwhile.
    const forget = () => {
      for (const { breakpoint } of places) {
        for (const site of breakpoint.sites) if (site.startsWith(`${module} `)) breakpoint.sites.delete(site);
      }
    };
    try {
      const { sites } = await this.#client.request('module/breakpoints', {
        module,
        offsets: places.map(({ offset }) => offset),
      });
      forget();
      for (const [i, { breakpoint }] of places.entries()) {
        const site = sites[i];
        if (site != null) breakpoint.sites.add(`${module} ${site}`);
      }
    } catch (error) {
      // The module is in use no more.
      if (!(error instanceof InspectRequestError)) throw error;
      forget();
      for (const { breakpoint } of places) breakpoint.found.delete(module);
    }
  }

  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(change);
    this.#last = result.catch(() => {});
    return result;
  }
}
