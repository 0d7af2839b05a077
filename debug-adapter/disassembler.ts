/** The script of the thread that disassembles functions; see `disassembly.ts`. */
import { parentPort } from 'node:worker_threads';
import type { ModuleKey } from '../runtime/inspect/protocol.ts';
import { displayName } from '../runtime/inspect/view/index.ts';
import {
  callOffsets,
  type Disassembly,
  demangle,
  disassembleFunction,
  dynamicCallOffsets,
  moduleIdentifiers,
  nameTest,
  readModule,
  referredImports,
  tableFunctions,
  type WasmModule,
} from '../runtime/internal.ts';
import { type Instructions, instructionsAround } from './instructions.ts';

/**
 * The function that is to become text, or the name of functions that are to be found, or what names are wanted, or which
 * instructions.
 */
export type FunctionQuestion =
  | { readonly functionIndex: number }
  | { readonly named: string }
  | { readonly ask: 'globals' }
  | { readonly namesAt: number }
  | { readonly callsOf: string }
  | { readonly tableAt: number }
  | { readonly tableOf: string }
  | { readonly calledBy: number; readonly within: Ranges }
  | { readonly around: number; readonly first: number; readonly count: number };

/** Pieces of code, from a start up to an end. */
export type Ranges = readonly (readonly [start: number, end: number])[];

/** Names by index. */
export type Names = readonly (readonly [index: number, name: string])[];

/** A function that another one calls. */
export interface CalledFunction {
  readonly index: number;
  /** Its name, or that of its export, or else its number. */
  readonly name: string;
  /** Whether that is its own, as calls in a stack are called. */
  readonly isNamed: boolean;
  /** Where its code begins. */
  readonly start: number;
}

/** The names of the locals of a function, and of the globals of its module. */
export interface NamesAt {
  readonly locals: Names;
  readonly globals: Names;
}

/** A question about a module. */
export type DisassemblyJob = FunctionQuestion & {
  readonly module: ModuleKey;
  /** The module; null if the thread has had it, unless it has ended meanwhile. */
  readonly bytes: Uint8Array | null;
};

/** A function as text, and the name under which the module exports it; null if it does not. */
export interface FunctionText {
  readonly disassembly: Disassembly;
  readonly exportName: string | null;
  /** The names of its parameters and locals, where it has some. */
  readonly locals: Names;
}

/** Where a host function is called. */
export interface HostCalls {
  readonly direct: readonly number[];
  /** Calls through tables and references that may call an import of it, where the module refers to that. */
  readonly dynamic: readonly { readonly imported: number; readonly offsets: readonly number[] }[];
}

/** The text, or where the functions begin, or what is wrong with the module, or that the thread does not know it. */
export type DisassemblyAnswer =
  | FunctionText
  | { readonly offsets: readonly number[] }
  | HostCalls
  | { readonly names: Names }
  | { readonly inTable: CalledFunction | null }
  | { readonly place: number | null }
  | { readonly called: readonly CalledFunction[] }
  | NamesAt
  | Instructions
  | { readonly wrong: string }
  | 'unknown module';

const modules = new Map<ModuleKey, WasmModule>();
/** Of the modules that were asked for places of functions: the names of all are demangled once. */
const placesInTable = new WeakMap<WasmModule, ReadonlyMap<string, number>>();

parentPort?.on('message', (job: DisassemblyJob) => parentPort?.postMessage(answerTo(job)));

