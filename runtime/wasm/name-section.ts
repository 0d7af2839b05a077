import type { ByteReader } from './byte-reader.ts';
import { WasmFormatError } from './format-error.ts';
import { customSection, type WasmModule } from './module.ts';
import { customReader } from './sections.ts';

/** The index spaces whose entries the name section names and code refers to. */
export type NamedSpace = 'function' | 'table' | 'memory' | 'global' | 'element' | 'data' | 'tag';

const LOCAL_SUBSECTION = 2;

/** By the subsection's id. Source: core specification, appendix "Name Section"; extended name section proposal. */
const SPACES: readonly (NamedSpace | undefined)[] = [
  undefined,
  'function',
  undefined,
  undefined,
  undefined,
  'table',
  'memory',
  'global',
  'element',
  'data',
  undefined,
  'tag',
];

/** All names of a module. A broken section gives the names before the break. */
export class NameSection {
  readonly #names = new Map<NamedSpace, Map<number, string>>();
  /** By function index: where the names of its locals stand. Few functions are ever looked at. */
  readonly #localsAt = new Map<number, number>();
  readonly #reader: ByteReader | undefined;

  constructor(module: WasmModule) {
    const custom = customSection(module, 'name');
    if (custom === undefined) return;
    const reader = customReader(module, custom);
    this.#reader = reader;
    unlessBroken(() => {
      while (reader.remaining > 0) {
        const id = reader.u8('a subsection id');
        const end = reader.count('bytes of a subsection', 1) + reader.position;
        const space = SPACES[id];
        if (space !== undefined) this.#readSpace(space);
        else if (id === LOCAL_SUBSECTION) this.#findLocals();
        reader.position = end;
      }
    });
  }

  /** By index. */
  of(space: NamedSpace): ReadonlyMap<number, string> {
    return this.#names.get(space) ?? NO_NAMES;
  }

  /** By local index, parameters first. */
  locals(functionIndex: number): ReadonlyMap<number, string> {
    const at = this.#localsAt.get(functionIndex);
    if (this.#reader === undefined || at === undefined) return NO_NAMES;
    const reader = this.#reader;
    const names = new Map<number, string>();
    reader.position = at;
    unlessBroken(() => readNameMap(reader, names));
    return names;
  }

  #readSpace(space: NamedSpace): void {
    const names = this.#names.get(space) ?? new Map<number, string>();
    this.#names.set(space, names);
    if (this.#reader !== undefined) readNameMap(this.#reader, names);
  }

  #findLocals(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    const functions = reader.count('functions', 2);
    for (let i = 0; i < functions; i++) {
      this.#localsAt.set(reader.u32('a function index'), reader.position);
      const count = reader.count('names', 2);
      for (let j = 0; j < count; j++) {
        reader.u32('a local index');
        reader.skip(reader.count('bytes of a name', 1), 'a name');
      }
    }
  }
}

const NO_NAMES: ReadonlyMap<number, string> = new Map();

function readNameMap(reader: ByteReader, names: Map<number, string>): void {
  const count = reader.count('names', 2);
  for (let i = 0; i < count; i++) names.set(reader.u32('an index'), reader.lenientName('a name'));
}

/** Ignores errors of format, since a module must not fail for its names. */
function unlessBroken(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof WasmFormatError)) throw error;
  }
}
