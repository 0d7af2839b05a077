import type { ProcessConfig } from '../permissions/config.ts';
import {
  draftPass,
  dropNamesPass,
  type FuncType,
  functionNames,
  memoryPass,
  meterPass,
  preemptPass,
  readModule,
  reusePass,
  rewriteModule,
  type WasmModule,
} from '../wasm/index.ts';
import type { CompiledModule } from './compiled-module.ts';
import { FirstImage, PAGE_SIZE } from './memory-image.ts';

/** A process has fewer table elements than this (abi 2.3). */
const TABLE_LIMIT = 100_000;

/** A module that does not compile, or cannot be instantiated within its limits. */
export class ModuleError extends Error {
  override readonly name = 'ModuleError';
  readonly code = 'LUNATIC_MODULE';
}

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
  readonly bytes: Uint8Array;
  readonly source: WasmModule;
  readonly imports: WebAssembly.Imports;
  /** Whether host functions can reach the memory: it must be exported as `memory`. */
  readonly exportsMemory: boolean;
  readonly #entries = new Map<string, FuncType>();
  #preemptive: CompiledModule | null = null;
  #metered: CompiledModule | null = null;
  #names: Map<number, string> | null = null;

  /**
   * @param bytes kept as they are: the caller must not change them
   * @throws WasmFormatError, ModuleError or the linker's error, each with a message for the module's author
   */
  constructor(bytes: Uint8Array, linker: Linker) {
    this.bytes = bytes;
    this.source = readModule(bytes);
    validate(bytes);
    checkFeatures(this.source);
    this.imports = linker.link(this.source);
    this.exportsMemory = this.source.exports.some((e) => e.kind === 'memory' && e.name === 'memory');
    for (const { kind, name, index } of this.source.exports) {
      const type = kind === 'function' ? this.source.functionType(index) : undefined;
      if (type !== undefined) this.#entries.set(name, type);
    }
    this.#preemptive = this.#compile(false);
  }

  /** The variant that processes with this config run. */
  compiledFor(config: ProcessConfig): CompiledModule {
    if (config.maxFuel === 0) {
      this.#preemptive ??= this.#compile(false);
      return this.#preemptive;
    }
    this.#metered ??= this.#compile(true);
    return this.#metered;
  }

  /** The type of an exported function; undefined if there is none of that name. */
  exportedFunction(name: string): FuncType | undefined {
    return this.#entries.get(name);
  }

  /** The names of functions by index, from the name section. */
  get functionNames(): Map<number, string> {
    const names = this.#names ?? functionNames(this.source);
    this.#names = names;
    return names;
  }

  /** @throws ModuleError if the module breaks a limit of every process (abi 2.3) */
  checkLimits(config: ProcessConfig): void {
    const { memories, tables } = this.source;
    if (memories.length > 1) {
      throw new ModuleError(`a process can have 1 memory, the module has ${memories.length}`);
    }
    if (tables.length > 1) {
      throw new ModuleError(`a process can have 1 table, the module has ${tables.length}`);
    }
    for (const { initial } of memories) {
      if (initial * PAGE_SIZE > config.maxMemory) {
        throw new ModuleError(
          `the module's memory of ${initial} pages (${initial * PAGE_SIZE} bytes) is larger than ` +
            `max_memory (${config.maxMemory} bytes)`,
        );
      }
    }
    for (const { initial } of tables) {
      if (initial >= TABLE_LIMIT) {
        throw new ModuleError(
          `the module's table of ${initial} elements reaches the limit of ${TABLE_LIMIT}`,
        );
      }
    }
  }

  #compile(meter: boolean): CompiledModule {
    const rewritten = rewriteModule(this.source, [
      memoryPass,
      meter ? meterPass : preemptPass,
      draftPass,
      reusePass,
      dropNamesPass,
    ]);
    const image = new FirstImage();
    return {
      module: compile(rewritten.bytes),
      startExport: rewritten.startExport,
      memory: rewritten.memory,
      state: rewritten.state,
      imageOf: (fresh) => image.of(fresh),
      offsets: rewritten.offsets,
      originalFunction: (index) => rewritten.originalFunction(index),
    };
  }
}

/** @throws ModuleError if a function that was just small enough for V8 no longer is with its checks */
function compile(bytes: Uint8Array): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new ModuleError(`the module cannot be compiled with its checks for preemption: ${text}`, {
      cause: error,
    });
  }
}

/** Lets V8 check the author's own bytes, so that offsets in its errors are those of the author's module. */
function validate(bytes: Uint8Array): void {
  if (WebAssembly.validate(bytes)) return;
  try {
    new WebAssembly.Module(bytes);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new ModuleError(text.replace(/^WebAssembly\.Module\(\): /, ''), { cause: error });
  }
  throw new ModuleError('the module is not valid');
}

/**
 * V8 knows more than guests may use (abi 2.2): such a memory could not be instantiated later.
 * @throws ModuleError
 */
function checkFeatures({ memories, tables }: WasmModule): void {
  if (memories.some((memory) => memory.shared)) {
    throw new ModuleError('the module has a shared memory: build it without threads, a process has none');
  }
  if ([...memories, ...tables].some(({ is64 }) => is64)) {
    throw new ModuleError('the module has a 64-bit memory or table: build it for wasm32');
  }
}
