import type { HostContext, HostFunction, HostImplementation, OlderSignature } from '../hostcall/function.ts';
import type { DeferredWait } from '../kernel/deferred-wait.ts';
import type { Linker } from '../kernel/module.ts';
import type { ImportOutline } from '../kernel/module-outline.ts';
import type { ScratchArea } from '../kernel/scratch-area.ts';
import { asTrap } from '../kernel/trap.ts';
import { HostWork, type TurnWork } from '../kernel/turn-work.ts';
import { displayName } from '../text/display-name.ts';
import { similarTo } from '../text/similar.ts';
import { HOST_SHIM_IMPORTS, type HostShim, hostShimModule } from '../wasm/index.ts';
import { adviceOnForeign } from './foreign-imports.ts';
import { allHostFunctions, functionsOf } from './table.ts';

/** Imports that an error lists at most. No honest module has more wrong ones. */
const MAX_PROBLEMS = 500;
/** Wrong names for which a similar one is looked for: each takes up to a millisecond. */
const MAX_SUGGESTIONS = 8;
/** Characters of the longest name for which a similar one is looked for. */
const MAX_COMPARED = 100;

/** What is wrong with an import of a module that there is not. The first one also lists those that there are. */
const UNKNOWN_MODULE = 'unknown module';

interface Signature {
  readonly params: readonly string[];
  readonly results: readonly string[];
}

const NO_TYPE: Signature = { params: [], results: [] };

/** One import that cannot be satisfied. */
export interface LinkProblem {
  readonly module: string;
  readonly name: string;
  readonly problem: string;
}

/** A module imports what this runtime does not have. The message lists every such import. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly code = 'LUNATIC_LINK';
  readonly problems: readonly LinkProblem[];

  constructor(problems: readonly LinkProblem[]) {
    const lines = problems
      .slice(0, MAX_PROBLEMS)
      .map(({ module, name, problem }) => `  ${displayName(module)}::${displayName(name)}: ${problem}`);
    if (problems.length > MAX_PROBLEMS) lines.push(`  ... and ${problems.length - MAX_PROBLEMS} more`);
    super(
      `${problems.length === 1 ? 'an import' : `${problems.length} imports`} cannot be linked:\n${lines.join('\n')}`,
    );
    this.problems = problems;
  }
}

export interface LinkerOptions {
  /** Host functions besides the runtime's own. */
  readonly plugins?: readonly HostFunction[] | undefined;
  /** Makes an implementation one that counts its calls, if they are counted. */
  readonly counting?: ((fn: HostFunction, own: HostImplementation) => HostImplementation) | undefined;
}

/** Finds the host functions that modules import, and binds them to one scheduler. */
export class HostLinker implements Linker {
  readonly #context: HostContext;
  readonly #counting: NonNullable<LinkerOptions['counting']>;
  readonly #plugins: readonly HostFunction[];
  /** The functions of the modules that have been imported from, by their names. */
  readonly #namespaces = new Map<string, ReadonlyMap<string, HostFunction>>();
  #areAllLoaded = false;
  /** The values that instances import, by function and, for older signatures, their index in the list. */
  readonly #bound = new Map<string, WebAssembly.ImportValue>();

  constructor(context: HostContext, { plugins = [], counting = (_, own) => own }: LinkerOptions = {}) {
    this.#context = context;
    this.#counting = counting;
    this.#plugins = plugins;
  }

