import { OffsetMap } from './offset-map.ts';
import type { RewrittenModule } from './rewrite-module.ts';

/** The lengths of the description and of the offset map. */
const HEADER_SIZE = 8;

type Description = Omit<RewrittenModule, 'bytes' | 'offsets' | 'probeGlobals'>;

/**
 * Writes a rewritten module as bytes, in pieces:
 *
 *     | lengths of the next two | description as JSON | offset map | module |
 */
export function encodeRewritten(rewritten: RewrittenModule): Uint8Array[] {
  const { functions, memories, state, startExport, interpreter, isSlow } = rewritten;
  const written: Description = {
    functions,
    memories,
    ...(state === undefined ? {} : { state }),
    ...(startExport === undefined ? {} : { startExport }),
    ...(interpreter === undefined ? {} : { interpreter }),
    ...(isSlow === undefined ? {} : { isSlow }),
  };
  const description = new TextEncoder().encode(JSON.stringify(written));
  const offsets = rewritten.offsets.packed();
  const header = new Uint8Array(HEADER_SIZE);
  const view = new DataView(header.buffer);
  view.setUint32(0, description.length);
  view.setUint32(4, offsets.length);
  return [header, description, offsets, rewritten.bytes];
}

/**
 * Reads what `encodeRewritten` wrote. Whoever kept it answers for its being whole.
 * @param bytes the module is a part of them, the rest is copied
 */
export function decodeRewritten(bytes: Uint8Array): RewrittenModule {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_SIZE);
  const offsetsAt = HEADER_SIZE + view.getUint32(0);
  const end = offsetsAt + view.getUint32(4);
  const text = new TextDecoder().decode(bytes.subarray(HEADER_SIZE, offsetsAt));
  const description: Description = JSON.parse(text);
  const offsets = OffsetMap.unpack(bytes.slice(offsetsAt, end));
  return { ...description, offsets, bytes: bytes.subarray(end) };
}
