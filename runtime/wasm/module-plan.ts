import type { ByteWriter } from './byte-writer.ts';
import type { CodePass, CodeWalk } from './code-pass.ts';
import { type Added, type AddedEntry, IndexSpace } from './index-space.ts';
import type { Limits, WasmModule } from './module.ts';
import { Op } from './opcodes.ts';
import type { ProbeGlobals } from './probe-parts.ts';
import { type SimpleType, VALUE_CODE, type ValueType } from './value-type.ts';
import { writeLimits } from './write-limits.ts';

/** The module whose imports the kernel provides. No guest may import from it. */
export const KERNEL_MODULE = 'lunatic:kernel';

/** A memory to provide, in pages: see `memoryImport`. */
export interface ImportedMemory {
  readonly initial: number;
  readonly maximum?: number;
  readonly is64: boolean;
}

/** The name in `lunatic:kernel` of a module's own memory, the first of which has the index 0. */
export function memoryImport(index: number): string {
  return index === 0 ? 'memory' : `memory:${index}`;
}

export interface AddedType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** The kinds of entries that can be exported, with their bytes in the binary format. */
export const KIND_CODE = { function: 0, table: 1, memory: 2, global: 3 } as const;

export type SpaceKind = keyof typeof KIND_CODE;

export interface AddedExport {
  readonly name: string;
  readonly kind: SpaceKind;
  /** What a pass added, or an index of the original. */
  readonly target: Added | number;
}

/**
 * All that passes bring into one module. It is the one place where indices are given out: passes get an `Added` for
 * each thing, and its index once all of them have declared theirs.
 */
export class ModulePlan {
  readonly module: WasmModule;
  readonly spaces: Readonly<Record<SpaceKind, IndexSpace>>;
  /** Types that follow the module's own, so that those keep their indices. */
  readonly types: AddedType[] = [];
  /** By what they consist of: where they are among the types that were added. */
  readonly #typePlaces = new Map<string, number>();
  readonly exports: AddedExport[] = [];
  readonly codeEdits: ((walk: CodeWalk) => CodePass)[] = [];
  /** By function index of an import: what direct calls of it call in its place. */
  readonly calls = new Map<number, Added>();
  /** By function index of an import: what stands in its place in tables, exports and references. */
  readonly references = new Map<number, Added>();
  /** Whether custom sections are left out, except for branch hints. */
  dropsCustoms = false;
  /** Export names of passes' globals that must be set back before an instance is used again. */
  readonly reset = new Map<string, Added>();
  /** The most elements a table may come to have; a table that begins larger keeps its limits. */
  tableMaximum: number | undefined;
  startExport: string | undefined;
  /** See `RewrittenModule.probeGlobals`. */
  probeGlobals: ProbeGlobals | undefined;
  importedMemories: readonly ImportedMemory[] = [];
  /** See `RewrittenModule.state`. */
  state: string[] | undefined;
  readonly #exportNames: Set<string>;

  constructor(module: WasmModule) {
    this.module = module;
    this.spaces = {
      function: new IndexSpace(module.importedFunctions, module.functions.length),
      table: new IndexSpace(module.importedTables, module.tables.length),
      memory: new IndexSpace(module.importedMemories, module.memories.length),
      global: new IndexSpace(module.importedGlobals, module.globals.length),
    };
    this.#exportNames = new Set(module.exports.map(({ name }) => name));
  }

  /** The most elements of a table as it is written. One that begins larger than allowed keeps its limits: the kernel refuses it. */
  maximumOf({ initial, maximum }: Limits): number | undefined {
    const { tableMaximum } = this;
    if (tableMaximum === undefined || initial > tableMaximum) return maximum;
    return Math.min(maximum ?? tableMaximum, tableMaximum);
  }

  /** Imports `lunatic:kernel`.`name`, a function. */
  importFunction(name: string, type: AddedType): Added {
    const index = this.typeIndex(type);
    return add(this.spaces.function.imports, name, (out) => out.u32(index));
  }

  importTable(name: string, element: 'funcref' | 'externref', limits: Limits): Added {
    return add(this.spaces.table.imports, name, (out) => writeTable(out, element, limits));
  }

  importMemory(name: string, limits: Limits): Added {
    return add(this.spaces.memory.imports, name, (out) => writeLimits(out, limits));
  }

  importGlobal(name: string, type: SimpleType, mutable: boolean): Added {
    return add(this.spaces.global.imports, name, (out) => writeGlobalType(out, type, mutable));
  }