  /** @throws LinkError */
  link(module: ImportOutline): WebAssembly.Imports {
    const imports: WebAssembly.Imports = {};
    const wanted: {
      readonly namespace: Record<string, WebAssembly.ImportValue>;
      readonly name: string;
      readonly id: string;
    }[] = [];
    const signatures = new Map<string, string>();
    const missing = new Map<string, Binding>();
    const problems: LinkProblem[] = [];
    let areModulesListed = false;
    module.imports.forEach((entry) => {
      const key = `${entry.module}::${entry.name}`;
      const problem = (text: string) =>
        problems.push({ module: entry.module, name: entry.name, problem: text });
      if (entry.kind !== 'function') {
        problem(`only functions can be imported, this is a ${entry.kind}`);
        return;
      }
      const fn = this.#find(entry.module, entry.name);
      if (fn === undefined) {
        const looksFurther = problems.length < MAX_SUGGESTIONS && key.length <= MAX_COMPARED;
        const text =
          problems.length < MAX_PROBLEMS ? this.#unknown(entry.module, key, looksFurther) : 'unknown';
        problem(
          text === UNKNOWN_MODULE && !areModulesListed ? `${text}; there are ${this.#modules()}` : text,
        );
        areModulesListed ||= text === UNKNOWN_MODULE;
        return;
      }
      const type = module.types[entry.typeIndex] ?? NO_TYPE;
      const older = fn.older.findIndex((signature) => sameSignature(signature, type));
      if (older < 0 && !sameSignature(fn, type)) {
        problem(`imported as ${signatureText(type)}, but it is ${signatureText(fn)}`);
        return;
      }
      const id = sameSignature(fn, type) ? key : `${key}#${older}`;
      // An import object has only one value for a name.
      if ((signatures.get(key) ?? id) !== id)
        problem('imported with two signatures, of which only one can be used');
      signatures.set(key, id);
      if (!this.#bound.has(id)) missing.set(id, { fn, older: id === key ? undefined : fn.older[older] });
      const namespace = imports[entry.module] ?? {};
      imports[entry.module] = namespace;
      wanted.push({ namespace, name: entry.name, id });
    });
    if (problems.length > 0) throw new LinkError(problems);
    if (missing.size > 0) this.#bind(missing);
    for (const { namespace, name, id } of wanted) {
      const bound = this.#bound.get(id);
      if (bound !== undefined) namespace[name] = bound;
    }
    return imports;
  }

  #find(module: string, name: string): HostFunction | undefined {
    const fn = this.#namespace(module).get(name);
    if (fn !== undefined || this.#areAllLoaded) return fn;
    // Some add functions to other namespaces: sockets are sent in messages.
    allHostFunctions();
    this.#areAllLoaded = true;
    this.#namespaces.clear();
    return this.#namespace(module).get(name);
  }

  #namespace(module: string): ReadonlyMap<string, HostFunction> {
    let namespace = this.#namespaces.get(module);
    if (namespace === undefined) {
      const own = this.#plugins.filter((fn) => fn.module === module);
      namespace = new Map([...functionsOf(module), ...own].map((fn) => [fn.name, fn]));
      // What is not there is named by modules, which may be any number of names.
      if (namespace.size > 0) this.#namespaces.set(module, namespace);
    }
    return namespace;
  }

  get #all(): readonly HostFunction[] {
    return [...allHostFunctions(), ...this.#plugins];
  }

