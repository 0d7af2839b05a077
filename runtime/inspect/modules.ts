import type { LoadedModule } from '../kernel/module.ts';
import { displayName } from '../text/display-name.ts';
import { InspectionError } from './inspection-error.ts';
import { InspectError, MAX_PAGE, type ModuleInfo, type ModuleKey } from './protocol.ts';

/** Exports of a module that are told at most. */
const MAX_EXPORTS = 10 * MAX_PAGE;

/** The modules that clients know. */
export class Modules {
  readonly #origin: string;
  /** In the order of their keys, null for those of other schedulers. A program may load any number of modules, so they are not kept alive. */
  readonly #modules: (WeakRef<LoadedModule> | null)[] = [];
  readonly #keys = new WeakMap<LoadedModule, ModuleKey>();
  /** Tells modules of several schedulers apart; null as long as there is one. */
  #digestOf: ((module: LoadedModule) => string) | null = null;
  readonly #byDigest = new Map<string, ModuleKey>();
  readonly #digests = new Map<ModuleKey, string>();

  /** @param origin where the first module is from: the program's own */
  constructor(origin: string) {
    this.#origin = origin;
  }

  /** The key of a module; the first one that is asked for is `m1`. */
  keyOf(module: LoadedModule): ModuleKey {
    let key = this.#keys.get(module);
    if (key === undefined) {
      const digest = this.#digestOf?.(module);
      key = digest === undefined ? this.#newKey() : this.keyOfDigest(digest);
      // One that is used no more may be loaded anew.
      this.#modules[placeOf(key)] = new WeakRef(module);
      this.#keys.set(module, key);
    }
    return key;
  }

  #newKey(): ModuleKey {
    return `m${this.#modules.push(null)}`;
  }

  /** From now on, modules of other schedulers have keys, too: one for all modules of a digest. */
  tellApart(digestOf: (module: LoadedModule) => string): void {
    this.#digestOf = digestOf;
    for (const [place, ref] of this.#modules.entries()) {
      const module = ref?.deref();
      if (module !== undefined) this.#link(digestOf(module), `m${place + 1}`);
    }
  }

  #link(digest: string, key: ModuleKey): void {
    this.#byDigest.set(digest, key);
    this.#digests.set(key, digest);
  }

  /** The key of a module that another scheduler may have. */
  keyOfDigest(digest: string): ModuleKey {
    let key = this.#byDigest.get(digest);
    if (key === undefined) {
      key = this.#newKey();
      this.#link(digest, key);
    }
    return key;
  }

  /** The digest of the module of a key; undefined if it has none, or nobody can ask for it. */
  digestOf(key: ModuleKey): string | undefined {
    return this.#digests.get(key);
  }

  /** Whether the module of a key is here. */
  has(key: ModuleKey): boolean {
    return this.#find(key) !== undefined;
  }

  #find(key: ModuleKey): LoadedModule | undefined {
    return /^m\d{1,9}$/.test(key) ? this.#modules[placeOf(key)]?.deref() : undefined;
  }

  /** @throws InspectionError if there is no such module, or it is in use no more */
  get(key: ModuleKey): LoadedModule {
    const module = this.#find(key);
    if (module === undefined)
      throw new InspectionError(InspectError.NoModule, `there is no module ${displayName(key)}`);
    return module;
  }

  info(key: ModuleKey): ModuleInfo {
    const module = this.get(key);
    const exports = module.source.exports.slice(0, MAX_EXPORTS).map(({ name, kind }) => {
      const type = module.exportedFunction(name);
      const signature =
        type === undefined ? {} : { type: `(${type.params.join(', ')}) -> (${type.results.join(', ')})` };
      return { name: displayName(name), kind, ...signature };
    });
    const origin = key === 'm1' ? { origin: this.#origin } : {};
    return { key, ...origin, size: module.bytes.length, exports };
  }
}

function placeOf(key: ModuleKey): number {
  return Number(key.slice(1)) - 1;
}
