import {
  CoverMap,
  type CoverPlaces,
  coverPages,
  coverPass,
  type Pass,
  type WasmModule,
} from '../wasm/index.ts';

/** Notes which code of modules is executed, by environment: each test has one of its own. */
export class Coverage {
  readonly #placesOf: (module: WasmModule) => CoverPlaces;
  readonly #onCover: (module: WasmModule, cover: ModuleCover) => void;

  /**
   * @param placesOf tells which code of a module is of interest
   * @param onCover called with each module before it is rewritten
   */
  constructor(
    placesOf: (module: WasmModule) => CoverPlaces,
    onCover: (module: WasmModule, cover: ModuleCover) => void,
  ) {
    this.#placesOf = placesOf;
    this.#onCover = onCover;
  }

  coverOf(module: WasmModule): ModuleCover {
    const cover = new ModuleCover(CoverMap.of(module, this.#placesOf(module)));
    this.#onCover(module, cover);
    return cover;
  }
}

/**
 * Which code of a module has been executed. All processes of an environment set their flags in the same memory, whose bytes stay
 * whatever ends them.
 */
export class ModuleCover {
  readonly map: CoverMap;
  readonly pass: Pass;
  readonly #memories = new Map<object, WebAssembly.Memory>();
  /** Memories of zeros that no environment has. */
  readonly #free: WebAssembly.Memory[] = [];

  constructor(map: CoverMap) {
    this.map = map;
    this.pass = coverPass(map);
  }

  /** The memory in which the processes of an environment set their flags. */
  memoryOf(environment: object): WebAssembly.Memory {
    let memory = this.#memories.get(environment);
    if (memory === undefined) {
      const pages = coverPages(this.map);
      memory = this.#free.pop() ?? new WebAssembly.Memory({ initial: pages, maximum: pages });
      this.#memories.set(environment, memory);
    }
    return memory;
  }

  /** A byte for each flag, as the processes of an environment have set them so far; null if it has had none of this module. */
  flagsOf(environment: object): Uint8Array | null {
    const memory = this.#memories.get(environment);
    return memory === undefined ? null : new Uint8Array(memory.buffer, 0, this.map.flags);
  }

  /** Forgets an environment, whose processes have all ended. */
  release(environment: object): void {
    const memory = this.#memories.get(environment);
    if (memory === undefined) return;
    this.#memories.delete(environment);
    new Uint8Array(memory.buffer).fill(0);
    this.#free.push(memory);
  }
}
