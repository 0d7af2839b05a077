import type { ProcessConfig } from '../permissions/config.ts';
import { ANY_HOST, type HostName, type HostPermission } from '../permissions/host-permission.ts';
import {
  FunctionNames,
  OffsetMap,
  type RewrittenModule,
  readModule,
  readOutline,
  TABLE_LIMIT,
  type WasmModule,
} from '../wasm/index.ts';
import { compile, discard, isLarge, problemOf } from './compile.ts';
import type { CompiledModule } from './compiled-module.ts';
import type { Coverage, ModuleCover } from './coverage.ts';
import type { EntryType } from './entry.ts';
import { hostRefusal, importedOnce } from './host-refusal.ts';
import { type KnownTypes, knownTypes } from './known-types.ts';
import { checkFunctions, isMadeApart } from './module-bounds.ts';
import { type Excess, type HostRefusal, type ModuleError, ModuleLimitError } from './module-error.ts';
import { featureExcesses, type ModuleLimits } from './module-excesses.ts';
import type { MadeModule, ModuleJob } from './module-job.ts';
import { excessesFor, type ImportOutline, type ModuleOutline, outlineOf } from './module-outline.ts';
import type { ModuleProbes, ProbeSource } from './module-probes.ts';
import { compiledModule, compiledVariant, type InstanceSizes, rewriteVariant } from './module-variant.ts';
import { type KeptModule, NO_STORE, type RewrittenStore } from './rewritten-store.ts';

/**
 * Bytes of the largest module of which variants that a thread makes are kept on the disk: to read and compile them again takes up to
 * 20 ms, in the turn of the process that wants them.
 */
const LARGEST_KEPT = 2 ** 21;

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
  /** Notes what is executed of the modules that are loaded with it. Default: nothing is noted. */
  readonly coverage?: Coverage | undefined;
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

/** How one module is loaded. */
export interface LoadRequest {
  readonly config?: ProcessConfig | undefined;
  readonly again?: (() => Uint8Array) | undefined;
  readonly made?: MadeModule | undefined;
}

/** Finds the host functions that a module imports. */
export interface Linker {
  /**
   * The import object of a module, shared by all its instances.
   * @throws Error whose message lists every import that is unknown or of another type
   */
  link(module: ImportOutline): WebAssembly.Imports;
}

/**
 * A module, checked and linked once, from which processes are made. It is compiled once, and once more with exact metering
 * when the first process with a limit of fuel needs that.
 */
export class LoadedModule {
  bytes: Uint8Array;
  readonly imports: WebAssembly.Imports;
  /** Estimated bytes that the host keeps for it. */
  readonly cost: number;
  /** Whether a process has made it: then it counts for its program as long as somebody uses it. */
  readonly isCounted: boolean;
  /** Processes that run it. */
  users = 0;
  /**
   * Whether its start section has run without a host call and within one turn: then it does the same each time, and nobody notices if
   * it runs again for a process that has not begun.
   */
  startsAlone = false;
  readonly #outline: ModuleOutline;
  /** Null until somebody asks for it. */
  #source: WasmModule | null = null;
  readonly #options: LoadOptions;
  readonly #tableLimit: number;
  readonly #kept: KeptModule;
  #preemptive: CompiledModule | null = null;
  #metered: CompiledModule | null = null;
  #probes: ModuleProbes | null = null;
  #cover: ModuleCover | null = null;
  #names: FunctionNames | null = null;
  /** Bytes that V8 has been given of it. */
  #rewrittenSize = 0;
  /** Whether V8 takes long to compile one of its functions. */
  #isSlow = false;
  #hostNames: HostName[] | null = null;
  /** What permissions for host functions, by which it was judged before, refuse. */
  readonly #refusals = new WeakMap<HostPermission, HostRefusal | 'none'>();

