import { closest, distance } from 'fastest-levenshtein';
import type { Linker } from '../kernel/module.ts';
import { asTrap } from '../kernel/trap.ts';
import { shown } from '../symbols/shown.ts';
import type { WasmModule } from '../wasm/index.ts';
import type { HostContext, HostFunction, HostImplementation, OlderSignature } from './function.ts';
import { HOST_FUNCTIONS } from './table.ts';

/** Imports that an error lists; no module that is meant well has more wrong. */
const MAX_PROBLEMS = 500;
/** Characters of a name for which a similar one is looked for. */
const MAX_COMPARED = 100;

/** A name is offered for another one when at most this share of it differs. */
const SIMILAR = 0.4;

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
      .map(({ module, name, problem }) => `  ${shown(module)}::${shown(name)}: ${problem}`);
    if (problems.length > MAX_PROBLEMS) lines.push(`  ... and ${problems.length - MAX_PROBLEMS} more`);
    super(
      `${problems.length === 1 ? 'an import' : `${problems.length} imports`} cannot be linked:\n${lines.join('\n')}`,
    );
    this.problems = problems;
  }
}

/** Finds the host functions that modules import, and binds them to one scheduler. */
export class HostLinker implements Linker {
  readonly #context: HostContext;
  readonly #functions = new Map<string, HostFunction>();
  /** What instances are given, by function and, for older signatures, its place in the list. */
  readonly #bound = new Map<string, WebAssembly.ImportValue>();

  constructor(context: HostContext) {
    this.#context = context;
    for (const fn of HOST_FUNCTIONS) this.#functions.set(`${fn.module}::${fn.name}`, fn);
  }

  /** @throws LinkError */
  link(module: WasmModule): WebAssembly.Imports {
    const imports: WebAssembly.Imports = {};
    const problems: LinkProblem[] = [];
    module.imports.forEach((wanted) => {
      const key = `${wanted.module}::${wanted.name}`;
      const problem = (text: string) =>
        problems.push({ module: wanted.module, name: wanted.name, problem: text });
      if (wanted.kind !== 'function') {
        problem(`only functions can be imported, this is a ${wanted.kind}`);
        return;
      }
      const fn = this.#functions.get(key);
      if (fn === undefined || fn.module !== wanted.module) {
        problem(problems.length < MAX_PROBLEMS ? this.#unknown(wanted.module, key) : 'unknown');
        return;
      }
      const type = module.types[wanted.typeIndex] ?? NO_TYPE;
      const older = fn.older.findIndex((signature) => sameSignature(signature, type));
      if (older < 0 && !sameSignature(fn, type)) {
        problem(`imported as ${showSignature(type)}, but it is ${showSignature(fn)}`);
        return;
      }
      const namespace = imports[wanted.module] ?? {};
      imports[wanted.module] = namespace;
      const bound = this.#bind(key, fn, sameSignature(fn, type) ? undefined : fn.older[older]);
      // An import object has one value for a name.
      if ((namespace[wanted.name] ?? bound) !== bound)
        problem('imported with two signatures, of which only one can be used');
      namespace[wanted.name] = bound;
    });
    if (problems.length > 0) throw new LinkError(problems);
    return imports;
  }

  #unknown(module: string, key: string): string {
    const modules = new Set([...this.#functions.values()].map((fn) => fn.module));
    if (key.length <= MAX_COMPARED) {
      const nearest = closest(key, [...this.#functions.keys()]);
      if (distance(key, nearest) <= nearest.length * SIMILAR) return `unknown; did you mean ${nearest}?`;
    }
    return modules.has(module) ? 'unknown function' : `unknown module; there are ${[...modules].join(', ')}`;
  }

  #bind(key: string, fn: HostFunction, older: OlderSignature | undefined): WebAssembly.ImportValue {
    const id = older === undefined ? key : `${key}#${fn.older.indexOf(older)}`;
    let bound = this.#bound.get(id);
    if (bound === undefined) {
      const current = fn.bind(this.#context);
      const guarded = guard(
        older === undefined ? current : older.adapt(current),
        (older ?? fn).params.length,
      );
      bound = fn.blocking ? new WebAssembly.Suspending(guarded) : guarded;
      this.#bound.set(id, bound);
    }
    return bound;
  }
}

/** Whatever escapes from a host function must be a trap, or the guest could catch it. */
function guard(fn: HostImplementation, parameters: number): HostImplementation {
  // The functions of messages take few parameters: they are spared the array.
  switch (parameters) {
    case 0:
      return () => {
        try {
          return fn();
        } catch (error) {
          throw asTrap(error);
        }
      };
    case 1:
      return (a) => {
        try {
          return fn(a);
        } catch (error) {
          throw asTrap(error);
        }
      };
    case 2:
      return (a, b) => {
        try {
          return fn(a, b);
        } catch (error) {
          throw asTrap(error);
        }
      };
    case 3:
      return (a, b, c) => {
        try {
          return fn(a, b, c);
        } catch (error) {
          throw asTrap(error);
        }
      };
    default:
      return (...args) => {
        try {
          return fn(...args);
        } catch (error) {
          throw asTrap(error);
        }
      };
  }
}

function sameSignature(a: Signature, b: Signature): boolean {
  return sameTypes(a.params, b.params) && sameTypes(a.results, b.results);
}

function sameTypes(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((type, i) => type === b[i]);
}

/** `(i32, i64) -> i32` */
export function showSignature({ params, results }: Signature): string {
  return shown(`(${params.join(', ')})${results.length === 0 ? '' : ` -> ${results.join(', ')}`}`);
}
