import {
  armedPages,
  encodeProbes,
  type Pass,
  type ProbeMap,
  probePass,
  type WasmModule,
} from '../wasm/index.ts';

/** Tells where the processes of modules can be stopped. */
export interface ProbeSource {
  probesOf(module: WasmModule): ModuleProbes;
  /** What `ModuleProbes.packed` has returned before. */
  unpack(packed: Uint8Array): ModuleProbes;
  /** Whether it would tell the same of the module that is being loaded, by its bytes, if this was `ofBytes` before. */
  readonly remembers: boolean;
}

/** Where the processes of a module can be stopped, and which of its functions are armed. */
export class ModuleProbes {
  readonly map: ProbeMap;
  readonly pass: Pass;
  /** A byte for each function that the module defines: 1 if its sites probe; and one for its imports, see `armImports`. */
  readonly armed: WebAssembly.Memory;
  /** By function: for how many reasons it is armed. */
  readonly #reasons: Uint32Array;

  constructor(map: ProbeMap) {
    this.map = map;
    this.pass = probePass(map);
    const pages = armedPages(map.layouts.length);
    this.armed = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.#reasons = new Uint32Array(map.layouts.length + 1);
  }

  /** All of it but which functions are armed, to be kept; undefined if the bytes of the module do not tell it alone. */
  packed(): Uint8Array | undefined {
    return this.map.ofBytes ? encodeProbes(this.map) : undefined;
  }

  /** Lets the sites of a function probe, until `disarm` has been called as many times. */
  arm(defined: number): void {
    this.#change(defined, 1);
  }

  disarm(defined: number): void {
    this.#change(defined, -1);
  }

  /** Lets calls of imports through tables and references probe, until `disarmImports` has been called as many times. */
  armImports(): void {
    this.#change(this.map.layouts.length, 1);
  }

  disarmImports(): void {
    this.#change(this.map.layouts.length, -1);
  }

  #change(defined: number, by: number): void {
    const reasons = (this.#reasons[defined] ?? 0) + by;
    this.#reasons[defined] = reasons;
    new Uint8Array(this.armed.buffer)[defined] = reasons > 0 ? 1 : 0;
  }
}
