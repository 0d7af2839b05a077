import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../kernel/codec/byte-writer.ts';

/** Streams as another scheduler speaks of them: their number, and that of the streams whose child has got them; 0 for nobody's. */
export interface StreamsName {
  readonly number: number;
  readonly parent: number;
}

/** Streams as they are told to another scheduler, with what is known of them. */
export interface StreamsToken extends StreamsName {
  readonly traits: number;
}

export function writeStreams(writer: ByteWriter, { number, traits, parent }: StreamsToken): void {
  writer.varint(number);
  writer.varint(traits);
  writer.varint(parent);
}

export function readStreams(reader: ByteReader): StreamsToken {
  return { number: reader.varint(), traits: reader.varint(), parent: reader.varint() };
}
