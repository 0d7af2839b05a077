import { ByteReader } from './byte-reader.ts';
import { readTypes } from './read-types.ts';
import { SectionId } from './sections.ts';
import type { TypeDefinition } from './type-definition.ts';

/** Bytes before the first section. */
const HEADER_SIZE = 8;

/**
 * Reads the types of a module, and nothing that comes after them.
 * @returns null if they take more bytes, or if more sections come before them
 * @throws WasmFormatError where the bytes do not follow the binary format
 */
export function readFirstTypes(
  bytes: Uint8Array,
  mostSections: number,
  mostBytes: number,
): readonly TypeDefinition[] | null {
  const reader = new ByteReader(bytes, HEADER_SIZE, bytes.length, 'section header');
  for (let i = 0; i < mostSections; i++) {
    if (reader.remaining <= 0) return [];
    const id = reader.u8('a section id');
    const size = reader.count('bytes of the section', 1);
    if (id !== SectionId.type && id !== SectionId.custom) return [];
    if (id === SectionId.type) {
      if (size > mostBytes) return null;
      reader.end = reader.position + size;
      reader.place = 'type section';
      return readTypes(reader).types;
    }
    reader.position += size;
  }
  return null;
}
