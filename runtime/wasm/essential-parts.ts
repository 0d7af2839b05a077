import { ByteReader } from './byte-reader.ts';
import { WasmFormatError } from './format-error.ts';
import { SectionId } from './sections.ts';

const HEADER_LENGTH = 8;

/**
 * The parts of a module on which its rewritten form depends: all but the contents of most custom sections, of which only
 * counts where they stand. Modules with the same parts become the same if custom sections are dropped. Of a module that is
 * malformed all of it counts.
 */
export function essentialParts(bytes: Uint8Array): Uint8Array[] {
  const left: number[] = [];
  const parts: Uint8Array[] = [];
  let copied = 0;
  const reader = new ByteReader(bytes, HEADER_LENGTH, bytes.length, 'module');
  try {
    while (reader.remaining > 0) {
      const start = reader.position;
      const id = reader.u8('a section id');
      const end = reader.count('bytes of the section', 1) + reader.position;
      const isLeft =
        id === SectionId.custom && !reader.lenientName('a section name').startsWith('metadata.code.');
      reader.position = end;
      if (!isLeft) continue;
      parts.push(bytes.subarray(copied, start));
      left.push(start, end);
      copied = end;
    }
  } catch (error) {
    if (!(error instanceof WasmFormatError)) throw error;
    return [bytes];
  }
  parts.push(bytes.subarray(copied));
  const layout = Uint32Array.from([left.length, ...left]);
  return [new Uint8Array(layout.buffer), ...parts];
}
