import type { Code, Context, Value } from './code.ts';
import { wrap } from './exact.ts';
import { ExpressionError } from './expression-error.ts';
import { integerOf } from './operands.ts';
import { aType, sizeOf, type Type } from './type.ts';

const scratch = new DataView(new ArrayBuffer(8));

/**
 * What a local or global of WebAssembly is as a value of a type of its language: WebAssembly has no small integers, no integers
 * without a sign, no truth and no characters.
 * @throws ExpressionError if it cannot be one
 */
export function storedValue<In extends Context>(type: Type, raw: Code<In>): Code<In> {
  const size = sizeOf(type);
  const stored = sizeOf(raw.type);
  const isFloat = type.kind === 'float';
  if (size === undefined || stored === undefined || size > stored || (isFloat && size !== stored))
    throw new ExpressionError(`${aType(raw.type)} is not ${aType(type)}`);
  if (isFloat && raw.type.kind === 'float') return { ...raw, type };
  const bits = bitsOf(raw, stored);
  switch (type.kind) {
    case 'integer': {
      const { bytes = 4, isSigned } = type;
      return { type, value: (context) => wrap(bits(context), bytes, isSigned !== false) };
    }
    case 'float':
      return { type, value: (context) => floatOfBits(bits(context), size) };
    case 'boolean':
      return { type, value: (context) => wrap(bits(context), 1, false) !== 0 };
    case 'character':
    case 'pointer':
      return { type, value: (context) => Number(wrap(bits(context), 4, false)) };
    default:
      throw new ExpressionError(`${aType(raw.type)} is not ${aType(type)}`);
  }
}

/** The bits of a value of WebAssembly as an integer. */
function bitsOf<In extends Context>(raw: Code<In>, size: number): (context: In) => number | bigint {
  if (raw.type.kind !== 'float') return integerOf(raw, 'a variable');
  const { value } = raw;
  return (context) => {
    const float = Number(value?.(context));
    if (size === 4) {
      scratch.setFloat32(0, float);
      return scratch.getInt32(0);
    }
    scratch.setFloat64(0, float);
    return scratch.getBigInt64(0);
  };
}

function floatOfBits(bits: number | bigint, size: number): Value {
  if (size === 4) {
    scratch.setInt32(0, Number(bits));
    return scratch.getFloat32(0);
  }
  scratch.setBigInt64(0, BigInt(bits));
  return scratch.getFloat64(0);
}
