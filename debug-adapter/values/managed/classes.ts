import type { ModuleKey } from '../../../runtime/inspect/protocol.ts';
import { type ManagedClass, readManagedClasses } from '../../../runtime/internal.ts';

/** The global that says where the runtime describes the classes, without its sign. */
export const TYPE_INFO = '~lib/rt/__rtti_base';

/** The classes of AssemblyScript that modules have. */
export class ManagedClasses {
  readonly #fetch: (module: ModuleKey) => Promise<Uint8Array>;
  readonly #known = new Map<ModuleKey, Promise<ReadonlyMap<number, ManagedClass>>>();

  /** @param fetch gets the bytes of a module */
  constructor(fetch: (module: ModuleKey) => Promise<Uint8Array>) {
    this.#fetch = fetch;
  }

  /** By their numbers; none for a module of another language. */
  of(module: ModuleKey): Promise<ReadonlyMap<number, ManagedClass>> {
    let classes = this.#known.get(module);
    if (classes === undefined) {
      classes = this.#fetch(module).then(readManagedClasses);
      classes.catch(() => this.#known.delete(module));
      this.#known.set(module, classes);
    }
    return classes;
  }
}

/** `~lib/map/Map<~lib/string/String,i32>` as `Map<String, i32>`. */
export function shortName(name: string): string {
  return unescaped(name)
    .replace(/(?:~lib\/)?[\w.-]+(?:\/[\w.-]+)*\/(?=[A-Z_a-z])/g, '')
    .replace(/,(?! )/g, ', ');
}

/** The compiler writes what is no letter of a name in percents: `Function<%28i32%29=>i32>`. */
function unescaped(name: string): string {
  return name.replace(/%([2-7][\da-fA-F])/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
