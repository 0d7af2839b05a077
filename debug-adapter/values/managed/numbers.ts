import { floatText, type SlotType, shortest } from '../../../runtime/internal.ts';

type NumberType = SlotType['type'];

/** The bytes of a number that somebody has written; null if it is none of the type. */
export function numberBytes(type: NumberType, text: string): Uint8Array<ArrayBuffer> | null {
  const size = Number(type.slice(1)) / 8;
  const view = new DataView(new ArrayBuffer(size));
  const trimmed = text.trim();
  if (type === 'f32' || type === 'f64') {
    const number = trimmed === '' ? Number.NaN : Number(trimmed.replace(/^(-?)inf$/i, '$1Infinity'));
    if (Number.isNaN(number) && !/^nan$/i.test(trimmed)) return null;
    if (type === 'f32') view.setFloat32(0, number, true);
    else view.setFloat64(0, number, true);
    return new Uint8Array(view.buffer);
  }
  const number = integerIn(trimmed);
  const bits = BigInt(8 * size);
  const [least, most] = type.startsWith('u')
    ? [0n, (1n << bits) - 1n]
    : [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
  if (number === null || number < least || number > most) return null;
  for (let i = 0; i < size; i++) view.setUint8(i, Number((number >> BigInt(8 * i)) & 0xffn));
  return new Uint8Array(view.buffer);
}

/** Booleans are numbers. */
function integerIn(text: string): bigint | null {
  if (text === 'true' || text === 'false') return text === 'true' ? 1n : 0n;
  const [, sign, digits = ''] = /^(-?)(\d+|0x[\da-f]+|0b[01]+)$/i.exec(text.replaceAll('_', '')) ?? [];
  if (sign === undefined) return null;
  return sign === '-' ? -BigInt(digits) : BigInt(digits);
}

export function numberText(view: DataView, type: SlotType['type']): string {
  switch (type) {
    case 'i8':
      return String(view.getInt8(0));
    case 'u8':
      return String(view.getUint8(0));
    case 'i16':
      return String(view.getInt16(0, true));
    case 'u16':
      return String(view.getUint16(0, true));
    case 'i32':
      return String(view.getInt32(0, true));
    case 'u32':
      return String(view.getUint32(0, true));
    case 'i64':
      return String(view.getBigInt64(0, true));
    case 'u64':
      return String(view.getBigUint64(0, true));
    case 'f32':
      return floatText(shortest(view.getFloat32(0, true)));
    case 'f64':
      return floatText(view.getFloat64(0, true));
  }
}