  /**
   * @param bytes kept as they are: the caller must not change them
   * @param config of those who are to run it, if they are known: if its limits forbid that, it is not rewritten
   * @param again returns the same bytes once more; then those given are freed while V8 compiles, and nobody may use them any more
   * @param made what a thread has made of the job `jobOf`; default: all is done here
   * @throws what `again` throws, WasmFormatError, ModuleError or the linker's error, each with a message for the module's author
   */
  constructor(
    bytes: Uint8Array,
    linker: Linker,
    options: LoadOptions = {},
    { config, again, made }: LoadRequest = {},
  ) {
    this.bytes = bytes;
    this.isCounted = options.fromProcess ?? false;
    this.#options = options;
    this.#tableLimit = options.tableLimit ?? TABLE_LIMIT;
    const isKept = options.coverage === undefined && (options.probes?.remembers ?? true);
    const store = isKept ? (options.store ?? NO_STORE) : NO_STORE;
    this.#kept = store.of(bytes, options.probes === undefined ? 'code' : 'all');
    if (made?.outline) {
      this.#outline = made.outline;
      this.imports = linker.link(made.outline.linked);
      this.adopt(made, { maxFuel: 0 });
    } else {
      const known = this.#kept.find(this.#variant(false));
      if (options.fromProcess) (options.types ?? knownTypes).add(readOutline(bytes).types);
      const source = known === null ? this.#check() : readOutline(bytes);
      this.#source = source;
      const features = featureExcesses(source, options);
      this.#outline = outlineOf(source, options);
      if (features.length > 0) throw new ModuleLimitError([...features, ...this.#excessesFor(config)]);
      this.imports = linker.link(source);
      // A module beyond its limits never runs, so there is no need to rewrite it.
      const isRefused =
        config === undefined ? this.#outline.excesses.length > 0 : this.#problem(config) !== null;
      const runsIt = config === undefined || config.maxFuel === 0;
      if (!isRefused) this.#preemptive = this.#compile(false, known, { again, optimizes: runsIt });
    }
    this.cost = this.#costOf(this.#rewrittenSize);
  }

  /** The job for a thread that makes a module as this class does. */
  static jobOf(bytes: Uint8Array, options: LoadOptions): ModuleJob {
    const { tableLimit = TABLE_LIMIT, maxTables, maxMemories, memory64, gc, compilesAhead = false } = options;
    const limits = { tableLimit, maxTables, maxMemories, memory64, gc };
    return {
      bytes,
      limits,
      tableLimit,
      isMetered: false,
      ahead: compilesAhead,
      isKnown: false,
      isKept: false,
    };
  }

  /** The module as its author built it. Of a module that was kept, or made by a thread, the outline: see `readOutline`. */
  get source(): WasmModule {
    this.#source ??= readOutline(this.bytes);
    return this.#source;
  }

  get exportsMemory(): boolean {
    return this.#outline.exportsMemory;
  }

  get initialMemory(): number {
    return this.#outline.initialMemory;
  }

  /** Bytes that an instance takes besides its memories which are worth counting. */
  get instanceSize(): number {
    return this.#outline.instanceSize;
  }

  /** Nanoseconds that making an instance takes which are worth charging. */
  get instanceTime(): number {
    return this.#outline.instanceTime;
  }

  #costOf(rewrittenSize: number): number {
    return (
      MODULE_COST +
      FUNCTION_COST * this.#outline.functions +
      REWRITTEN_BYTE_COST * rewrittenSize +
      BYTE_COST * this.bytes.length
    );
  }

  /** Where its processes can be stopped; null if they cannot be. */
  get probes(): ModuleProbes | null {
    return this.#probes;
  }

  /** Which of its code has been executed; null if that is not noted. */
  get cover(): ModuleCover | null {
    return this.#cover;
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

  /** The job for a thread that makes the variant which processes with this config run; null if that is there, or they may not run it. */
  missing(config: ProcessConfig): ModuleJob | null {
    const isMetered = config.maxFuel !== 0;
    const { probes, coverage } = this.#options;
    if ((isMetered ? this.#metered : this.#preemptive) !== null || probes !== undefined) return null;
    if (coverage !== undefined) return null;
    if (!(this.#isSlow || isMadeApart(this.bytes)) || this.#problem(config) !== null) return null;
    // What is kept is there sooner than what a thread makes.
    const isKept = !this.#isSlow && this.bytes.length <= LARGEST_KEPT;
    const known = isKept ? this.#kept.find(this.#variant(isMetered)) : null;
    const job = LoadedModule.jobOf(this.bytes, this.#options);
    if (known === null) return { ...job, isMetered, isKnown: true, isKept };
    // Others wait meanwhile: to optimize a function takes longer than all the rest.
    const compiled = this.#compile(isMetered, known, { optimizes: false });
    if (isMetered) this.#metered = compiled;
    else this.#preemptive = compiled;
    return null;
  }

  /** Takes a variant that a thread has made. */
  adopt({ variant }: MadeModule, { maxFuel }: Pick<ProcessConfig, 'maxFuel'>): void {
    if (variant === null) return;
    const isMetered = maxFuel !== 0;
    const { bytes, ...rest } = variant;
    if (bytes !== undefined)
      this.#kept.keep(this.#variant(isMetered), { ...rest, bytes, offsets: OffsetMap.of(rest.offsetLists) });
    this.#rewrittenSize = rest.size;
    const compiled = compiledVariant(rest, this.#sizes);
    if (isMetered) this.#metered ??= compiled;
    else this.#preemptive ??= compiled;
  }

  /** The type of an exported function; undefined if there is none of that name. */
  exportedFunction(name: string): EntryType | undefined {
    return this.#outline.entries.get(name);
  }

  /** The names of functions by index, from the name section. */
  get functionNames(): FunctionNames {
    this.#names ??= new FunctionNames(this.source);
    return this.#names;
  }

  /** @throws ModuleError if no process with this config may run the module: because of its limits (abi 2.3), or its imports */
  checkLimits(config: ProcessConfig): void {
    const problem = this.#problem(config);
    if (problem !== null) throw problem;
  }

  #problem(config: ProcessConfig): ModuleError | null {
    const { hostFunctions } = config;
    const excesses = this.#excessesFor(config);
    if (excesses.length > 0) return new ModuleLimitError(excesses);
    return hostFunctions === ANY_HOST ? null : this.#hostRefusal(hostFunctions);
  }

  #excessesFor(config: ProcessConfig | undefined): readonly Excess[] {
    return config === undefined ? this.#outline.excesses : excessesFor(this.#outline, config);
  }

  #hostRefusal(permission: HostPermission): HostRefusal | null {
    let refusal = this.#refusals.get(permission);
    if (refusal === undefined) {
      this.#hostNames ??= importedOnce(this.#outline.linked.imports);
      refusal = hostRefusal(this.#hostNames, permission) ?? 'none';
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
    checkFunctions(source, this.#options.fromProcess ?? false);
    return source;
  }

  /** What the rewritten module depends on besides the original. */
  #variant(meter: boolean): string {
    const probed = this.#options.probes === undefined ? '' : ' probed';
    return `${meter ? 'metered' : 'preemptive'} ${this.#tableLimit}${probed}`;
  }

  /** @param options.optimizes whether the function of an interpreter is optimized now; default: yes */
  #compile(
    meter: boolean,
    known: RewrittenModule | null,
    { again, optimizes = true }: { again?: (() => Uint8Array) | undefined; optimizes?: boolean } = {},
  ): CompiledModule {
    const rewritten = known ?? this.#rewrite(meter);
    if (known?.probes !== undefined) this.#probes ??= this.#options.probes?.unpack(known.probes) ?? null;
    this.#rewrittenSize = rewritten.bytes.length;
    this.#isSlow = rewritten.isSlow ?? false;
    if (known === null && (isLarge(this.bytes) || this.#options.fromProcess)) {
      // From here on, hardly anybody asks for more than the outline.
      this.source.code.discard();
      this.#source = null;
      rewritten.offsets.pack();
    }
    if (again !== undefined) discard(this.bytes);
    const module = compile(rewritten.bytes, {
      isChecked: known !== null,
      ahead: this.#options.compilesAhead ?? false,
      isSlow: rewritten.isSlow,
      optimized: optimizes && !this.#options.fromProcess ? rewritten.interpreter : undefined,
      isProbed: (this.#probes?.map.offsets.length ?? 0) > 0,
    });
    if (known === null) this.#keep(this.#variant(meter), rewritten);
    discard(rewritten.bytes);
    if (again !== undefined) {
      this.bytes = again();
      this.#source = null;
    }
    return compiledModule(module, rewritten, this.#sizes);
  }

  #keep(variant: string, rewritten: RewrittenModule): void {
    const probes = this.#probes?.packed();
    if (probes !== undefined) this.#kept.keep(variant, { ...rewritten, probes });
    else if (this.#probes === null) this.#kept.keep(variant, rewritten);
  }

  get #sizes(): InstanceSizes {
    const keptSize = this.isCounted ? this.#costOf(this.#rewrittenSize) : 0;
    return { keptSize, instanceSize: this.instanceSize };
  }

  #rewrite(isMetered: boolean): RewrittenModule {
    this.#probes ??= this.#options.probes?.probesOf(this.source) ?? null;
    this.#cover ??= this.#options.coverage?.coverOf(this.source) ?? null;
    const observing = [this.#probes?.pass, this.#cover?.pass].filter((pass) => pass !== undefined);
    return rewriteVariant(this.source, { isMetered, tableLimit: this.#tableLimit }, observing);
  }
}
