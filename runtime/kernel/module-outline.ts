import type { ProcessConfig } from '../permissions/config.ts';
import type { FuncType, Import, TypeDefinition, WasmModule } from '../wasm/index.ts';
import { type EntryType, entryType } from './entry.ts';
import { instanceSize } from './instance-size.ts';
import { instanceTime } from './instance-time.ts';
import { PAGE_SIZE } from './memory-image.ts';
import { type Excess, ModuleLimitError } from './module-error.ts';
import {
  featureExcesses,
  hostMemoryExcess,
  type ModuleLimits,
  memoryExcess,
  sizeExcesses,
} from './module-excesses.ts';

/** What a module imports, as far as linking it is concerned. */
export interface ImportOutline {
  readonly imports: readonly Import[];
  /** The types that the imports name, by their indexes there. */
  readonly types: readonly FuncType[];
}

/** What is needed of a module to link it and to make processes of it. One thread can send it to another. */
export interface ModuleOutline {
  readonly linked: ImportOutline;
  /** The exported functions. */
  readonly entries: ReadonlyMap<string, EntryType>;
  /** The number of functions with a body. */
  readonly functions: number;
  /** Whether host functions can reach the memory: it must be exported as `memory`. */
  readonly exportsMemory: boolean;
  /** Bytes of the memories with which a process begins. */
  readonly initialMemory: number;
  /** Nanoseconds that making an instance takes which are worth charging. */
  readonly instanceTime: number;
  /** Bytes that an instance takes besides its memories which are worth counting. */
  readonly instanceSize: number;
  /** What the module has more of than any process may have, whatever its config. */
  readonly excesses: readonly Excess[];
}

export function outlineOf(source: WasmModule, limits: ModuleLimits): ModuleOutline {
  return {
    linked: source,
    entries: entriesOf(source),
    functions: source.functions.length,
    exportsMemory: source.exports.some(({ kind, name }) => kind === 'memory' && name === 'memory'),
    initialMemory: source.memories.reduce((sum, { initial }) => sum + initial * PAGE_SIZE, 0),
    instanceTime: instanceTime(source),
    instanceSize: instanceSize(source),
    excesses: sizeExcesses(source, limits),
  };
}

/** The same for another thread: of the types, only those that imports name. */
export function portableOutlineOf(source: WasmModule, limits: ModuleLimits): ModuleOutline {
  const types: TypeDefinition[] = [];
  const places = new Map<number, number>();
  const imports = source.imports.map((entry) => {
    if (entry.kind !== 'function') return entry;
    const type = source.types[entry.typeIndex];
    let typeIndex = places.get(entry.typeIndex);
    if (typeIndex === undefined && type !== undefined) {
      typeIndex = types.push(type) - 1;
      places.set(entry.typeIndex, typeIndex);
    }
    return { ...entry, typeIndex: typeIndex ?? -1 };
  });
  return { ...outlineOf(source, limits), linked: { imports, types } };
}

/** What a module has more of than processes with a config may have. */
export function excessesFor(
  { excesses, initialMemory, instanceSize }: ModuleOutline,
  config: ProcessConfig,
): readonly Excess[] {
  const memory = memoryExcess(initialMemory, config);
  const hostMemory = hostMemoryExcess(instanceSize, config);
  if (memory === null && hostMemory === null) return excesses;
  return [...excesses, memory, hostMemory].filter((excess) => excess !== null);
}

/** @throws ModuleError that names all that a module has more of than processes with a config may have */
export function checkExcesses(source: WasmModule, limits: ModuleLimits, config: ProcessConfig): void {
  const features = featureExcesses(source, limits);
  const excesses = [...features, ...excessesFor(outlineOf(source, limits), config)];
  if (excesses.length > 0) throw new ModuleLimitError(excesses);
}

function entriesOf(source: WasmModule): Map<string, EntryType> {
  const entries = new Map<string, EntryType>();
  const made = new Map<TypeDefinition, EntryType>();
  for (const { kind, name, index } of source.exports) {
    const typeIndex = kind === 'function' ? source.functionTypeIndex(index) : undefined;
    const type = typeIndex === undefined ? undefined : source.types[typeIndex];
    if (type === undefined) continue;
    const entry = made.get(type) ?? entryType(type);
    made.set(type, entry);
    entries.set(name, entry);
  }
  return entries;
}
