import type { ProcessConfig } from '../permissions/config.ts';
import { ANY_HOST, type HostName, type HostPermission } from '../permissions/host-permission.ts';
import { displayName } from '../text/display-name.ts';
import {
  draftPass,
  dropCustomsPass,
  functionNames,
  growthPass,
  memoryPassFor,
  meterPass,
  originalIndex,
  preemptPass,
  type RewrittenModule,
  readModule,
  readOutline,
  reusePass,
  rewriteModule,
  TABLE_LIMIT,
  type WasmModule,
} from '../wasm/index.ts';
import { compile, discard, isLarge, problemOf } from './compile.ts';
import type { CompiledModule } from './compiled-module.ts';
import { type EntryType, entryType } from './entry.ts';
import { type KnownTypes, knownTypes } from './known-types.ts';
import { FirstImage, PAGE_SIZE } from './memory-image.ts';
import { type Excess, HostRefusal, type ModuleError, ModuleLimitError } from './module-error.ts';
import { featureExcesses, type ModuleLimits, memoryExcess, sizeExcesses } from './module-excesses.ts';
import type { ModuleProbes, ProbeSource } from './module-probes.ts';
import { type KeptModule, NO_STORE, type RewrittenStore } from './rewritten-store.ts';

/** What the modules of a runtime may have at most, and where their rewritten forms are kept. */
export interface LoadOptions extends ModuleLimits {
  /** Default: they are not kept. */
  readonly store?: RewrittenStore | undefined;
  /**
   * Whether all functions of a module are compiled when it is loaded, and not each when it is first called, so that all turns of
   * its processes are short from the first one on. Default: no.
   */
  readonly compilesAhead?: boolean | undefined;
  /** Tells where processes can be stopped. Default: nowhere. */
  readonly probes?: ProbeSource | undefined;
  /** Called before a module is read and rewritten, with its size. This takes a while for a large one. */
  readonly onRewrite?: ((size: number) => void) | undefined;
  /** Called when a module that was not kept has been read, before anything in it is refused, and before it is rewritten. */
  readonly onRead?: ((source: WasmModule) => void) | undefined;
  /**
   * Whether a process has made the module, which may make any number of them: then its types are counted, and what was needed to
   * rewrite it is given up at once. Default: no.
   */
  readonly fromProcess?: boolean | undefined;
  /** The types that V8 has been shown by such modules. Default: those of this OS process. */
  readonly types?: KnownTypes | undefined;
}

/**
 * What a module takes that is kept, in bytes. Measured with V8's baseline code of all functions: at least, for each function, for
 * each byte that V8 gets, and for each of the author's own. Code of most shapes takes less, code that fills memories more.
 */
const MODULE_COST = 96 * 1024;
const FUNCTION_COST = 1536;
const REWRITTEN_BYTE_COST = 24;
const BYTE_COST = 2;

/** Finds the host functions that a module imports. */
export interface Linker {
  /**
   * The import object of a module, shared by all its instances.
   * @throws Error whose message lists every import that is unknown or of another type
   */
  link(module: WasmModule): WebAssembly.Imports;
}

/**
 * A module, checked and linked once, from which processes are made. It is compiled once, and once more with exact metering
 * when the first process with a limit of fuel needs that.
 */
export class LoadedModule {
  bytes: Uint8Array;
  source: WasmModule;
  readonly imports: WebAssembly.Imports;
  /** Whether host functions can reach the memory: it must be exported as `memory`. */
  readonly exportsMemory: boolean;
  /** Bytes of the memories with which a process begins. */
  readonly initialMemory: number;
  /** Estimated bytes that the host keeps for it. */
  readonly cost: number;
  /** Whether a process has made it: then it counts for its program as long as somebody uses it. */
  readonly isCounted: boolean;
  /** Processes that run it. */
  users = 0;
  readonly #entries = new Map<string, EntryType>();
  readonly #options: LoadOptions;
  readonly #tableLimit: number;
  readonly #kept: KeptModule;
  /** What the module has more of than any process may have, whatever its config. */
  readonly #excesses: readonly Excess[];
  #preemptive: CompiledModule | null = null;
  #metered: CompiledModule | null = null;
  #probes: ModuleProbes | null = null;
  #names: Map<number, string> | null = null;
  /** Bytes that V8 has been given of it. */
  #rewrittenSize = 0;
  #hostNames: HostName[] | null = null;
  /** What permissions for host functions, by which it was judged before, refuse. */
  readonly #refusals = new WeakMap<HostPermission, HostRefusal | 'none'>();

