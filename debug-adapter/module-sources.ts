import type { ModuleKey } from '../runtime/inspect/protocol.ts';
import { type Inspected, type ModuleSymbols, SymbolThread } from '../runtime/internal.ts';
import type { SourcesAhead } from './sources-ahead.ts';

/** The key of the program's own module. */
export const MAIN_MODULE: ModuleKey = 'm1';

/** The symbols of the program's modules, which a thread of their own reads. */
export class ModuleSources {
  readonly #client: Inspected;
  readonly #path: string | null;
  readonly #thread: SymbolThread;
  readonly #symbols = new Map<ModuleKey, ModuleSymbols>();

  /**
   * @param path of the program's own module, beside which its companions are
   * @param ahead what was read while the program started
   */
  constructor(client: Inspected, path: string | null, ahead?: SourcesAhead) {
    this.#client = client;
    this.#path = path;
    this.#thread = ahead?.thread ?? new SymbolThread();
    const symbols = ahead?.symbols ?? null;
    if (symbols !== null) this.#symbols.set(MAIN_MODULE, symbols);
  }

  of(module: ModuleKey): ModuleSymbols {
    let symbols = this.#symbols.get(module);
    if (symbols === undefined) {
      symbols = this.#thread.open({
        path: module === MAIN_MODULE ? this.#path : null,
        bytes: async () => {
          const { data } = await this.#client.request('module/bytes', { module });
          return new Uint8Array(Buffer.from(data, 'base64'));
        },
      });
      this.#symbols.set(module, symbols);
    }
    return symbols;
  }

  /** Ends the thread now. Nothing is known of sources then. */
  close(): void {
    this.#thread.close();
  }
}

/** What clients call a module. */
export function moduleName(module: ModuleKey, origin: string | undefined): string {
  return origin ?? `module ${module.slice(1)}, compiled by the program`;
}
