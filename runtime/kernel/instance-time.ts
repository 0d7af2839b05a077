import { SectionId, type WasmModule } from '../wasm/index.ts';

/** Nanoseconds of making an instance that are not worth charging. */
const FREE = 100_000;

/** Nanoseconds that V8 takes, for each of them, to make an instance, which cannot be split. Measured: 3 MB of exports take 360 ms. */
const INSTANCE_TIMES = {
  types: 700,
  imports: 900,
  functions: 120,
  exports: 3000,
  globals: 20,
  elements: 170,
  segments: 100,
  // And to keep them aside for the next instance.
  'bytes of data': 1.8,
};

export type Count = readonly [what: keyof typeof INSTANCE_TIMES, count: number];

export function timeOf([what, count]: Count): number {
  return INSTANCE_TIMES[what] * count;
}

/** What the outline of a module tells. */
export function declaredCounts({ types, imports, functions, exports, globals }: WasmModule): Count[] {
  return [
    ['types', types.length],
    ['imports', imports.length],
    ['functions', functions.length],
    ['exports', exports.length],
    ['globals', globals.length],
  ];
}

function bytesOf({ sections }: WasmModule, id: number): number {
  return sections.reduce(
    (sum, section) => sum + (section.id === id ? section.end - section.bodyStart : 0),
    0,
  );
}

/** About how many elements the segments of a module have, from its outline: one of them has one to three bytes. */
export function elementsAbout(source: WasmModule): number {
  return bytesOf(source, SectionId.element) / 2;
}

/** Nanoseconds that an instance of a module takes which are to be charged to whoever makes it, from its outline. */
export function instanceTime(source: WasmModule): number {
  let sum = timeOf(['bytes of data', bytesOf(source, SectionId.data)]);
  sum += timeOf(['elements', elementsAbout(source)]);
  for (const count of declaredCounts(source)) sum += timeOf(count);
  return Math.max(0, sum - FREE);
}
