import type { LoadedModule } from '../kernel/module.ts';
import type { Runtime } from '../runtime.ts';
import { LARGEST_MODULE, type ModuleStore } from './transport.ts';

/** Modules that are kept for further spawns, unless processes use them. */
const MOST_KEPT = 64;

/** Milliseconds before a module is asked for again that there was not, or that cannot be loaded. */
const PAUSE = 1000;

/** The modules of a cluster that a node has loaded. */
export class NodeModules {
  readonly #runtime: Runtime;
  readonly #store: ModuleStore;
  readonly #byId = new Map<bigint, Promise<LoadedModule | null>>();
  readonly #ids = new WeakMap<LoadedModule, bigint>();

  constructor(runtime: Runtime, store: ModuleStore) {
    this.#runtime = runtime;
    this.#store = store;
  }

  /** The id of a module in the cluster; 0 if it has none. */
  idOf(module: LoadedModule): bigint {
    return this.#ids.get(module) ?? 0n;
  }

  /** Gives a module that was loaded here to the cluster. Rejects with a ClusterError, or if it is too large. */
  async add(module: LoadedModule): Promise<bigint> {
    const { bytes } = module;
    if (bytes.length > LARGEST_MODULE)
      throw new Error(`a module of ${bytes.length} bytes, and nodes take ${LARGEST_MODULE} at most`);
    const id = await this.#store.add(bytes);
    this.#ids.set(module, id);
    this.#keep(id, Promise.resolve(module));
    return id;
  }

  /** A module of the cluster, or null if there is none of that id. Rejects if it cannot be had or loaded. */
  get(id: bigint): Promise<LoadedModule | null> {
    const known = this.#byId.get(id);
    if (known !== undefined) {
      // The latest ones are kept.
      this.#keep(id, known);
      return known;
    }
    const fetched = this.#fetch(id);
    this.#keep(id, fetched);
    // It may be there later.
    const forget = () =>
      setTimeout(() => this.#byId.get(id) === fetched && this.#byId.delete(id), PAUSE).unref();
    fetched.then((module) => module === null && forget(), forget);
    return fetched;
  }

  async #fetch(id: bigint): Promise<LoadedModule | null> {
    const bytes = await this.#store.get(id);
    if (bytes === null) return null;
    const module = this.#runtime.load(bytes);
    this.#ids.set(module, id);
    return module;
  }

  #keep(id: bigint, module: Promise<LoadedModule | null>): void {
    this.#byId.delete(id);
    this.#byId.set(id, module);
    const [oldest] = this.#byId.keys();
    if (this.#byId.size > MOST_KEPT && oldest !== undefined) this.#byId.delete(oldest);
  }
}
