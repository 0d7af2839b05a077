import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../kernel/codec/byte-writer.ts';
import type { ProcessId } from '../kernel/ids.ts';

export function writeIds(writer: ByteWriter, ids: readonly ProcessId[]): void {
  writer.varint(ids.length);
  for (const id of ids) writer.varint(id);
}

export function readIds(reader: ByteReader): ProcessId[] {
  return Array.from({ length: reader.count(1) }, () => reader.varint() as ProcessId);
}
