import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../kernel/codec/byte-writer.ts';

/** Streams as they are told to another scheduler: their number, what is known of them, and whose child has got them; 0 for nobody's. */
export interface StreamsToken {
  readonly number: number;
  readonly traits: number;
  readonly parent: number;
}

export function writeStreams(writer: ByteWriter, { number, traits, parent }: StreamsToken): void {
  writer.varint(number);
  writer.varint(traits);
  writer.varint(parent);
}

export function readStreams(reader: ByteReader): StreamsToken {
  return { number: reader.varint(), traits: reader.varint(), parent: reader.varint() };
}
