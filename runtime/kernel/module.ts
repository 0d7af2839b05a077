import type { ProcessConfig } from '../permissions/config.ts';
import { ANY_HOST, type HostName, type HostPermission } from '../permissions/host-permission.ts';
import { displayName } from '../text/display-name.ts';
import {
  draftPass,
  dropCustomsPass,
  functionNames,
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
import { FirstImage, PAGE_SIZE } from './memory-image.ts';
import { HostRefusal, ModuleError, ModuleLimitError } from './module-error.ts';
import { type KeptModule, NO_STORE, type RewrittenStore } from './rewritten-store.ts';

/** What the modules of a runtime may have at most, and where their rewritten forms are kept. */
export interface LoadOptions {
  /** A table has fewer elements than this. Default: 100,000 (abi 2.3). */
  readonly tableLimit?: number | undefined;
  /** Default: 1 (abi 2.3). */
  readonly maxTables?: number | undefined;
  /** Default: 1 (abi 2.3). The limit of a process's memory holds for all of them together. */
  readonly maxMemories?: number | undefined;
  /** Whether memories and tables may be 64-bit. Host functions reach the first 4 GiB of such a memory. Default: no (abi 2.2). */
  readonly memory64?: boolean | undefined;
  /**
   * Whether modules may have what the engine keeps on its own heap, which has no limit for each process: structs, arrays, and
   * exceptions in tables or in other exceptions. A process that makes too many ends the whole OS process. Default: no.
   */
  readonly gc?: boolean | undefined;
  /** Default: they are not kept. */
  readonly store?: RewrittenStore | undefined;
  /**
   * Whether all functions of a module are compiled when it is loaded, and not each when it is first called, so that all turns of
   * its processes are short from the first one on. Default: no.
   */
  readonly compilesAhead?: boolean | undefined;
  /** Called before a module is read and rewritten, with its size. This takes a while for a large one. */
  readonly onRewrite?: ((size: number) => void) | undefined;
}

/** Estimates of what a module takes that is kept, in bytes: at least, and for each of its bytes. */
const MODULE_COST = 2 ** 16;
const MODULE_BYTE_COST = 16;

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
  readonly #entries = new Map<string, EntryType>();
  readonly #options: LoadOptions;
  readonly #tableLimit: number;
  readonly #kept: KeptModule;
  /** The limit of every process that the module breaks, whatever its config. */
  readonly #problem: ModuleError | null;
  #preemptive: CompiledModule | null = null;
  #metered: CompiledModule | null = null;
  #names: Map<number, string> | null = null;
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
    this.#options = options;
    this.#tableLimit = options.tableLimit ?? TABLE_LIMIT;
    this.#kept = (options.store ?? NO_STORE).of(bytes);
    const known = this.#kept.find(this.#variant(false));
    this.source = known === null ? this.#check() : readOutline(bytes);
    checkFeatures(this.source, options);
    this.imports = linker.link(this.source);
    this.exportsMemory = this.source.exports.some((e) => e.kind === 'memory' && e.name === 'memory');
    for (const { kind, name, index } of this.source.exports) {
      const typeIndex = kind === 'function' ? this.source.functionTypeIndex(index) : undefined;
      const type = typeIndex === undefined ? undefined : this.source.types[typeIndex];
      if (type !== undefined) this.#entries.set(name, entryType(type));
    }
    this.initialMemory = this.source.memories.reduce((sum, { initial }) => sum + initial * PAGE_SIZE, 0);
    this.#problem = this.#limitProblem();
    // A module beyond its limits never runs, so there is no need to rewrite it.
    const problem = this.#problem ?? (config && this.#configProblem(config));
    if (problem == null) this.#preemptive = this.#compile(false, known, again);
  }

  /** Bytes that the host keeps for it. */
  get cost(): number {
    return MODULE_COST + MODULE_BYTE_COST * this.bytes.length;
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
    const problem = this.#problem ?? this.#configProblem(config);
    if (problem !== null) throw problem;
  }

  #configProblem(config: ProcessConfig): ModuleError | null {
    const { hostFunctions } = config;
    return (
      this.#memoryProblem(config) ?? (hostFunctions === ANY_HOST ? null : this.#hostRefusal(hostFunctions))
    );
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

  #memoryProblem({ maxMemory }: ProcessConfig): ModuleError | null {
    const size = this.initialMemory;
    if (size <= maxMemory) return null;
    return new ModuleLimitError(
      `the module's memory of ${size / PAGE_SIZE} pages (${size} bytes) is larger than max_memory (${maxMemory} bytes)`,
      'bytes of memory',
      size,
    );
  }

  /** Reads a module that may be malformed. */
  #check(): WasmModule {
    const { bytes } = this;
    this.#options.onRewrite?.(bytes.length);
    // Before the tables of the survey take memory, since V8 checks a copy. What this runtime refuses is told first, as everywhere.
    const problem = problemOf(bytes);
    const source = readModule(bytes);
    if (problem !== null) throw problem;
    return source;
  }

  #limitProblem(): ModuleError | null {
    const { memories, tables } = this.source;
    const { maxTables = 1, maxMemories = 1 } = this.#options;
    if (memories.length > maxMemories) {
      const most = maxMemories === 1 ? '1 memory' : `${maxMemories} memories`;
      return new ModuleLimitError(
        `a process can have ${most}, the module has ${memories.length}`,
        'memories',
        memories.length,
      );
    }
    if (tables.length > maxTables) {
      const most = maxTables === 1 ? '1 table' : `${maxTables} tables`;
      return new ModuleLimitError(
        `a process can have ${most}, the module has ${tables.length}`,
        'tables',
        tables.length,
      );
    }
    const large = tables.find(({ initial }) => initial >= this.#tableLimit);
    if (large === undefined) return null;
    return new ModuleLimitError(
      `the module's table of ${large.initial} elements reaches the limit of ${this.#tableLimit}`,
      'table elements',
      large.initial,
    );
  }

  /** What the rewritten module depends on besides the original. */
  #variant(meter: boolean): string {
    return `${meter ? 'metered' : 'preemptive'} ${this.#tableLimit}`;
  }

  #compile(meter: boolean, known: RewrittenModule | null, again?: () => Uint8Array): CompiledModule {
    const rewritten = known ?? this.#rewrite(meter);
    if (known === null && isLarge(this.bytes)) {
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
    const { startExport, memories, state, offsets, functions } = rewritten;
    const images = memories.map(() => new FirstImage());
    return {
      module,
      startExport,
      memories,
      state,
      imageOf: (index, fresh) => images[index]?.of(fresh) ?? null,
      offsets,
      originalFunction: (index) => originalIndex(functions, index),
    };
  }

  #rewrite(meter: boolean): RewrittenModule {
    return rewriteModule(this.source, [
      memoryPassFor(this.#tableLimit),
      meter ? meterPass : preemptPass,
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

/** What a module may keep on the engine's heap, for its author; null if it is nothing. */
function heapObjects({ types, tables, tags, imports }: WasmModule): string | null {
  const object = types.find(({ kind }) => kind !== 'func');
  if (object !== undefined) return `a type of ${object.kind}s`;
  if (tables.some(({ element }) => isException(element))) return 'a table of exceptions';
  const thrown = [...tags, ...imports.flatMap((item) => (item.kind === 'tag' ? [item.typeIndex] : []))];
  const nests = thrown.some((index) => types[index]?.params.some(isException));
  return nests ? 'exceptions that carry exceptions' : null;
}

function isException(type: string): boolean {
  return /\bexn(ref)?\b/.test(type);
}

/**
 * V8 knows more than guests may use (abi 2.2): such a memory could not be instantiated later.
 * @throws ModuleError
 */
function checkFeatures(module: WasmModule, { memory64, gc }: LoadOptions): void {
  const { memories, tables } = module;
  const objects = gc ? null : heapObjects(module);
  if (objects !== null) {
    throw new ModuleLimitError(
      `the module has ${objects}, which no limit of memory bounds: a process could use up the engine's heap, which ends all others`,
      'objects of the engine',
      1,
    );
  }
  if (memories.some((memory) => memory.shared)) {
    throw new ModuleError('the module has a shared memory: build it without threads, a process has none');
  }
  if (!memory64 && [...memories, ...tables].some(({ is64 }) => is64)) {
    throw new ModuleLimitError(
      'the module has a 64-bit memory or table: build it for wasm32',
      'bits of addresses',
      64,
    );
  }
}
