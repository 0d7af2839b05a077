import { OffsetMap } from './offset-map.ts';
import type { RewrittenModule } from './rewrite-module.ts';

/** The lengths of the description, of the offset map and of the probes. */
const HEADER_SIZE = 12;

type Description = Omit<RewrittenModule, 'bytes' | 'offsets' | 'probes'>;

/**
 * Writes a rewritten module as bytes, in pieces:
 *
 *     | lengths of the next three | description as JSON | offset map | probes, if it has some | module |
 */
export function encodeRewritten(rewritten: RewrittenModule): Uint8Array[] {
  const { functions, memories, state, startExport, interpreter, isSlow, probeGlobals } = rewritten;
  const { probes = new Uint8Array() } = rewritten;
  const written: Description = {
    functions,
    memories,
    ...(state === undefined ? {} : { state }),
    ...(startExport === undefined ? {} : { startExport }),
    ...(interpreter === undefined ? {} : { interpreter }),
    ...(isSlow === undefined ? {} : { isSlow }),
    ...(probeGlobals === undefined ? {} : { probeGlobals }),
  };
  const description = new TextEncoder().encode(JSON.stringify(written));
  const offsets = rewritten.offsets.packed();
  const header = new Uint8Array(HEADER_SIZE);
  const view = new DataView(header.buffer);
  view.setUint32(0, description.length);
  view.setUint32(4, offsets.length);
  view.setUint32(8, probes.length);
  return [header, description, offsets, probes, rewritten.bytes];
}

/**
 * Reads what `encodeRewritten` wrote. Whoever kept it answers for its being whole.
 * @param bytes the module is a part of them, the rest is copied
 */
export function decodeRewritten(bytes: Uint8Array): RewrittenModule {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_SIZE);
  const offsetsAt = HEADER_SIZE + view.getUint32(0);
  const probesAt = offsetsAt + view.getUint32(4);
  const end = probesAt + view.getUint32(8);
  const text = new TextDecoder().decode(bytes.subarray(HEADER_SIZE, offsetsAt));
  const description: Description = JSON.parse(text);
  const offsets = OffsetMap.unpack(bytes.slice(offsetsAt, probesAt));
  const probes = probesAt === end ? {} : { probes: bytes.slice(probesAt, end) };
  return { ...description, offsets, ...probes, bytes: bytes.subarray(end) };
}
