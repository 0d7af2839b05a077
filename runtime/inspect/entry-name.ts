import { functionName, type NamedModule } from '../kernel/guest-stack.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';
import { callsIn } from '../symbols/code-reading.ts';
import { withoutMacros } from '../symbols/library-code.ts';
import { ModuleParts } from '../symbols/module-parts.ts';
import { sdkEntry } from '../symbols/sdk-entries.ts';
import { displayName } from '../text/display-name.ts';
import { tableFunctions } from '../wasm/index.ts';

/** A function without a name of its own: a closure in Rust, an arrow function in AssemblyScript. */
const ANONYMOUS = /::\{\{closure\}\}$|~anonymous\|\d+$/;

/** What the first name of a path must not be for somebody to have written it for this program. */
const LIBRARIES: ReadonlySet<string> = new Set([
  'std',
  'core',
  'alloc',
  'lunatic',
  'serde',
  'bincode',
  '~lib',
]);

/** Functions that one calls whose names are looked at: closures and shims are short. */
const MOST_CALLED = 200;

/** Bytes of a function that are read for its calls. */
const MOST_CODE = 2 ** 16;

/** Functions that call each other, before one is found that has a name. */
const MOST_STEPS = 4;

/** The function with which all abstract processes of the crate `lunatic` begin; newer names of Rust have the type in it. */
const ABSTRACT_PROCESS = /^lunatic::ap::lifecycles::entry(?:::)?(?:<(.+)>)?$/;
/** A method of an abstract process or a supervisor, with its type. */
const ACTOR_METHOD = /^<(.+?) as lunatic::(?:ap|supervisor)::.+>::\w+$/;
/** A method that all supervisors share. */
const SUPERVISOR = /^lunatic::supervisor::<impl lunatic::ap::AbstractProcess for .+>::\w+$/;

/** Calls from the beginning of an abstract process to a method of its type, and functions that are looked at on the way. */
const MOST_DEPTH = 5;
const MOST_LOOKED_AT = 200;

/** Characters of names that are read to find one name: a guest may have chosen long ones to keep the host busy. */
const MOST_NAMES = 2 ** 16;

/** What is known of a module: its table, where its functions are, and the names that were found. */
interface Known {
  readonly table: ReadonlyMap<number, number>;
  readonly parts: ModuleParts;
  readonly names: Map<number, string | null>;
}

const modules = new WeakMap<NamedModule, Known>();

/**
 * The name of the function that a process runs, fit to be displayed: its entry function, or the one that its SDK has been told to call
 * from there. Nobody would know processes apart that are all called `_lunatic_spawn_by_index_0.14.1`.
 */
export function entryName({ entry, module }: Process): string {
  const known = sdkEntry(entry.name);
  const place = known === undefined ? undefined : entry.params[known.parameter];
  const name = typeof place === 'number' ? nameAt(module, place >>> 0) : null;
  return name ?? displayName(entry.name);
}

/** The name of the function at a place of the first table, fit to be displayed; null if it is not known. */
export function functionInTable(module: NamedModule, place: number): string | null {
  const index = knownOf(module).table.get(place);
  const name = index === undefined ? undefined : functionName(module, index);
  return name === undefined ? null : displayName(name);
}

function knownOf(module: NamedModule): Known {
  let known = modules.get(module);
  if (known === undefined) {
    const { source } = module;
    known = { table: tableFunctions(source), parts: new ModuleParts(source.bytes), names: new Map() };
    modules.set(module, known);
  }
  return known;
}

function nameAt(module: LoadedModule, place: number): string | null {
  const known = knownOf(module);
  let name = known.names.get(place);
  if (name === undefined) {
    const index = known.table.get(place);
    if (index === undefined) return null;
    name = nameOf(new Search(module, known.parts), index);
    known.names.set(place, name);
  }
  return name;
}

/** What is read of a module to find one name. */
class Search {
  readonly #module: LoadedModule;
  readonly #parts: ModuleParts;
  #left = MOST_NAMES;

  constructor(module: LoadedModule, parts: ModuleParts) {
    this.#module = module;
    this.#parts = parts;
  }

  /** The name of a function. Undefined if it has none, or if too much has been read. */
  name(index: number): string | undefined {
    if (this.#left <= 0) return undefined;
    // What is displayed of it is short, whatever it took to find that.
    this.#left -= this.#module.functionNames.get(index)?.length ?? 0;
    return functionName(this.#module, index);
  }

  /**
   * The functions that one calls. Its code alone is read: to survey that of the whole module takes hundreds of milliseconds, in which no
   * process has a turn.
   */
  calledBy(index: number): number[] {
    const { start, end } = this.#parts.bodyOf(index);
    return callsIn(this.#module.source.bytes, start, Math.min(end, start + MOST_CODE));
  }
}

/**
 * The name of a function. One without a name of its own, or a library's that only calls another one, is called as that: as the only one of the
 * program's own that it calls. Null if nobody would know it.
 */
function nameOf(search: Search, index: number, depth = 0): string | null {
  const name = search.name(index);
  if (name === undefined) return null;
  const actor = ABSTRACT_PROCESS.exec(name);
  if (actor !== null) return withoutMacros(actor[1] ?? actorOf(search, index));
  const isForeign = isLibrary(name);
  if (!isForeign && !ANONYMOUS.test(name)) return plain(name);
  const called = new Set(search.calledBy(index));
  if (called.size > MOST_CALLED) return isForeign ? null : plain(name);
  const own = [...called].filter((callee) => {
    const calleeName = search.name(callee);
    return calleeName !== undefined && !isLibrary(calleeName);
  });
  const [only, ...others] = own;
  const inner =
    only === undefined || others.length > 0 || depth === MOST_STEPS ? null : nameOf(search, only, depth + 1);
  return inner ?? (isForeign ? null : plain(name));
}

/**
 * The type of an abstract process: that of the first method of the program's own which its beginning leads to. If there is none, since
 * all methods were left to the library or are called through tables, what the crate calls it.
 */
function actorOf(search: Search, begin: number): string {
  const seen = new Set([begin]);
  let isSupervisor = false;
  let callers = [begin];
  for (let depth = 0; depth < MOST_DEPTH; depth++) {
    const inside: number[] = [];
    for (const callee of callers.flatMap((caller) => search.calledBy(caller))) {
      if (seen.has(callee) || seen.size > MOST_LOOKED_AT) continue;
      seen.add(callee);
      const name = search.name(callee) ?? '';
      const type = ACTOR_METHOD.exec(name)?.[1];
      if (type !== undefined && !isLibrary(name)) return type;
      isSupervisor ||= SUPERVISOR.test(name);
      if (isLibrary(name)) inside.push(callee);
    }
    callers = inside;
  }
  return isSupervisor ? 'lunatic::supervisor::Supervisor' : 'lunatic::ap::AbstractProcess';
}

/** The name of a function; of a method of an abstract process its type. */
function plain(name: string): string {
  return withoutMacros(/^<(.+) as lunatic::ap::AbstractProcess>::\w+$/.exec(name)?.[1] ?? name);
}

/** Names of traits' functions begin with the type: `<shop::Till as lunatic::ap::AbstractProcess>::init`. */
function isLibrary(name: string): boolean {
  const path = /^[<&*(]*([\w~]+)(?:::|\/)/.exec(name)?.[1];
  return path === undefined || LIBRARIES.has(path);
}
