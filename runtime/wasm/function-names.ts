import { ByteReader, lenientText } from './byte-reader.ts';
import { WasmFormatError } from './format-error.ts';
import { customSection, type WasmModule } from './module.ts';
import { customReader } from './sections.ts';

const FUNCTION_SUBSECTION = 1;

/**
 * Function names by function index, from the `name` section. A broken section gives the names before
 * the break, since a module must not fail for its names.
 * Source: core specification, appendix "Custom Sections", "Name Section".
 */
export function functionNames(module: WasmModule): Map<number, string> {
  const custom = customSection(module, 'name');
  return custom === undefined ? new Map() : functionNamesIn(customReader(module, custom));
}

/** Bytes of a name that are read. Nobody can read a longer one, and only who wants to keep others busy has one. */
const MOST_BYTES = 2 ** 15;

/**
 * The same for those who want few of them: finding where the names are takes two milliseconds for 50,000 names, and making
 * texts of them hundreds. Functions that the module has not got have no names.
 */
export class FunctionNames {
  readonly #bytes: Uint8Array;
  /** By function: where its name begins, with its length; 0 if it has none. */
  readonly #places: Uint32Array;

  constructor(module: WasmModule) {
    this.#bytes = module.bytes;
    this.#places = new Uint32Array(module.importedFunctions + module.functions.length);
    const custom = customSection(module, 'name');
    if (custom === undefined) return;
    const reader = customReader(module, custom);
    let left = this.#places.length;
    readFunctionSubsections(reader, () => {
      const count = reader.count('names', 2);
      for (let i = 0; i < count && left > 0; i++, left--) {
        const index = reader.u32('an index');
        const at = reader.position;
        reader.skip(reader.count('bytes of a name', 1), 'a name');
        if (index < this.#places.length) this.#places[index] = at;
      }
    });
  }

  get(index: number): string | undefined {
    const at = this.#places[index] ?? 0;
    if (at === 0) return undefined;
    const reader = new ByteReader(this.#bytes, at, this.#bytes.length, 'custom section "name"');
    const length = reader.u32('a length');
    return lenientText(this.#bytes.subarray(reader.position, reader.position + Math.min(length, MOST_BYTES)));
  }
}

/** The same, from the contents of the section. */
export function functionNamesIn(reader: ByteReader): Map<number, string> {
  const names = new Map<number, string>();
  readFunctionSubsections(reader, () => readNameMap(reader, names));
  return names;
}

/** Calls `read` where the names of functions begin. */
function readFunctionSubsections(reader: ByteReader, read: () => void): void {
  try {
    while (reader.remaining > 0) {
      const id = reader.u8('a subsection id');
      const end = reader.count('bytes of a subsection', 1) + reader.position;
      if (id === FUNCTION_SUBSECTION) read();
      reader.position = end;
    }
  } catch (error) {
    if (!(error instanceof WasmFormatError)) throw error;
  }
}

function readNameMap(reader: ByteReader, names: Map<number, string>): void {
  const count = reader.count('names', 2);
  for (let i = 0; i < count; i++) names.set(reader.u32('an index'), reader.lenientName('a name'));
}
