import { unlessMalformed } from '../dwarf/byte-cursor.ts';
import { At } from '../dwarf/constants.ts';
import type { Unit } from '../dwarf/unit.ts';
import type { SourceLanguage } from './variable-info.ts';

/** By `DW_AT_language`. Source: DWARF 5, 7.12, and the numbers that were registered since. */
const LANGUAGES: ReadonlyMap<number, SourceLanguage> = new Map([
  [0x01, 'C'],
  [0x02, 'C'],
  [0x0c, 'C'],
  [0x1d, 'C'],
  [0x2c, 'C'],
  [0x04, 'C++'],
  [0x1a, 'C++'],
  [0x21, 'C++'],
  [0x2a, 'C++'],
  [0x2b, 'C++'],
  [0x1c, 'Rust'],
]);

const MAX_PRODUCER = 200;

/** The language of a unit, and its compiler. */
export function languageOf(unit: Unit): { language: SourceLanguage; producer: string } {
  const root = unit.inProgram.root;
  const number = unlessMalformed(() => unit.root.number(At.language) ?? root.number(At.language), null);
  const producer = unlessMalformed(() => unit.root.string(At.producer) ?? root.string(At.producer), null);
  return {
    language: LANGUAGES.get(number ?? 0) ?? 'other',
    producer: (producer ?? '').slice(0, MAX_PRODUCER),
  };
}
