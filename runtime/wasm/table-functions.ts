import { ByteReader } from './byte-reader.ts';
import type { WasmModule } from './module.ts';

const ELEMENT_SECTION = 9;
const I32_CONST = 0x41;
const END = 0x0b;
/** Large programs have some thousands. More are left out: they are looked at in one piece. */
const MOST_FUNCTIONS = 100_000;

/**
 * The functions of the first table, by their places, as far as the segments tell that compilers write: of function indices, from a constant
 * place on. What comes behind a segment of another form is left out.
 */
export function tableFunctions({ bytes, sections }: WasmModule): Map<number, number> {
  const found = new Map<number, number>();
  const section = sections.find(({ id }) => id === ELEMENT_SECTION);
  if (section === undefined) return found;
  const reader = new ByteReader(bytes, section.bodyStart, section.end, 'element section');
  const segments = reader.count('segments', 1);
  for (let segment = 0; segment < segments; segment++) {
    if (reader.u8('flags') !== 0 || reader.u8('a constant') !== I32_CONST) return found;
    const start = reader.s32('a place') >>> 0;
    if (reader.u8('the end of a constant') !== END) return found;
    const count = reader.count('functions', 1);
    for (let i = 0; i < count; i++) {
      if (found.size === MOST_FUNCTIONS) return found;
      found.set(start + i, reader.u32('a function'));
    }
  }
  return found;
}
