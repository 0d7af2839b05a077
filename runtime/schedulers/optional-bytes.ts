import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../kernel/codec/byte-writer.ts';

// What may be missing has a byte before it: 1 if it is there, else 0.

export function writeFlag(writer: ByteWriter, flag: boolean): void {
  writer.u8(flag ? 1 : 0);
}

export function readFlag(reader: ByteReader): boolean {
  return reader.flags(1) === 1;
}

export function writeOptional<T>(
  writer: ByteWriter,
  value: T | null | undefined,
  write: (writer: ByteWriter, value: T) => void,
): void {
  const isThere = value !== null && value !== undefined;
  writeFlag(writer, isThere);
  if (isThere) write(writer, value);
}

export function readOptional<T>(reader: ByteReader, read: (reader: ByteReader) => T): T | null {
  return readFlag(reader) ? read(reader) : null;
}

export const writeText = (writer: ByteWriter, text: string): void => writer.text(text);
export const readText = (reader: ByteReader): string => reader.text();