  /**
   * @param bytes kept as they are: the caller must not change them
   * @param config of those who are to run it, if they are known: if its limits forbid that, it is not rewritten
   * @param again returns the same bytes once more; then those given are freed while V8 compiles, and nobody may use them any more
   * @throws what `again` throws, WasmFormatError, ModuleError or the linker's error, each with a message for the module's author
   */
  constructor(
    bytes: Uint8Array,
    linker: Linker,
    options: LoadOptions = {},
    config?: ProcessConfig,
    again?: () => Uint8Array,
  ) {
    this.bytes = bytes;
    this.isCounted = options.fromProcess ?? false;
    this.#options = options;
    this.#tableLimit = options.tableLimit ?? TABLE_LIMIT;
    // Sites depend on more than the module.
    this.#kept = (options.probes === undefined ? (options.store ?? NO_STORE) : NO_STORE).of(bytes);
    const known = this.#kept.find(this.#variant(false));
    if (options.fromProcess) (options.types ?? knownTypes).add(readOutline(bytes).types);
    this.source = known === null ? this.#check() : readOutline(bytes);
    this.initialMemory = this.source.memories.reduce((sum, { initial }) => sum + initial * PAGE_SIZE, 0);
    const features = featureExcesses(this.source, options);
    this.#excesses = sizeExcesses(this.source, options);
    if (features.length > 0) throw new ModuleLimitError([...features, ...this.#excessesFor(config)]);
    this.imports = linker.link(this.source);
    this.exportsMemory = this.source.exports.some((e) => e.kind === 'memory' && e.name === 'memory');
    for (const { kind, name, index } of this.source.exports) {
      const typeIndex = kind === 'function' ? this.source.functionTypeIndex(index) : undefined;
      const type = typeIndex === undefined ? undefined : this.source.types[typeIndex];
      if (type !== undefined) this.#entries.set(name, entryType(type));
    }
    // A module beyond its limits never runs, so there is no need to rewrite it.
    const isRefused = config === undefined ? this.#excesses.length > 0 : this.#problem(config) !== null;
    if (!isRefused) this.#preemptive = this.#compile(false, known, again);
    this.cost = this.#costOf(this.#rewrittenSize);
  }

  #costOf(rewrittenSize: number): number {
    return (
      MODULE_COST +
      FUNCTION_COST * this.source.functions.length +
      REWRITTEN_BYTE_COST * rewrittenSize +
      BYTE_COST * this.bytes.length
    );
  }

  /** Where its processes can be stopped; null if they cannot be. */
  get probes(): ModuleProbes | null {
    return this.#probes;
  }

  /** The variant that processes with this config run. */
  compiledFor(config: ProcessConfig): CompiledModule {
    if (config.maxFuel === 0) {
      this.#preemptive ??= this.#compile(false, null);
      return this.#preemptive;
    }
    this.#metered ??= this.#compile(true, this.#kept.find(this.#variant(true)));
    return this.#metered;
  }

  /** The type of an exported function; undefined if there is none of that name. */
  exportedFunction(name: string): EntryType | undefined {
    return this.#entries.get(name);
  }

  /** The names of functions by index, from the name section. */
  get functionNames(): Map<number, string> {
    const names = this.#names ?? functionNames(this.source);
    this.#names = names;
    return names;
  }

  /** @throws ModuleError if no process with this config may run the module: because of its limits (abi 2.3), or its imports */
  checkLimits(config: ProcessConfig): void {
    const problem = this.#problem(config);
    if (problem !== null) throw problem;
  }

  #problem(config: ProcessConfig): ModuleError | null {
    const { hostFunctions } = config;
    if (this.#excesses.length > 0 || this.initialMemory > config.maxMemory)
      return new ModuleLimitError(this.#excessesFor(config));
    return hostFunctions === ANY_HOST ? null : this.#hostRefusal(hostFunctions);
  }

  #excessesFor(config: ProcessConfig | undefined): readonly Excess[] {
    const memory = config && memoryExcess(this.initialMemory, config);
    return memory ? [...this.#excesses, memory] : this.#excesses;
  }

  #hostRefusal(permission: HostPermission): HostRefusal | null {
    let refusal = this.#refusals.get(permission);
    if (refusal === undefined) {
      this.#hostNames ??= importedOnce(this.source);
      const refused = this.#hostNames.filter((fn) => !permission.permits(fn));
      refusal = refused.length === 0 ? 'none' : new HostRefusal(refused.map(({ path }) => displayName(path)));
      this.#refusals.set(permission, refusal);
    }
    return refusal === 'none' ? null : refusal;
  }

  /** Reads a module that may be malformed. */
  #check(): WasmModule {
    const { bytes } = this;
    this.#options.onRewrite?.(bytes.length);
    // Before the tables of the survey take memory, since V8 checks a copy. What this runtime refuses is told first, as everywhere.
    const problem = problemOf(bytes);
    const source = readModule(bytes);
    this.#options.onRead?.(source);
    if (problem !== null) throw problem;
    return source;
  }

