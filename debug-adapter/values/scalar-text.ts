import type { BaseType, SourceLanguage } from '../../runtime/internal.ts';
import { cCharacterText, characterText, floatText as numberText, shortest } from '../../runtime/internal.ts';

export function hexText(number: bigint | number): string {
  return `0x${number.toString(16)}`;
}

/** The text of a base type's bits. */
export function baseText(type: BaseType, bits: bigint, size: number, language: SourceLanguage): string {
  const width = 8 * size;
  switch (type.encoding) {
    case 'boolean':
      return bits === 0n ? 'false' : bits === 1n ? 'true' : `${bits}`;
    case 'float':
      return floatText(bits, size);
    case 'complex':
      return complexText(bits, size / 2);
    case 'character': {
      if (language === 'Rust')
        return type.name === 'char' ? characterText(Number(bits)) : integerText(type, bits, width);
      const number = type.isSigned ? BigInt.asIntN(width, bits) : bits;
      // The others are small integers, mostly. A byte alone may be a part of a character.
      return size > 1 || type.name === 'char' ? cCharacterText(Number(number), size) : `${number}`;
    }
    case 'address':
      return hexText(bits);
    default:
      return integerText(type, bits, width);
  }
}

function integerText({ isSigned }: BaseType, bits: bigint, width: number): string {
  return `${isSigned ? BigInt.asIntN(width, bits) : BigInt.asUintN(width, bits)}`;
}

function floatText(bits: bigint, size: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, bits), true);
  if (size === 4) return numberText(shortest(view.getFloat32(0, true)));
  if (size === 8) return numberText(view.getFloat64(0, true));
  if (size === 16) return numberText(quadruple(bits));
  return hexText(bits);
}

/** `1 + 2i`: two floats, one behind the other. */
function complexText(bits: bigint, size: number): string {
  const imaginary = floatText(bits >> BigInt(8 * size), size);
  const [sign, absolute] = imaginary.startsWith('-') ? ['-', imaginary.slice(1)] : ['+', imaginary];
  return `${floatText(BigInt.asUintN(8 * size, bits), size)} ${sign} ${absolute}i`;
}

/** A `long double` of 16 bytes as the nearest number: a sign, 15 bits of an exponent, and 112 bits behind the point. */
export function quadruple(bits: bigint): number {
  const sign = bits >> 127n === 0n ? 1 : -1;
  const exponent = Number((bits >> 112n) & 0x7fffn);
  const fraction = Number(bits & ((1n << 112n) - 1n)) / 2 ** 112;
  if (exponent === 0x7fff) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * 0 : sign * (1 + fraction) * 2 ** (exponent - 0x3fff);
}
