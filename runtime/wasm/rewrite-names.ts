import { ByteWriter } from './byte-writer.ts';
import { WasmFormatError } from './format-error.ts';
import type { CustomSection, WasmModule } from './module.ts';
import { customReader } from './sections.ts';

const functionNames = 1;
const localNames = 2;
const labelNames = 3;

/**
 * The contents of a `name` section with function indices moved. Label names are dropped, since passes add labels.
 * @param inserted names of the functions inserted behind the imports
 * @returns undefined when the section cannot be read: wrong names are worse than none
 */
export function rewriteNames(
  module: WasmModule,
  custom: CustomSection,
  move: (index: number) => number,
  inserted: readonly string[],
): Uint8Array | undefined {
  const reader = customReader(module, custom);
  const writer = new ByteWriter(custom.end - custom.start + 64);
  try {
    while (reader.remaining > 0) {
      const id = reader.u8('a subsection id');
      const end = reader.count('bytes of a subsection', 1) + reader.position;
      if (id !== labelNames) {
        writer.u8(id);
        const contents = writer.openSize(1);
        if (id === functionNames || id === localNames) {
          const added = id === functionNames ? inserted : [];
          const count = reader.count('names', 2);
          writer.u32(count + added.length);
          let next = 0;
          for (let i = 0; i < count; i++) {
            const index = reader.u32('a function index');
            if (index >= module.importedFunctions) next = addNames(writer, module, added, next);
            writer.u32(move(index));
            const start = reader.position;
            if (id === functionNames) reader.lenientName('a name');
            else skipNameMap(reader);
            writer.copy(module.bytes, start, reader.position);
          }
          addNames(writer, module, added, next);
          if (reader.position !== end) throw reader.fail(reader.position, 'the end of the subsection');
        } else {
          writer.copy(module.bytes, reader.position, end);
        }
        writer.closeSize(contents, 1);
      }
      reader.position = end;
    }
  } catch (error) {
    if (error instanceof WasmFormatError) return undefined;
    throw error;
  }
  return writer.finish();
}

function addNames(writer: ByteWriter, module: WasmModule, names: readonly string[], from: number): number {
  for (let i = from; i < names.length; i++) {
    writer.u32(module.importedFunctions + i);
    writer.name(names[i] ?? '');
  }
  return names.length;
}

function skipNameMap(reader: ReturnType<typeof customReader>): void {
  const count = reader.count('names', 2);
  for (let i = 0; i < count; i++) {
    reader.u32('an index');
    reader.lenientName('a name');
  }
}
