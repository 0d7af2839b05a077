import { BreakpointEvent, OutputEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { ANY_CALL, type BreakpointTerms, type ModuleKey } from '../runtime/inspect/protocol.ts';
import { DUMP_REFUSAL, type Inspected, InspectRequestError } from '../runtime/internal.ts';
import type { BreakpointFinder, BreakpointTarget, FoundTarget, NotFound } from './breakpoint-finder.ts';
import { faultIn, type NameFinder, type WantedTerms } from './breakpoint-terms.ts';
import { lastPart } from './source-files.ts';

const REASONS: Readonly<Record<Exclude<NotFound, 'no sources'>, string>> = {
  'no file': 'No module of the program has code of this file, as far as its debug information tells',
  'no code': 'There is no code on this line nor after it',
  'no function': 'No module of the program has a function of this name, nor calls a host function of it',
  'other module': 'The module is not in use any more',
};

/** What is said of a breakpoint until a module has a place for it. */
const NOWHERE_YET: Readonly<Record<BreakpointTarget['kind'], string>> = {
  line: REASONS['no file'],
  function: REASONS['no function'],
  text: 'The program cannot be stopped at this instruction',
  instruction: 'The program cannot be stopped at this instruction',
};

/** What makes compilers tell of sources, by the extensions of these. */
const OPTIONS: readonly [extensions: RegExp, option: string][] = [
  [/\.ts$/i, 'compile it with --sourceMap, or "sourceMap": true in asconfig.json'],
  [/\.(c|cc|cpp|cxx|h|hh|hpp)$/i, 'compile and link it with -g'],
  [/\.rs$/i, 'compile it with -g, or debug = true in the profile in Cargo.toml'],
];

/** Why a program has no breakpoints. */
const NOT_FOR_DEBUGGING =
  'The program was started without breakpoints; `--inspect=debug` starts it with them';

/** What a client asks for. */
export interface WantedBreakpoint {
  readonly target: BreakpointTarget;
  readonly terms?: WantedTerms;
  /** Why it makes no sense; it is told as one at which processes never stop. */
  readonly fault?: string;
}

/** A breakpoint as the client knows it. */
export class Breakpoint {
  readonly id: number;
  readonly key: string;
  readonly target: BreakpointTarget;
  /** By module: where it is there. */
  readonly found = new Map<ModuleKey, FoundTarget>();
  /** Places at which processes stop for it, as texts of a module and an offset. */
  readonly sites = new Set<string>();
  why: string;
  readonly terms: WantedTerms;
  /** What is wrong with it or its terms, because of which processes never stop at it. */
  readonly fault: string | null;
  /** What is wrong with them where it is, because of which processes always stop. */
  problem: string | null = null;

  constructor(id: number, wanted: WantedBreakpoint) {
    const { target, terms = {}, fault } = wanted;
    this.key = keyOf(wanted);
    this.id = id;
    this.target = target;
    this.terms = terms;
    this.why = NOWHERE_YET[target.kind];
    this.fault = fault ?? faultIn(terms);
  }
}

/** The breakpoints that a client has set. Each request replaces those of one group: of a source, of all functions. */
export class Breakpoints {
  readonly #client: Inspected;
  readonly #finder: BreakpointFinder;
  readonly #names: NameFinder;
  readonly #send: (event: DebugProtocol.Event) => void;
  readonly #describe: (breakpoint: Breakpoint) => DebugProtocol.Breakpoint;
  readonly #groups = new Map<string, readonly Breakpoint[]>();
  readonly #modules = new Set<ModuleKey>();
  #lastId = 0;
  /** Events that wait until the client has the answer to its request, which tells it the ids. */
  #later: DebugProtocol.Event[] | null = null;
  /** Changes are made one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    client: Inspected,
    finder: BreakpointFinder,
    names: NameFinder,
    send: (event: DebugProtocol.Event) => void,
    describe: (breakpoint: Breakpoint) => DebugProtocol.Breakpoint,
  ) {
    this.#client = client;
    this.#finder = finder;
    this.#names = names;
    this.#send = send;
    this.#describe = describe;
  }

  /** Whether the program can be stopped at breakpoints. */
  get areSupported(): boolean {
    return this.#client.isRunning && this.#client.welcome.debug === true;
  }

  /** A number for a breakpoint, which no other one has. */
  takeId(): number {
    return ++this.#lastId;
  }

  get modules(): readonly ModuleKey[] {
    return [...this.#modules];
  }

  /** Sets the breakpoints of a group in place of those that it had. */
  set(group: string, wanted: readonly WantedBreakpoint[]): Promise<readonly Breakpoint[]> {
    return this.#inTurn(async () => {
      const before = this.#groups.get(group) ?? [];
      // One that stays keeps its id, by which a client finds it again.
      const kept = Map.groupBy(before, ({ key }) => key);
      const breakpoints = wanted.map(
        (asked) => kept.get(keyOf(asked))?.shift() ?? new Breakpoint(++this.#lastId, asked),
      );
      this.#groups.set(group, breakpoints);
      if (!this.areSupported) {
        for (const breakpoint of breakpoints)
          breakpoint.why = this.#client.isRunning ? NOT_FOR_DEBUGGING : DUMP_REFUSAL;
        return breakpoints;
      }
      const added = breakpoints.filter((breakpoint) => !before.includes(breakpoint));
      const later: DebugProtocol.Event[] = [];
      this.#later = later;
      try {
        for (const module of this.#modules) await this.#find(added, module);
        const changed = new Set([...before, ...breakpoints].flatMap(({ found }) => [...found.keys()]));
        for (const module of changed) await this.#place(module);
      } finally {
        this.#later = null;
        // The answer is sent before the next turn of the event loop.
        setImmediate(() => later.forEach(this.#send));
      }
      return breakpoints;
    });
  }

  /** Sets all breakpoints in a module too, when it is first seen. */
  add(module: ModuleKey): Promise<void> {
    if (!this.areSupported) return Promise.resolve();
    if (this.#modules.has(module)) return this.#last.then(() => {});
    this.#modules.add(module);
    return this.#inTurn(async () => {
      const all = [...this.#groups.values()].flat();
      const before = new Map(all.map((breakpoint) => [breakpoint, breakpoint.why]));
      await this.#find(all, module);
      const isFound = (breakpoint: Breakpoint) => breakpoint.found.has(module);
      if (all.some(isFound)) await this.#place(module);
      const changed = all.filter((one) => isFound(one) || one.why !== before.get(one));
      for (const breakpoint of changed)
        this.#send(new BreakpointEvent('changed', this.#describe(breakpoint) as never));
    });
  }

  /** The ids of those at which a process stands. */
  at(module: ModuleKey, offset: number): number[] {
    const site = `${module} ${offset}`;
    const all = [...this.#groups.values()].flat();
    return all.filter(({ sites }) => sites.has(site)).map(({ id }) => id);
  }

  /** The breakpoint that a client has been given this number for. */
  withId(id: number): Breakpoint | undefined {
    return [...this.#groups.values()].flat().find((breakpoint) => breakpoint.id === id);
  }

  /** Called when the condition of a breakpoint could not be evaluated. */
  failed(id: number, problem: string): void {
    const breakpoint = this.withId(id);
    if (breakpoint !== undefined) this.#tell(breakpoint, problem);
  }

  /** Tells the client once what is wrong with the terms of a breakpoint. */
  #tell(breakpoint: Breakpoint, problem: string): void {
    if (breakpoint.problem === problem) return;
    breakpoint.problem = problem;
    const where = breakpointPlace(breakpoint);
    const events = [
      new OutputEvent(`Processes always stop at ${where}: ${problem}\n`, 'console'),
      new BreakpointEvent('changed', this.#describe(breakpoint) as never),
    ];
    if (this.#later === null) for (const event of events) this.#send(event);
    else this.#later.push(...events);
  }

  async #find(breakpoints: readonly Breakpoint[], module: ModuleKey): Promise<void> {
    try {
      for (const breakpoint of breakpoints) {
        const found = await this.#finder.find(breakpoint.target, module);
        if (typeof found !== 'string') breakpoint.found.set(module, found);
        else if (found === 'no sources') {
          // Modules that a program compiles say nothing of its own sources.
          if (this.#modules.size === 1) breakpoint.why = whyNoSources(breakpoint.target);
        } else if (found !== 'no file' && breakpoint.found.size === 0) breakpoint.why = REASONS[found];
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
    const places = all.flatMap((breakpoint) => {
      const { offsets = [], calls = [] } = breakpoint.found.get(module) ?? {};
      const own: readonly { offset: number; imported?: number }[] = [
        ...offsets.map((offset) => ({ offset })),
        ...calls,
      ];
      return breakpoint.fault === null ? own.map((place) => ({ breakpoint, ...place })) : [];
    });
    // Those of before count until the answer: a process may stop at one of them meanwhile.
    const forget = () => {
      for (const { breakpoint } of places) {
        for (const site of breakpoint.sites) if (site.startsWith(`${module} `)) breakpoint.sites.delete(site);
      }
    };
    try {
      const terms: BreakpointTerms[] = [];
      const types = this.#names.typesOf(module);
      for (const { breakpoint, offset, imported } of places) {
        const found = await this.#names.termsAt(breakpoint.id, breakpoint.terms, module, offset, types);
        const isOfLine = breakpoint.target.kind === 'line' || breakpoint.target.kind === 'text';
        terms.push({
          ...found,
          ...(imported === undefined ? {} : { imported }),
          ...(isOfLine ? { isOfLine } : {}),
        });
      }
      const { sites, problems } = await this.#client.request('module/breakpoints', {
        module,
        offsets: places.map(({ offset }) => offset),
        terms,
        ...(types.list.length === 0 ? {} : { types: types.list }),
      });
      forget();
      for (const [i, { breakpoint, offset }] of places.entries()) {
        const site = sites[i];
        // What an unknown call is in has no variables.
        if (offset === ANY_CALL) continue;
        if (site != null) breakpoint.sites.add(`${module} ${site}`);
        const problem = problems?.[i];
        if (problem != null) this.#tell(breakpoint, problem);
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

/** The same for those that are asked for in the same way. */
function keyOf({ target, terms, fault }: WantedBreakpoint): string {
  return JSON.stringify([target, terms ?? {}, fault ?? null]);
}

/** Says what to do about a program without sources. */
function whyNoSources(target: BreakpointTarget): string {
  const path = target.kind === 'line' ? target.path : '';
  const [, option = 'compile it with debug information'] =
    OPTIONS.find(([extensions]) => extensions.test(path)) ?? [];
  return `The program has no debug information, so it stops at no line of its sources: ${option}`;
}

/** Names a breakpoint in a message. */
function breakpointPlace({ target }: Breakpoint): string {
  switch (target.kind) {
    case 'line':
      return `the breakpoint in ${lastPart(target.path)}:${target.line}`;
    case 'function':
      return `the breakpoint at ${target.name}`;
    default:
      return 'a breakpoint at an instruction';
  }
}
