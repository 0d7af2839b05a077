import { countOf } from '../text/quantities.ts';
import { untilZero, wideText } from './characters.ts';
import type { Code, Context, Value } from './code.ts';
import { exact, type Integer } from './exact.ts';
import { ExpressionError } from './expression-error.ts';
import { aType, type CharacterSize, sizeOf, type Type } from './type.ts';

/** The most bytes of a text that are read. */
export const MOST_TEXT = 0x1_0000;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** What is in memory at an address. */
export function inMemory<In extends Context>(type: Type, address: (context: In) => number): Code<In> {
  const load = loadOf(type);
  const size = sizeOf(type) ?? 0;
  if (load === null) return { type, address };
  return {
    type,
    address,
    value(context) {
      const at = address(context);
      const { memory } = context;
      checkRange(memory, at, size);
      return load(memory, at);
    },
  };
}

/**
 * The text of a C string up to its end, or that of the array that it is in.
 * @param most characters
 * @param size bytes of each
 */
export function stringAt(
  memory: DataView,
  at: number,
  most = Number.POSITIVE_INFINITY,
  size: CharacterSize = 1,
): string {
  checkRange(memory, at, size);
  if (size !== 1) {
    const room = Math.min(MOST_TEXT, memory.byteLength - at);
    const count = Math.min(most, Math.floor(room / size));
    const text = untilZero(bytesAt(memory, at, count * size), size);
    if (text.length === count * size && count < most)
      throw new ExpressionError(`the text at ${hex(at)} does not end`);
    return wideText(text, size);
  }
  const bytes = bytesAt(memory, at, Math.min(MOST_TEXT, most, memory.byteLength - at));
  const end = bytes.indexOf(0);
  if (end < 0 && bytes.length === most) return decoder.decode(bytes);
  if (end < 0) throw new ExpressionError(`the text at ${hex(at)} does not end`);
  return decoder.decode(bytes.subarray(0, end));
}

/**
 * The text of some characters.
 * @param size bytes of each
 */
export function textAt(memory: DataView, at: number, length: number, size: CharacterSize = 1): string {
  const bytes = length * size;
  if (!(bytes >= 0 && bytes <= MOST_TEXT))
    throw new ExpressionError(`a text of ${bytes} bytes is longer than ${MOST_TEXT}`);
  checkRange(memory, at, bytes);
  const text = bytesAt(memory, at, bytes);
  return size === 1 ? decoder.decode(text) : wideText(text, size);
}

function bytesAt(memory: DataView, at: number, count: number): Uint8Array {
  return new Uint8Array(memory.buffer, memory.byteOffset + at, count);
}

function checkRange(memory: DataView, at: number, size: number): void {
  if (!(at >= 0 && at + size <= memory.byteLength))
    throw new ExpressionError(
      `${countOf(size, 'byte')} at ${hex(at)} cannot be read: the memory has ${memory.byteLength}`,
    );
}

function hex(at: number): string {
  return at < 0 ? `-0x${(-at).toString(16)}` : `0x${at.toString(16)}`;
}

type Load = (memory: DataView, at: number) => Value;

/** Reads a value of a type; null if it is no single one. */
function loadOf(type: Type): Load | null {
  switch (type.kind) {
    case 'integer':
      return integerLoad(type.bytes ?? 4, type.isSigned !== false);
    case 'float':
      return type.bytes === 4 ? (m, at) => m.getFloat32(at, true) : (m, at) => m.getFloat64(at, true);
    case 'boolean':
      return (m, at) => m.getUint8(at) !== 0;
    case 'character':
    case 'pointer':
      return (m, at) => m.getUint32(at, true);
    case 'text':
      throw new ExpressionError(`${aType(type)} has no place in memory`);
    case 'array':
    case 'record':
      return null;
  }
}

function integerLoad(bytes: 1 | 2 | 4 | 8 | 16, isSigned: boolean): Load {
  switch (bytes) {
    case 1:
      return isSigned ? (m, at) => m.getInt8(at) : (m, at) => m.getUint8(at);
    case 2:
      return isSigned ? (m, at) => m.getInt16(at, true) : (m, at) => m.getUint16(at, true);
    case 4:
      return isSigned ? (m, at) => m.getInt32(at, true) : (m, at) => m.getUint32(at, true);
    case 8:
      return isSigned ? readI64 : readU64;
    case 16:
      return (m, at) => {
        const high = BigInt(isSigned ? m.getBigInt64(at + 8, true) : m.getBigUint64(at + 8, true));
        return exact((high << 64n) | m.getBigUint64(at, true));
      };
  }
}

/** The high halves of numbers that are exact as such. */
const EXACT_HIGH = 0x1f_ffff;

/** Without making a BigInt where a number is exact. */
export function readI64(memory: DataView, at: number): Integer {
  const high = memory.getInt32(at + 4, true);
  return high >= -EXACT_HIGH && high <= EXACT_HIGH
    ? high * 0x1_0000_0000 + memory.getUint32(at, true)
    : memory.getBigInt64(at, true);
}

function readU64(memory: DataView, at: number): Integer {
  const high = memory.getUint32(at + 4, true);
  return high <= EXACT_HIGH
    ? high * 0x1_0000_0000 + memory.getUint32(at, true)
    : memory.getBigUint64(at, true);
}
