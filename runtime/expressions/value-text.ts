import { cCharacterText, characterText } from './characters.ts';
import type { Code, Context, Value } from './code.ts';
import { ExpressionError } from './expression-error.ts';
import { stringAt } from './memory-code.ts';
import { aType, type Type } from './type.ts';

/** The text of a value for people. A text is as it is, without quotes. */
export function valueText<In extends Context>({ type, value, text }: Code<In>, context: In): string {
  if (text !== undefined) return text(context, 0);
  if (value === undefined) return aType(type);
  return textOf(type, value(context), context);
}

function textOf(type: Type, value: Value, { memory }: Context): string {
  switch (type.kind) {
    case 'float':
      return floatText(type.bytes === 4 ? shortest(Number(value)) : Number(value));
    case 'integer':
      if (type.isCharacter === true) return cCharacterText(Number(value), type.bytes);
      return type.constants === undefined ? String(value) : constantText(type.constants, BigInt(value));
    case 'character':
      return characterText(Number(value));
    case 'pointer': {
      const address = `0x${value.toString(16)}`;
      // Those to bytes with a sign are the texts of C.
      if (type.to.kind !== 'integer' || type.to.bytes !== 1 || type.to.isSigned !== true) return address;
      try {
        return stringAt(memory, Number(value));
      } catch (error) {
        if (error instanceof ExpressionError) return address;
        throw error;
      }
    }
    default:
      return String(value);
  }
}

/** Constants of an enum that may be bits: more than there are bits have other values. */
const MOST_BITS = 200;

/** `GREEN`, `BOLD | UNDERLINED` where the constants are bits, or the number. */
export function constantText(
  constants: readonly { readonly name: string; readonly value: string | bigint }[],
  value: bigint,
): string {
  const text = String(value);
  const exact = constants.find((constant) => String(constant.value) === text);
  if (exact !== undefined) return exact.name;
  if (constants.length > MOST_BITS) return text;
  const all = constants.map(({ name, value: own }) => ({ name, bits: BigInt(own) }));
  const single = all.filter(({ bits }) => bits > 0n && (bits & (bits - 1n)) === 0n);
  const areBits = value > 0n && single.length === all.filter(({ bits }) => bits !== 0n).length;
  const set = areBits ? single.filter(({ bits }) => (value & bits) !== 0n) : [];
  const left = set.reduce((rest, { bits }) => rest & ~bits, value);
  return set.length > 0 && left === 0n ? set.map(({ name }) => name).join(' | ') : text;
}

/** The shortest decimal that means the same number in 32 bits. */
export function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** As the text format of WebAssembly writes it. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0' : String(value);
}
