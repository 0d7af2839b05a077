import { ExpressionError } from '../expressions/index.ts';
import type { CallContext } from './call-context.ts';

/** Where something is in the memory. */
export type Address = (context: CallContext) => number;

/** The byte at an address. @throws ExpressionError if it is not there */
export function byteAt({ memory }: CallContext, at: number): number {
  if (!(at >= 0 && at < memory.byteLength)) throw new ExpressionError('it is not in the memory');
  return memory.getUint8(at);
}

/** The four bytes at an address. @throws ExpressionError if they are not there */
export function wordAt({ memory }: CallContext, at: number): number {
  if (!(at >= 0 && at + 4 <= memory.byteLength)) throw new ExpressionError('it is not in the memory');
  return memory.getUint32(at, true);
}
