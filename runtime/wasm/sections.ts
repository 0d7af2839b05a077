import { displayName } from '../text/display-name.ts';
import { ByteReader } from './byte-reader.ts';
import type { CustomSection, WasmModule } from './module.ts';

/** Section ids. Source: core specification, 5.5.2. */
export const SectionId = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

export const SECTION_NAMES: readonly string[] = [
  'custom',
  'type',
  'import',
  'function',
  'table',
  'memory',
  'global',
  'export',
  'start',
  'element',
  'code',
  'data',
  'data count',
  'tag',
];

/** The order in which sections come. Custom sections may stand anywhere. */
export const SECTION_ORDER: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

/** Makes a reader of a custom section's contents. */
export function customReader(module: WasmModule, custom: CustomSection): ByteReader {
  return new ByteReader(
    module.bytes,
    custom.start,
    custom.end,
    `custom section "${displayName(custom.name)}"`,
  );
}