function answerTo(job: DisassemblyJob): DisassemblyAnswer {
  try {
    if (job.bytes !== null) modules.set(job.module, readModule(job.bytes));
    const module = modules.get(job.module);
    if (module === undefined) return 'unknown module';
    if ('namesAt' in job) return namesAt(module, job.namesAt);
    if ('tableAt' in job) return { inTable: functionInTable(module, job.tableAt) };
    if ('tableOf' in job) return { place: placeInTable(module, job.tableOf) };
    if ('callsOf' in job) return callsOf(module, job.callsOf);
    if ('calledBy' in job) return { called: calledBy(module, job.calledBy, job.within) };
    if ('around' in job) return instructionsAround(module, job.around, job.first, job.count);
    if ('ask' in job) return { names: displayed(moduleIdentifiers(module).names.of('global')) };
    return 'named' in job
      ? { offsets: functionsNamed(module, job.named) }
      : textOf(module, job.functionIndex);
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}

function textOf(module: WasmModule, functionIndex: number): FunctionText {
  const exported = module.exports.find(({ kind, index }) => kind === 'function' && index === functionIndex);
  return {
    disassembly: disassembleFunction(module, functionIndex),
    exportName: exported === undefined ? null : displayName(exported.name),
    locals: displayed(moduleIdentifiers(module).names.locals(functionIndex)),
  };
}

/** The calls of a host function: of all imports whose name ends so, from a `::` on. */
function callsOf(module: WasmModule, named: string): HostCalls {
  const imports = module.imports.filter(({ kind }) => kind === 'function');
  const indices = new Set(
    imports.flatMap((entry, index) => {
      const name = `${entry.module}::${entry.name}`;
      return name === named || name.endsWith(`::${named}`) ? [index] : [];
    }),
  );
  if (indices.size === 0) return { direct: [], dynamic: [] };
  const dynamic = referredImports(module).flatMap((imported) => {
    const type = indices.has(imported) ? module.functionType(imported) : undefined;
    return type === undefined ? [] : [{ imported, offsets: dynamicCallOffsets(module, type) }];
  });
  return { direct: callOffsets(module, indices), dynamic };
}

/** The function at an index of the first table; null if that is not known. */
function functionInTable(module: WasmModule, index: number): CalledFunction | null {
  const found = tableFunctions(module).get(index);
  return found === undefined
    ? null
    : described(module, found, moduleIdentifiers(module).names.of('function'));
}

/** Where the function of a name is in the first table; null if it is not there. */
function placeInTable(module: WasmModule, name: string): number | null {
  let places = placesInTable.get(module);
  if (places === undefined) {
    places = placesByName(module);
    placesInTable.set(module, places);
  }
  return places.get(name) ?? null;
}

/** The first place of each function in the first table, by the names that it has. */
function placesByName(module: WasmModule): Map<string, number> {
  const known = moduleIdentifiers(module).names.of('function');
  const places = new Map<string, number>();
  for (const [place, index] of tableFunctions(module)) {
    const own = known.get(index);
    if (own === undefined || places.has(own)) continue;
    places.set(own, place);
    const name = demangle(own);
    if (!places.has(name)) places.set(name, place);
  }
  return places;
}

function described(module: WasmModule, index: number, known: ReadonlyMap<number, string>): CalledFunction {
  const exported = module.exports.find((entry) => entry.kind === 'function' && entry.index === index);
  const name = known.get(index);
  const label = name === undefined ? (exported?.name ?? `function ${index}`) : demangle(name);
  const start = module.code.bodyStart[index - module.importedFunctions] ?? 0;
  return { index, name: displayName(label), isNamed: name !== undefined, start };
}

const CALL = 0x10;

/** The functions of the module that a function calls directly in pieces of its code, in their order, with their names. */
function calledBy(module: WasmModule, functionIndex: number, within: Ranges): CalledFunction[] {
  const found = new Map<number, CalledFunction>();
  const { names } = moduleIdentifiers(module);
  const known = names.of('function');
  for (const offset of disassembleFunction(module, functionIndex).offsets) {
    if (module.bytes[offset] !== CALL || !within.some(([start, end]) => offset >= start && offset < end))
      continue;
    const index = unsignedAt(module.bytes, offset + 1);
    if (index < module.importedFunctions || found.has(index)) continue;
    found.set(index, described(module, index, known));
  }
  return [...found.values()];
}

/** The LEB128 number at an offset. */
function unsignedAt(bytes: Uint8Array, offset: number): number {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[offset + i] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) break;
  }
  return value;
}

/** The names that can be used in the function that has the code at an offset. */
function namesAt(module: WasmModule, offset: number): NamesAt {
  const { names } = moduleIdentifiers(module);
  const defined = module.code.bodyEnd.findIndex((end) => end > offset);
  return {
    locals: defined < 0 ? [] : displayed(names.locals(module.importedFunctions + defined)),
    globals: displayed(names.of('global')),
  };
}

function displayed(names: ReadonlyMap<number, string>): Names {
  return [...names].map(([index, name]) => [index, displayName(name)] as const);
}

function functionsNamed(module: WasmModule, wanted: string): number[] {
  const isMeant = nameTest(wanted);
  const found = new Set<number>();
  for (const { kind, index, name } of module.exports)
    if (kind === 'function' && isMeant(name)) found.add(index);
  for (const [index, linkageName] of moduleIdentifiers(module).names.of('function'))
    if (linkageName === wanted || isMeant(demangle(linkageName))) found.add(index);
  const { bodyStart } = module.code;
  return [...found].flatMap((index) => bodyStart[index - module.importedFunctions] ?? []);
}
