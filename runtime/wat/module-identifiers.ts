import { demangle } from '../symbols/demangle.ts';
import type { Import, WasmModule } from '../wasm/module.ts';
import { type NamedSpace, NameSection } from '../wasm/name-section.ts';
import { UniqueNames } from './quoted-text.ts';

export type FunctionImport = Import & { readonly kind: 'function' };

const KNOWN = new WeakMap<WasmModule, ModuleIdentifiers>();

/** The identifiers of a module, found when they are first asked for. */
export function moduleIdentifiers(module: WasmModule): ModuleIdentifiers {
  const known = KNOWN.get(module);
  if (known !== undefined) return known;
  const found = new ModuleIdentifiers(module);
  KNOWN.set(module, found);
  return found;
}

/** The identifiers that the text of a module's functions uses. */
export class ModuleIdentifiers {
  readonly names: NameSection;
  /** The imported functions, in order of their index. */
  readonly imports: readonly FunctionImport[];
  readonly #spaces = new Map<NamedSpace, UniqueNames>();
  readonly #exports = new Map<number, string[]>();
  readonly #module: WasmModule;

  constructor(module: WasmModule) {
    this.#module = module;
    this.names = new NameSection(module);
    this.imports = module.imports.filter((entry) => entry.kind === 'function');
    for (const { kind, index, name } of module.exports) {
      if (kind !== 'function') continue;
      const names = this.#exports.get(index);
      if (names === undefined) this.#exports.set(index, [name]);
      else names.push(name);
    }
  }

  /** The `$name` of the entry at `index` of an index space; undefined if it has none. */
  get(space: NamedSpace, index: number): string | undefined {
    return this.#identifiers(space).get(index);
  }

  /** Names under which the function is exported. */
  exportsOf(functionIndex: number): readonly string[] {
    return this.#exports.get(functionIndex) ?? [];
  }

  #identifiers(space: NamedSpace): UniqueNames {
    const known = this.#spaces.get(space);
    if (known !== undefined) return known;
    const made = new UniqueNames();
    this.#spaces.set(space, made);
    const isFunction = space === 'function';
    const total = isFunction ? this.#module.importedFunctions + this.#module.functions.length : undefined;
    for (const [index, name] of this.names.of(space)) {
      if (total === undefined || index < total) made.add(index, demangle(name));
    }
    // Stripped modules still have the names of imports and exports. Engines use those, too.
    if (isFunction) {
      for (const [index, { module, name }] of this.imports.entries()) made.add(index, `${module}.${name}`);
      for (const [index, [name]] of this.#exports) made.add(index, name ?? '');
    }
    return made;
  }
}
