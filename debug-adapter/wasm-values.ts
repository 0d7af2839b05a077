/** Values of locals and globals as people read and write them. */
import { floatText, shortest } from '../runtime/internal.ts';

export type ValueKind = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/** @param data bytes of the value in base64, the lowest first */
export function valueText(type: ValueKind, data: string): string {
  const bytes = Buffer.from(data, 'base64');
  switch (type) {
    case 'i32':
      return String(bytes.readInt32LE());
    case 'i64':
      return String(bytes.readBigInt64LE());
    case 'f32':
      return floatText(shortest(bytes.readFloatLE()));
    case 'f64':
      return floatText(bytes.readDoubleLE());
    case 'v128':
      return `i32x4 ${[0, 4, 8, 12].map((at) => `0x${bytes.readUInt32LE(at).toString(16).padStart(8, '0')}`).join(' ')}`;
  }
}

/** Reads a value back: its bytes in base64; null if the text is none of that type. */
export function readValue(type: ValueKind, text: string): string | null {
  const word = text.trim().replaceAll('_', '');
  switch (type) {
    case 'i32':
      return integerBytes(word, 4);
    case 'i64':
      return integerBytes(word, 8);
    case 'f32':
    case 'f64':
      return floatBytes(word, type === 'f32' ? 4 : 8);
    case 'v128':
      return vectorBytes(word);
  }
}

function integerBytes(word: string, size: 4 | 8): string | null {
  const [, sign, digits] = /^([+-]?)(0x[\da-f]+|\d+)$/i.exec(word) ?? [];
  if (digits === undefined) return null;
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits);
  const bits = BigInt(8 * size);
  // Signed or unsigned.
  if (value < -(1n << (bits - 1n)) || value >= 1n << bits) return null;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes.subarray(0, size).toString('base64');
}

const FLOAT = /^[+-]?(?:inf|nan|0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i;

function floatBytes(word: string, size: 4 | 8): string | null {
  if (!FLOAT.test(word)) return null;
  const digits = word.replace(/^[+-]/, '').toLowerCase();
  const magnitude =
    digits === 'inf' ? Number.POSITIVE_INFINITY : digits === 'nan' ? Number.NaN : Number(digits);
  const value = word.startsWith('-') ? -magnitude : magnitude;
  const bytes = Buffer.alloc(size);
  if (size === 4) bytes.writeFloatLE(value);
  else bytes.writeDoubleLE(value);
  return bytes.toString('base64');
}

function vectorBytes(text: string): string | null {
  const words = text
    .replace(/^i32x4\b/, '')
    .trim()
    .split(/\s+/);
  if (words.length !== 4) return null;
  const lanes = words.map((word) => integerBytes(word, 4));
  if (lanes.includes(null)) return null;
  return Buffer.concat(lanes.map((lane) => Buffer.from(lane ?? '', 'base64'))).toString('base64');
}
