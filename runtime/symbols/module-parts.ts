import { ByteReader } from '../wasm/byte-reader.ts';
import { WasmFormatError } from '../wasm/format-error.ts';
import { functionNamesIn } from '../wasm/function-names.ts';
import { IntList } from '../wasm/int-list.ts';
import { SectionId } from '../wasm/sections.ts';

const HEADER_LENGTH = 8;
const IMPORTED_FUNCTION = 0;

/** Custom sections that tell something of the source. Some debug sections are lists that are made here, too. */
const KEPT = /^(\.debug_(?!pub|gnu_pub|aranges|names).*|name|sourceMappingURL|external_debug_info)$/;

/** The custom sections of those symbols for which the code is looked at. */
const NEEDS_CODE = ['.debug_info', 'external_debug_info', 'sourceMappingURL'];

/**
 * What symbols need of a module: its custom sections, and where its functions are. What is malformed is left out, since the
 * module may also be a file of debug information that no engine would run.
 */
export class ModuleParts {
  readonly #customs = new Map<string, Uint8Array>();
  /** Where the contents of the code section begin; addresses in debug information count from here. */
  codeStart = 0;
  codeEnd = 0;
  /** The contents of the code section, if there is debug information or a source map, which needs them; else nothing. */
  code: Uint8Array = new Uint8Array();
  importedFunctions = 0;
  /** By defined function: where its body begins, and where the last one ends. */
  bodies: Int32Array = new Int32Array(1);
  /** By defined function: where its body ends. Behind that is the size of the next one. */
  #ends: Int32Array = new Int32Array();

  /**
   * @param bytes of the module
   * @param copies whether the sections are copied, so that the rest of the bytes can be freed
   */
  constructor(bytes: Uint8Array, copies = false) {
    const reader = new ByteReader(bytes, Math.min(HEADER_LENGTH, bytes.length), bytes.length, 'module');
    try {
      while (reader.remaining > 0) this.#section(reader, copies);
    } catch (error) {
      if (!(error instanceof WasmFormatError)) throw error;
    }
    if (!NEEDS_CODE.some((name) => this.#customs.has(name))) return;
    const code = bytes.subarray(this.codeStart, this.codeEnd);
    this.code = copies ? code.slice() : code;
  }

  /** The contents of a custom section; null if there is none. */
  custom(name: string): Uint8Array | null {
    return this.#customs.get(name) ?? null;
  }

  /** The text that a custom section consists of. */
  customText(name: string): string | null {
    const bytes = this.custom(name);
    if (bytes === null) return null;
    try {
      return new ByteReader(bytes, 0, bytes.length, name).lenientName('a text');
    } catch (error) {
      if (!(error instanceof WasmFormatError)) throw error;
      return null;
    }
  }

  /** The names of functions by index. */
  functionNames(): Map<number, string> {
    const bytes = this.custom('name');
    return bytes === null
      ? new Map()
      : functionNamesIn(new ByteReader(bytes, 0, bytes.length, 'custom section "name"'));
  }

  /** The index of the function whose body an offset is in; -1 if there is none. */
  functionAt(offset: number): number {
    const { bodies } = this;
    let low = 0;
    let high = bodies.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((bodies[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low === 0 || low === bodies.length ? -1 : this.importedFunctions + low - 1;
  }

  /** Where the body of a function begins and ends. */
  bodyOf(functionIndex: number): { readonly start: number; readonly end: number } {
    const at = functionIndex - this.importedFunctions;
    return { start: this.bodies[at] ?? 0, end: this.#ends[at] ?? 0 };
  }

  /** Whether the body of a function begins at an offset. */
  isBody(offset: number): boolean {
    const functionIndex = this.functionAt(offset);
    return functionIndex >= 0 && this.bodyOf(functionIndex).start === offset;
  }

  #section(reader: ByteReader, copies: boolean): void {
    const { bytes } = reader;
    const id = reader.u8('a section id');
    const end = reader.count('bytes of the section', 1) + reader.position;
    const inside = new ByteReader(bytes, reader.position, end, 'section');
    reader.position = end;
    try {
      if (id === SectionId.custom) this.#custom(inside, copies);
      else if (id === SectionId.import) this.#imports(inside);
      else if (id === SectionId.code) this.#code(inside);
    } catch (error) {
      if (!(error instanceof WasmFormatError)) throw error;
    }
  }

  #custom(reader: ByteReader, copies: boolean): void {
    const name = reader.lenientName('a section name');
    if (!KEPT.test(name) || this.#customs.has(name)) return;
    const contents = reader.bytes.subarray(reader.position, reader.end);
    this.#customs.set(name, copies ? contents.slice() : contents);
  }

  #imports(reader: ByteReader): void {
    const count = reader.count('imports', 4);
    for (let i = 0; i < count; i++) {
      reader.skip(reader.count('bytes of a name', 1), 'a name');
      reader.skip(reader.count('bytes of a name', 1), 'a name');
      const kind = reader.u8('an import kind');
      if (kind === IMPORTED_FUNCTION) this.importedFunctions++;
      skipImportType(reader, kind);
    }
  }

  #code(reader: ByteReader): void {
    this.codeStart = reader.position;
    this.codeEnd = reader.end;
    const bodies = new IntList();
    const ends = new IntList();
    const count = reader.count('functions', 1);
    let end = reader.position;
    try {
      for (let i = 0; i < count; i++) {
        const size = reader.count('bytes of a body', 1);
        bodies.push(reader.position);
        reader.position += size;
        end = reader.position;
        ends.push(end);
      }
    } finally {
      bodies.push(end);
      this.bodies = bodies.values.slice(0, bodies.length);
      this.#ends = ends.values.slice(0, ends.length);
    }
  }
}

function skipImportType(reader: ByteReader, kind: number): void {
  const skipLimits = () => {
    const flags = reader.u8('limits');
    reader.skipU64('a limit');
    if (flags & 1) reader.skipU64('a limit');
  };
  switch (kind) {
    case IMPORTED_FUNCTION:
      reader.u32('a type index');
      break;
    case 1:
      skipValueType(reader);
      skipLimits();
      break;
    case 2:
      skipLimits();
      break;
    case 3:
      skipValueType(reader);
      reader.u8('mutability');
      break;
    case 4:
      reader.u8('an attribute');
      reader.u32('a type index');
      break;
    default:
      throw reader.fail(reader.position - 1, 'an import kind');
  }
}

function skipValueType(reader: ByteReader): void {
  const type = reader.u8('a type');
  // References to a type name it.
  if (type === 0x63 || type === 0x64) reader.s33('a heap type');
}
