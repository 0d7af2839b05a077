import { LARGEST_ARRAY, TABLE_LIMIT, type WasmModule } from '../wasm/index.ts';
import { PAGE_SIZE } from './memory-image.ts';
import { type Excess, ModuleError } from './module-error.ts';

/** What the modules of a runtime may have at most. */
export interface ModuleLimits {
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
}

/**
 * What a module uses that V8 knows but guests may not use (abi 2.2): such a memory could not be instantiated later.
 * @throws ModuleError for what nothing allows
 */
export function featureExcesses(module: WasmModule, { memory64, gc }: ModuleLimits): Excess[] {
  const { memories, tables } = module;
  if (memories.some((memory) => memory.shared)) {
    throw new ModuleError('the module has a shared memory: build it without threads, a process has none');
  }
  const excesses: Excess[] = [];
  const objects = gc ? null : heapObjects(module);
  if (objects !== null) {
    excesses.push({
      text: `the module has ${objects}, which no limit of memory bounds: a process could use up the engine's heap, which ends all others`,
      option: '--allow-gc',
    });
  } else if (module.usesGcTypes && module.arrayBytes > LARGEST_ARRAY) {
    throw new ModuleError(
      `the module's globals and segments have arrays of more than ${LARGEST_ARRAY} bytes, or of a length that is not simply a number`,
    );
  }
  if (!memory64 && [...memories, ...tables].some(({ is64 }) => is64)) {
    excesses.push({
      text: 'the module has a 64-bit memory or table: build it for wasm32',
      option: '--memory64',
    });
  }
  return excesses;
}

/** What a module has too many of for any process, whatever its config (abi 2.3). */
export function sizeExcesses({ memories, tables }: WasmModule, limits: ModuleLimits): Excess[] {
  const { maxTables = 1, maxMemories = 1, tableLimit = TABLE_LIMIT } = limits;
  const excesses: Excess[] = [];
  if (memories.length > maxMemories) {
    const most = maxMemories === 1 ? '1 memory' : `${maxMemories} memories`;
    excesses.push({
      text: `a process can have ${most}, the module has ${memories.length}`,
      option: `--max-memories=${memories.length}`,
    });
  }
  if (tables.length > maxTables) {
    const most = maxTables === 1 ? '1 table' : `${maxTables} tables`;
    excesses.push({
      text: `a process can have ${most}, the module has ${tables.length}`,
      option: `--max-tables=${tables.length}`,
    });
  }
  const largest = tables.reduce((most, { initial }) => Math.max(most, initial), 0);
  if (largest >= tableLimit) {
    excesses.push({
      text: `a table can have ${tableLimit - 1} elements, one of the module has ${largest}`,
      option: `--max-table=${largest}`,
    });
  }
  return excesses;
}

/** What memories of so many bytes are too large for; null if a config allows them. */
export function memoryExcess(size: number, { maxMemory }: { readonly maxMemory: number }): Excess | null {
  if (size <= maxMemory) return null;
  const pages = size === PAGE_SIZE ? '1 page' : `${size / PAGE_SIZE} pages`;
  return {
    text: `the module's memory of ${pages} (${size} bytes) is larger than max_memory (${maxMemory} bytes)`,
    option: `--max-memory=${size}`,
  };
}

/** What instances that take so many bytes besides their memories are too large for; null if a config allows them. */
export function hostMemoryExcess(
  size: number,
  { maxHostMemory }: { readonly maxHostMemory: number },
): Excess | null {
  if (size <= maxHostMemory) return null;
  return {
    text: `an instance of the module takes ${size} bytes besides its memory, more than max_host_memory (${maxHostMemory} bytes)`,
    option: `--max-host-memory=${size}`,
  };
}

/** Values of 32 bits that an exception may carry: compilers need one or two. Stacks may keep a hundred thousand exceptions. */
const MOST_VALUES = 4;
/** Exceptions that globals may keep. */
const MOST_KEPT = 16;

/** What a module may keep on the engine's heap, for its author; null if it is nothing. */
function heapObjects({ types, tables, tags, globals, imports }: WasmModule): string | null {
  const object = types.find(({ kind }) => kind !== 'func');
  if (object !== undefined) return `a type of ${object.kind}s`;
  if (tables.some(({ element }) => isException(element))) return 'a table of exceptions';
  const thrown = [...tags, ...imports.flatMap((item) => (item.kind === 'tag' ? [item.typeIndex] : []))];
  if (thrown.some((index) => types[index]?.params.some(isException)))
    return 'exceptions that carry exceptions';
  if (thrown.some((index) => sizeOf(types[index]?.params ?? []) > MOST_VALUES))
    return `exceptions that carry more than ${MOST_VALUES} values of 32 bits`;
  const kept = globals.filter(({ type }) => isException(type)).length;
  return kept > MOST_KEPT ? `more than ${MOST_KEPT} globals that keep exceptions` : null;
}

/** How many values of 32 bits such values are. The engine takes 16 bytes for each. */
function sizeOf(types: readonly string[]): number {
  return types.reduce(
    (sum, type) => sum + (type === 'v128' ? 4 : type === 'i64' || type === 'f64' ? 2 : 1),
    0,
  );
}

function isException(type: string): boolean {
  return /\bexn(ref)?\b/.test(type);
}
