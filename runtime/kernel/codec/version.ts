import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/** The version that is written, and the only one that is read. What is written begins with it. */
export const FORMAT_VERSION = 1;

export function writeVersion(writer: ByteWriter): void {
  writer.u8(FORMAT_VERSION);
}

/** @throws FormatError for a version that is unknown here */
export function readVersion(reader: ByteReader): void {
  const version = reader.u8();
  if (version === FORMAT_VERSION) return;
  const known = `this runtime reads version ${FORMAT_VERSION}. Run the same release everywhere`;
  throw reader.error('version', `it is of version ${version}, and ${known}`);
}
