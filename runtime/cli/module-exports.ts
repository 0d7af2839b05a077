import { demangle } from '../symbols/demangle.ts';
import { type TestCase, testsOf } from '../testing/index.ts';
import { printable } from '../text/printable.ts';
import type { FuncType, GlobalType, Import, Limits, TableType, WasmModule } from '../wasm/index.ts';

const NO_TYPE: FuncType = { params: [], results: [] };

export interface ExportedFunction {
  readonly name: string;
  /** The path that a mangled Rust name stands for. */
  readonly demangled?: string;
  readonly index: number;
  readonly params: readonly string[];
  readonly results: readonly string[];
  readonly test?: { readonly name: string; readonly ignored: boolean; readonly expectedPanic: string | null };
}

/** All exports of a module, each kind in the module's order. Sizes are in pages (memories) or elements (tables). */
export interface ModuleExports {
  readonly functions: readonly ExportedFunction[];
  readonly memories: readonly (Limits & { readonly name: string })[];
  readonly tables: readonly (TableType & { readonly name: string })[];
  readonly globals: readonly (GlobalType & { readonly name: string })[];
  readonly tags: readonly { readonly name: string; readonly params: readonly string[] }[];
}

/** @throws TestNameError */
export function readExports(module: WasmModule): ModuleExports {
  const tests = new Map(testsOf(module).map((test) => [test.exportName, test]));
  const ofKind = (kind: string) => module.exports.filter((exported) => exported.kind === kind);
  const spaces = indexSpaces(module);
  return {
    functions: ofKind('function').map(({ name, index }) =>
      exportedFunction(module, name, index, tests.get(name)),
    ),
    memories: ofKind('memory').flatMap(({ name, index }) => named(name, spaces.memories[index])),
    tables: ofKind('table').flatMap(({ name, index }) => named(name, spaces.tables[index])),
    globals: ofKind('global').flatMap(({ name, index }) => named(name, spaces.globals[index])),
    tags: ofKind('tag').map(({ name, index }) => {
      const type = module.types[spaces.tags[index] ?? -1] ?? NO_TYPE;
      return { name, params: type.params };
    }),
  };
}

function exportedFunction(
  module: WasmModule,
  name: string,
  index: number,
  test: TestCase | undefined,
): ExportedFunction {
  const { params, results } = module.functionType(index) ?? NO_TYPE;
  const demangled = demangle(name);
  return {
    name,
    ...(demangled === printable(name) ? {} : { demangled }),
    index,
    params,
    results,
    ...(test === undefined
      ? {}
      : { test: { name: test.name, ignored: test.ignored, expectedPanic: test.expectedPanic } }),
  };
}

function named<T extends object>(name: string, value: T | undefined): (T & { name: string })[] {
  return value === undefined ? [] : [{ name, ...value }];
}

/** What the indices of exports refer to: imports first, then definitions of the module. */
function indexSpaces({ imports, memories, tables, globals, tags }: WasmModule) {
  const imported = <K extends Import['kind']>(kind: K) =>
    imports.filter((entry): entry is Extract<Import, { kind: K }> => entry.kind === kind);
  return {
    memories: [...imported('memory').map(({ memory }) => memory), ...memories.map(limitsOf)],
    tables: [
      ...imported('table').map(({ table }) => table),
      ...tables.map((table) => ({ ...limitsOf(table), element: table.element })),
    ],
    globals: [...imported('global').map(({ global }) => global), ...globals],
    tags: [...imported('tag').map(({ typeIndex }) => typeIndex), ...tags],
  };
}

/** The limits without the reader's other fields. */
function limitsOf({ initial, maximum, shared, is64 }: Limits): Limits {
  return { initial, ...(maximum === undefined ? {} : { maximum }), shared, is64 };
}
