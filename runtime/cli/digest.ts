import { createHash } from 'node:crypto';
import { checksumOf } from './checksum.ts';

export { DIGEST_SIZE } from './checksum.ts';

/** Bytes from which on a hash is worth loading the functions for it, which takes seven milliseconds. */
const LONG = 2 ** 20;

/** Whether the digest of so many bytes is a hash: nobody can make other bytes with the same one. */
export function isHashed(size: number): boolean {
  return size >= LONG;
}

/** 32 bytes that tell bytes from others: a SHA-256 of many bytes, a checksum of few. */
export function digestOf(pieces: readonly Uint8Array[]): Buffer {
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  if (!isHashed(size)) return checksumOf(pieces);
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
}