  #unknown(module: string, key: string, looksFurther: boolean): string {
    const advice = adviceOnForeign(key);
    if (advice !== undefined) return `unknown: ${advice}`;
    if (looksFurther) {
      const similar = similarTo(
        key,
        this.#all.map((fn) => `${fn.module}::${fn.name}`),
      );
      if (similar !== null) return `unknown; did you mean ${similar}?`;
    }
    return this.#namespace(module).size > 0 ? 'unknown function' : UNKNOWN_MODULE;
  }

  #modules(): string {
    return [...new Set(this.#all.map((fn) => fn.module.replace(/^lunatic::.*/, 'lunatic::*')))].join(', ');
  }

  /** Makes the values that instances import for these functions. */
  #bind(missing: ReadonlyMap<string, Binding>): void {
    const ids = [...missing.keys()];
    const bindings = [...missing.values()];
    const shims = bindings.map(({ fn, older }) => {
      const { params, results } = older ?? fn;
      return {
        params,
        results,
        split: fn.split,
        work: fn.work ?? HostWork.call,
        waits: mayWait(fn) && results[0] === 'i32' && !fn.returnsAny,
        defers: mayWait(fn) && results[0] === 'i32',
        usual: older === undefined ? fn.usual?.params : undefined,
      };
    });
    const { scheduler } = this.#context;
    const functions: Record<string, WebAssembly.ImportValue> = {
      again: new WebAssembly.Suspending(scheduler.stacks.waitAgain),
      wait: new WebAssembly.Suspending(scheduler.deferred.wait),
      tick: scheduler.ticks.tick,
      draft: scheduler.scratch.memory,
    };
    bindings.forEach(({ fn, older }, i) => {
      const own = fn.bind(this.#context);
      const current = this.#counting(fn, own);
      const implementation = older === undefined ? current : older.adapt(current);
      const id = ids[i] ?? '';
      const shim = shims[i];
      const deferred = shim?.defers === true ? scheduler.deferred : null;
      const guarded = guard(
        id,
        implementation,
        shim,
        scheduler.scratch,
        fn.timed ? scheduler.work : null,
        deferred,
      );
      functions[i] = mayWait(fn) && deferred === null ? new WebAssembly.Suspending(guarded) : guarded;
      if (shim?.usual !== undefined && fn.usual !== undefined)
        functions[`${i} usual`] = new WebAssembly.Suspending(
          guard(id, fn.usual.bind(this.#context), NO_PARAMS, null, null, null),
        );
    });
    const module = new WebAssembly.Module(hostShimModule(shims));
    const { exports } = new WebAssembly.Instance(module, { [HOST_SHIM_IMPORTS]: functions });
    for (const [i, id] of ids.entries()) this.#bound.set(id, exports[i] as WebAssembly.ImportValue);
  }
}

/** A host function in one of its signatures. */
interface Binding {
  readonly fn: HostFunction;
  /** Undefined for the current signature. */
  readonly older: OlderSignature | undefined;
}

const NO_PARAMS = { params: [], split: false };

/**
 * Whatever escapes from a host function must be a trap, or the guest could catch it. And the scratch area must be taken
 * back from the guest before, if it is given here. Each function gets a guard of its own source, since the engine inlines
 * what is called in a place only where that is always the same function. If `work` is given, the time of each call is taken from
 * the turn; one that waits has handed that on. If `deferred` is given, it keeps the promise of one that waits.
 */
function guard(
  id: string,
  fn: HostImplementation,
  shim: Pick<HostShim, 'params' | 'split'> | undefined,
  scratch: ScratchArea | null,
  work: TurnWork | null,
  deferred: DeferredWait | null,
): HostImplementation {
  const { params = [], split = false } = shim ?? {};
  const count = params.length + (split ? params.filter((type) => type === 'i64').length : 0);
  const names = Array.from({ length: count }, (_, i) => `p${i}`).join(', ');
  const charge = work === null ? '' : 'work.endTimed();';
  const returned = (result: string) => (deferred === null ? result : `deferred.of(${result})`);
  const source = `// ${id}
    return (${names}) => {
      ${work === null ? '' : 'work.beginTimed();'}
      try {
        ${scratch === null ? '' : 'if (scratch.isLent) scratch.takeBack();'}
        ${work === null ? `return ${returned(`fn(${names})`)};` : `const result = fn(${names});`}
        ${work === null ? '' : `if (!(result instanceof Promise)) ${charge} return ${returned('result')};`}
      } catch (error) {
        ${charge}
        throw asTrap(error);
      }
    };`;
  const make = new Function('fn', 'asTrap', 'scratch', 'work', 'deferred', source);
  return make(fn, asTrap, scratch, work, deferred);
}

function mayWait({ blocking, suspends }: HostFunction): boolean {
  return blocking || suspends === true;
}

function sameSignature(a: Signature, b: Signature): boolean {
  return sameTypes(a.params, b.params) && sameTypes(a.results, b.results);
}

function sameTypes(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((type, i) => type === b[i]);
}

/** `(i32, i64) -> i32` */
export function signatureText({ params, results }: Signature): string {
  return displayName(`(${params.join(', ')})${results.length === 0 ? '' : ` -> ${results.join(', ')}`}`);
}
