import type { ByteReader } from './byte-reader.ts';
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

/** The same, from the contents of the section. */
export function functionNamesIn(reader: ByteReader): Map<number, string> {
  const names = new Map<number, string>();
  try {
    while (reader.remaining > 0) {
      const id = reader.u8('a subsection id');
      const end = reader.count('bytes of a subsection', 1) + reader.position;
      if (id === FUNCTION_SUBSECTION) readNameMap(reader, names);
      reader.position = end;
    }
  } catch (error) {
    if (!(error instanceof WasmFormatError)) throw error;
  }
  return names;
}

function readNameMap(reader: ByteReader, names: Map<number, string>): void {
  const count = reader.count('names', 2);
  for (let i = 0; i < count; i++) names.set(reader.u32('an index'), reader.lenientName('a name'));
}