  /** What the rewritten module depends on besides the original. */
  #variant(meter: boolean): string {
    return `${meter ? 'metered' : 'preemptive'} ${this.#tableLimit}`;
  }

  #compile(meter: boolean, known: RewrittenModule | null, again?: () => Uint8Array): CompiledModule {
    const rewritten = known ?? this.#rewrite(meter);
    this.#rewrittenSize = rewritten.bytes.length;
    if (known === null && (isLarge(this.bytes) || this.#options.fromProcess)) {
      // From here on, hardly anybody asks for more than the outline.
      this.source.code.discard();
      this.source = readOutline(this.bytes);
      rewritten.offsets.pack();
    }
    if (again !== undefined) discard(this.bytes);
    const module = compile(rewritten.bytes, {
      isChecked: known !== null,
      ahead: this.#options.compilesAhead ?? false,
    });
    if (known === null) this.#kept.keep(this.#variant(meter), rewritten);
    discard(rewritten.bytes);
    if (again !== undefined) {
      this.bytes = again();
      this.source = readOutline(this.bytes);
    }
    const { startExport, memories, state, offsets, functions, probeGlobals } = rewritten;
    const images = memories.map(() => new FirstImage());
    return {
      module,
      keptSize: this.isCounted ? this.#costOf(this.#rewrittenSize) : 0,
      startExport,
      memories,
      state,
      imageOf: (index, fresh) => images[index]?.of(fresh) ?? null,
      offsets,
      probeGlobals,
      originalFunction: (index) => originalIndex(functions, index),
    };
  }

  #rewrite(meter: boolean): RewrittenModule {
    this.#probes ??= this.#options.probes?.probesOf(this.source) ?? null;
    return rewriteModule(this.source, [
      memoryPassFor(this.#tableLimit),
      ...(this.#probes === null ? [] : [this.#probes.pass]),
      meter ? meterPass : preemptPass,
      growthPass,
      draftPass,
      reusePass,
      dropCustomsPass,
    ]);
  }
}

/** The host functions that a module imports, each once. Since it was linked, there are no others than the runtime has. */
function importedOnce({ imports }: WasmModule): HostName[] {
  const found = new Map<string, HostName>();
  for (const { module, name } of imports) {
    const path = `${module}::${name}`;
    found.set(path, { module, path });
  }
  return [...found.values()];
}
