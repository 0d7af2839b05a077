import type { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { WasmFormatError } from './format-error.ts';
import type { AddedEntry, IndexSpace } from './index-space.ts';
import type { CustomSection } from './module.ts';
import { KERNEL_MODULE, type ModulePlan, type SpaceKind } from './module-plan.ts';
import { customReader } from './sections.ts';

/** Subsections of the name section. Source: core specification, appendix "Custom Sections"; extended name section. */
const FUNCTION_NAMES = 1;
const LOCAL_NAMES = 2;
const LABEL_NAMES = 3;
const SPACES: ReadonlyMap<number, SpaceKind> = new Map([
  [FUNCTION_NAMES, 'function'],
  [LOCAL_NAMES, 'function'],
  [5, 'table'],
  [6, 'memory'],
  [7, 'global'],
]);

/**
 * Writes the contents of a name section with indices moved, and the names of imported functions that passes added.
 * Label names are dropped, since passes add labels.
 * @returns undefined if the section cannot be read, since wrong names are worse than none
 */
export function rewriteNames({ module, spaces }: ModulePlan, custom: CustomSection): Uint8Array | undefined {
  const reader = customReader(module, custom);
  const writer = new ByteWriter(custom.end - custom.start + 64);
  try {
    while (reader.remaining > 0) {
      const id = reader.u8('a subsection id');
      const end = reader.count('bytes of a subsection', 1) + reader.position;
      if (id !== LABEL_NAMES) {
        writer.u8(id);
        const contents = writer.openSize(1);
        const kind = SPACES.get(id);
        const space = kind === undefined ? undefined : spaces[kind];
        if (space !== undefined && (space.moves || kind === 'function')) {
          writeNames(writer, reader, space, id);
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

/** Names ascend by index, so those of added imports stand between those of imports and of the module's own. */
function writeNames(writer: ByteWriter, reader: ByteReader, space: IndexSpace, id: number): void {
  const added = id === FUNCTION_NAMES ? space.imports : [];
  const count = reader.count('names', 2);
  writer.u32(count + added.length);
  let areAddedWritten = false;
  const writeAdded = (): void => {
    if (!areAddedWritten) for (const entry of added) writeName(writer, entry);
    areAddedWritten = true;
  };
  for (let i = 0; i < count; i++) {
    const index = reader.u32('an index');
    if (index >= space.imported) writeAdded();
    writer.u32(space.move(index));
    const start = reader.position;
    if (id === LOCAL_NAMES) skipNameMap(reader);
    else reader.lenientName('a name');
    writer.copy(reader.bytes, start, reader.position);
  }
  writeAdded();
}

function writeName(writer: ByteWriter, { index, name }: AddedEntry): void {
  writer.u32(index);
  writer.name(`${KERNEL_MODULE}.${name}`);
}

function skipNameMap(reader: ByteReader): void {
  const count = reader.count('names', 2);
  for (let i = 0; i < count; i++) {
    reader.u32('an index');
    reader.lenientName('a name');
  }
}
