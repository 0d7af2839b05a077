import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';

/** A client that wants to look at modules before processes run them. */
export interface ModuleReader {
  moduleAdded(module: LoadedModule): void;
}

/**
 * Keeps the first processes of a module from their first instruction until all clients that wanted to set breakpoints in it have
 * done so. Processes of other modules go on.
 */
export class NewModules<Client extends ModuleReader> {
  /** The clients, with the modules that they are ready for. */
  readonly #clients = new Map<Client, WeakSet<LoadedModule>>();
  /** Who is looking at a module. */
  readonly #looking = new Map<LoadedModule, Set<Client>>();
  readonly #waiting = new Map<LoadedModule, Set<Process>>();
  readonly #release: (process: Process) => void;

  /** @param release lets a process begin */
  constructor(release: (process: Process) => void) {
    this.#release = release;
  }

  /** Whether a client wants to look at modules from now on. */
  watch(client: Client, isWanted: boolean): void {
    if (!isWanted) this.forget(client);
    else if (!this.#clients.has(client)) this.#clients.set(client, new WeakSet());
  }

  /** Called before the first instruction of a process. Returns whether it must wait. */
  begins(process: Process): boolean {
    if (this.#clients.size === 0) return false;
    const { module } = process;
    for (const [client, ready] of this.#clients) {
      if (ready.has(module)) continue;
      const looking = this.#looking.get(module) ?? new Set();
      this.#looking.set(module, looking);
      if (looking.has(client)) continue;
      looking.add(client);
      client.moduleAdded(module);
    }
    if (!this.#looking.has(module)) return false;
    const waiting = this.#waiting.get(module) ?? new Set();
    this.#waiting.set(module, waiting.add(process));
    return true;
  }

  /** A client has set its breakpoints in a module. */
  ready(client: Client, module: LoadedModule): void {
    this.#clients.get(client)?.add(module);
    this.#looked(client, module);
  }

  /** Whether a process waits for clients, and for nobody else. */
  keeps(process: Process): boolean {
    return this.#waiting.get(process.module)?.has(process) ?? false;
  }

  /** A process has ended, or somebody has let it begin. */
  leaves(process: Process): void {
    this.#waiting.get(process.module)?.delete(process);
  }

  forget(client: Client): void {
    if (!this.#clients.delete(client)) return;
    for (const module of [...this.#looking.keys()]) this.#looked(client, module);
  }

  #looked(client: Client, module: LoadedModule): void {
    const looking = this.#looking.get(module);
    if (looking === undefined || !looking.delete(client) || looking.size > 0) return;
    this.#looking.delete(module);
    const waiting = this.#waiting.get(module);
    this.#waiting.delete(module);
    for (const process of waiting ?? []) this.#release(process);
  }
}
