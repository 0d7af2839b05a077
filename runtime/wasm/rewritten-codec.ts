import type { KeptEntries } from './index-space.ts';
import type { ImportedMemory } from './module-plan.ts';
import { OffsetMap } from './offset-map.ts';
import type { RewrittenModule } from './rewrite-module.ts';

/** The lists of an offset map. */
const LISTS = 4;
/** The length of the description, and of each list. */
const HEADER_SIZE = 4 + 4 * LISTS;

interface Description {
  readonly functions: KeptEntries;
  readonly memory?: ImportedMemory;
  readonly state?: readonly string[];
  readonly startExport?: string;
}

/**
 * Writes a rewritten module as bytes, in pieces, with its lists where 32-bit numbers may stand:
 *
 *     | lengths | lists of the offset map | description as JSON | module |
 *
 * Numbers are in this machine's byte order.
 */
export function encodeRewritten(rewritten: RewrittenModule): Uint8Array[] {
  const { functions, memory, state, startExport } = rewritten;
  const written: Description = {
    functions,
    ...(memory === undefined ? {} : { memory }),
    ...(state === undefined ? {} : { state }),
    ...(startExport === undefined ? {} : { startExport }),
  };
  const description = new TextEncoder().encode(JSON.stringify(written));
  const lists = rewritten.offsets.lists();
  const lengths = Uint32Array.of(description.length, ...lists.map(({ length }) => length));
  return [...[lengths, ...lists].map(bytesOf), description, rewritten.bytes];
}

/**
 * Reads what `encodeRewritten` wrote. Whoever kept it answers for its being whole.
 * @param bytes begin at a multiple of four. The module is a part of them, the rest is copied
 */
export function decodeRewritten(bytes: Uint8Array): RewrittenModule {
  const { buffer, byteOffset } = bytes;
  const [descriptionLength = 0, ...lengths] = new Uint32Array(buffer, byteOffset, HEADER_SIZE / 4);
  let at = HEADER_SIZE;
  const lists = lengths.map((length) => {
    const list = new Int32Array(buffer, byteOffset + at, length).slice();
    at += list.byteLength;
    return list;
  });
  const end = at + descriptionLength;
  const description: Description = JSON.parse(new TextDecoder().decode(bytes.subarray(at, end)));
  return { ...description, offsets: new OffsetMap(lists), bytes: bytes.subarray(end) };
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
