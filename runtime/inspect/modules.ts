import type { LoadedModule } from '../kernel/module.ts';
import { displayName } from '../text/display-name.ts';
import { InspectionError } from './inspection-error.ts';
import { InspectError, MAX_PAGE, type ModuleInfo, type ModuleKey } from './protocol.ts';

/** Exports of a module that are told at most. */
const MAX_EXPORTS = 10 * MAX_PAGE;

/** The modules that clients know. */
export class Modules {
  readonly #origin: string;
  /** In the order of their keys. A program may load any number of modules, so they are not kept alive. */
  readonly #modules: WeakRef<LoadedModule>[] = [];
  readonly #keys = new WeakMap<LoadedModule, ModuleKey>();

  /** @param origin where the first module is from: the program's own */
  constructor(origin: string) {
    this.#origin = origin;
  }

  /** The key of a module; the first one that is asked for is `m1`. */
  keyOf(module: LoadedModule): ModuleKey {
    let key = this.#keys.get(module);
    if (key === undefined) {
      key = `m${this.#modules.push(new WeakRef(module))}`;
      this.#keys.set(module, key);
    }
    return key;
  }

  /** @throws InspectionError if there is no such module, or it is in use no more */
  get(key: ModuleKey): LoadedModule {
    const module = /^m\d{1,9}$/.test(key) ? this.#modules[Number(key.slice(1)) - 1]?.deref() : undefined;
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