  /** Makes all of the module's own memories imports. They keep their indices. */
  importOwnMemories(memories: readonly ImportedMemory[]): void {
    this.importedMemories = memories;
    this.spaces.memory.turned = memories.length;
  }

  /**
   * Adds a function.
   * @param type a type to add, or the index of one of the module's own
   * @param writeBody writes the declarations of locals and the code, its `end` included
   */
  addFunction(type: AddedType | number, writeBody: (out: ByteWriter) => void): Added {
    const index = typeof type === 'number' ? type : this.typeIndex(type);
    const entry = add(this.spaces.function.added, undefined, (out) => out.u32(index));
    this.bodies.push(writeBody);
    return entry;
  }

  /** Bodies of the functions that were added, in their order. */
  readonly bodies: ((out: ByteWriter) => void)[] = [];

  addTable(element: 'funcref' | 'externref', limits: Limits): Added {
    return add(this.spaces.table.added, undefined, (out) => writeTable(out, element, limits));
  }

  addMemory(limits: Limits): Added {
    return add(this.spaces.memory.added, undefined, (out) => writeLimits(out, limits));
  }

  /** Adds a mutable global. */
  addGlobal(type: 'i32' | 'i64', initial: number): Added {
    return add(this.spaces.global.added, undefined, (out) => {
      writeGlobalType(out, type, true);
      out.u8(type === 'i32' ? Op.i32Const : Op.i64Const);
      out.s32(initial);
      out.u8(Op.end);
    });
  }

  /**
   * Exports something under a name that the module has not used.
   * @param wanted the name, to which a number is appended if it is taken
   * @returns the name that it got
   */
  addExport(wanted: string, kind: SpaceKind, target: Added | number): string {
    const name = this.#freeName(wanted);
    this.exports.push({ name, kind, target });
    return name;
  }

  /** Exports the start function, for the host to call: instantiation can neither wait nor be preempted. */
  exportStart(): void {
    const { start } = this.module;
    if (start === undefined || this.startExport !== undefined) return;
    this.startExport = this.addExport('lunatic:start', 'function', start);
  }

  /** Lets direct calls of an import call a function that was added. References to the import stay. */
  redirectCalls(importIndex: number, target: Added): void {
    this.calls.set(importIndex, target);
  }

  /** Puts a function of the same type, which was added, wherever an import is referred to and not called. */
  redirectReferences(importIndex: number, target: Added): void {
    this.references.set(importIndex, target);
  }

  /** Lets a pass edit the code. Its `CodePass` is made when everything has its index. */
  editCode(create: (walk: CodeWalk) => CodePass): void {
    this.codeEdits.push(create);
  }

  /** Numbers what passes added. Nothing can be added from then on. */
  number(): void {
    for (const space of Object.values(this.spaces)) space.number();
  }

  /** Whether any index of the original has changed. */
  get moves(): boolean {
    return this.spaces.function.moves || this.movesOthers;
  }

  /** Whether any index of a table, memory or global has. Code names these in many more places than functions. */
  get movesOthers(): boolean {
    const { table, memory, global } = this.spaces;
    return table.moves || memory.moves || global.moves;
  }

  /** Whether the code has to be walked: passes edit it, indices in it move, or functions are added to it. */
  get walksCode(): boolean {
    const importsFunctions = this.spaces.function.imports.length > 0;
    return (
      this.moves ||
      importsFunctions ||
      this.codeEdits.length > 0 ||
      this.calls.size > 0 ||
      this.references.size > 0 ||
      this.bodies.length > 0
    );
  }

  /** The index of a function type, which is added if no pass has done so. */
  typeIndex(type: AddedType): number {
    const key = `${type.params.join()} ${type.results.join()}`;
    let place = this.#typePlaces.get(key);
    if (place === undefined) {
      place = this.types.push(type) - 1;
      this.#typePlaces.set(key, place);
    }
    return this.module.types.length + place;
  }

  #freeName(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#exportNames.has(name); i++) name = `${wanted}:${i}`;
    this.#exportNames.add(name);
    return name;
  }
}

function add(list: AddedEntry[], name: string | undefined, write: (out: ByteWriter) => void): Added {
  const entry = { index: -1, name, write };
  list.push(entry);
  return entry;
}

function writeTable(out: ByteWriter, element: 'funcref' | 'externref', limits: Limits): void {
  out.u8(VALUE_CODE[element]);
  writeLimits(out, limits);
}

function writeGlobalType(out: ByteWriter, type: SimpleType, mutable: boolean): void {
  out.u8(VALUE_CODE[type]);
  out.u8(mutable ? 1 : 0);
}
