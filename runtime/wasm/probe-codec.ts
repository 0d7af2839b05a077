import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { type FrameLayout, KEPT_TYPES, layoutOf, NO_LOCALS } from './frame-layout.ts';
import { type FunctionRanges, ProbeMap } from './probe-map.ts';

/**
 * Writes a map of probes as bytes, all numbers in LEB128:
 *
 *     | count, the layouts that differ: count, (type, index) of each local
 *     | count, the functions: bytes since the last one, bytes before the code, bytes of code, number of the layout
 *     | count, the sites: bytes since the last one |
 */
export function encodeProbes({ ranges, layouts, offsets }: ProbeMap): Uint8Array {
  const writer = new ByteWriter(8 * layouts.length + 2 * offsets.length);
  const numbers = new Map<string, number>();
  const distinct: FrameLayout[] = [];
  const numberOf = layouts.map((layout) => {
    const key = layout.locals.map(({ type, index }) => `${type}${index}`).join();
    let number = numbers.get(key);
    if (number === undefined) {
      number = distinct.push(layout) - 1;
      numbers.set(key, number);
    }
    return number;
  });
  writer.u32(distinct.length);
  for (const { locals } of distinct) {
    writer.u32(locals.length);
    for (const { type, index } of locals) {
      writer.u8(KEPT_TYPES.indexOf(type));
      writer.u32(index);
    }
  }
  writer.u32(layouts.length);
  let at = 0;
  for (const [i, number] of numberOf.entries()) {
    const [body = 0, code = 0, end = 0] = [ranges.bodyStart[i], ranges.codeStart[i], ranges.bodyEnd[i]];
    writer.u32(body - at);
    writer.u32(code - body);
    writer.u32(end - code);
    writer.u32(number);
    at = end;
  }
  writer.u32(offsets.length);
  let last = 0;
  for (const offset of offsets) {
    writer.u32(offset - last);
    last = offset;
  }
  return writer.finish();
}

/** Reads what `encodeProbes` wrote. Whoever kept it answers for its being whole. */
export function decodeProbes(bytes: Uint8Array): ProbeMap {
  const reader = new ByteReader(bytes, 0, bytes.length, 'probes');
  const next = () => reader.u32('a number');
  const distinct = Array.from({ length: next() }, () =>
    layoutOf(
      Array.from({ length: next() }, () => {
        const type = KEPT_TYPES[reader.u8('a type')] ?? 'i32';
        return { type, index: next() };
      }),
    ),
  );
  const count = next();
  const ranges: FunctionRanges = {
    bodyStart: new Int32Array(count),
    codeStart: new Int32Array(count),
    bodyEnd: new Int32Array(count),
  };
  const layouts: FrameLayout[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    at += next();
    ranges.bodyStart[i] = at;
    at += next();
    ranges.codeStart[i] = at;
    at += next();
    ranges.bodyEnd[i] = at;
    layouts.push(distinct[next()] ?? NO_LOCALS);
  }
  const offsets = new Uint32Array(next());
  let last = 0;
  for (let i = 0; i < offsets.length; i++) {
    last += next();
    offsets[i] = last;
  }
  return new ProbeMap(ranges, layouts, offsets, true);
}
