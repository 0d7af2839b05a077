import { DwarfError } from './byte-cursor.ts';

/** The type of a value on the stack of an expression. Most have the generic one: an integer as long as an address. */
export interface ValueType {
  readonly kind: 'generic' | 'signed' | 'unsigned' | 'float';
  /** Bits; of floats 32 or 64. */
  readonly bits: number;
}

/** A value on the stack of an expression: its bits, without sign. */
export interface TypedValue {
  readonly bits: bigint;
  readonly type: ValueType;
}

export type BinaryOperator =
  | 'and'
  | 'div'
  | 'minus'
  | 'mod'
  | 'mul'
  | 'or'
  | 'plus'
  | 'shl'
  | 'shr'
  | 'shra'
  | 'xor'
  | 'eq'
  | 'ge'
  | 'gt'
  | 'le'
  | 'lt'
  | 'ne';

/** Types longer than this are refused: each operation would take long. */
const MAX_BITS = 128;

export function typedValue(value: bigint, type: ValueType): TypedValue {
  if (!(type.bits > 0 && type.bits <= MAX_BITS)) throw new DwarfError(`a value of ${type.bits} bits`);
  return { bits: BigInt.asUintN(type.bits, value), type };
}

/** The number that the bits of an integer stand for. Generic values have a sign in most operations. */
export function integerOf({ bits, type }: TypedValue): bigint {
  return type.kind === 'unsigned' ? bits : BigInt.asIntN(type.bits, bits);
}

export function floatOf({ bits, type }: TypedValue): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, bits), true);
  if (type.bits === 32) return view.getFloat32(0, true);
  if (type.bits === 64) return view.getFloat64(0, true);
  throw new DwarfError(`a float of ${type.bits} bits`);
}

export function floatValue(value: number, type: ValueType): TypedValue {
  const view = new DataView(new ArrayBuffer(8));
  if (type.bits === 32) view.setFloat32(0, value, true);
  else if (type.bits === 64) view.setFloat64(0, value, true);
  else throw new DwarfError(`a float of ${type.bits} bits`);
  return { bits: view.getBigUint64(0, true), type };
}

/** Source: DWARF 5, 2.5.1.4 and 2.5.1.5. @param generic the type of comparisons' results */
export function binary(
  operator: BinaryOperator,
  a: TypedValue,
  b: TypedValue,
  generic: ValueType,
): TypedValue {
  const { type } = a;
  if (type.kind === 'float') return floatBinary(operator, floatOf(a), floatOf(b), type, generic);
  const x = integerOf(a);
  const y = integerOf(b);
  const truth = (isTrue: boolean) => typedValue(isTrue ? 1n : 0n, generic);
  switch (operator) {
    case 'and':
      return typedValue(x & y, type);
    case 'or':
      return typedValue(x | y, type);
    case 'xor':
      return typedValue(x ^ y, type);
    case 'plus':
      return typedValue(x + y, type);
    case 'minus':
      return typedValue(x - y, type);
    case 'mul':
      return typedValue(x * y, type);
    case 'div':
      if (y === 0n) throw new DwarfError('a division by zero');
      return typedValue(x / y, type);
    case 'mod':
      if (b.bits === 0n) throw new DwarfError('a division by zero');
      // Of generic values it is one without sign.
      return typedValue(type.kind === 'signed' ? x % y : a.bits % b.bits, type);
    case 'shl':
      return typedValue(b.bits >= type.bits ? 0n : a.bits << b.bits, type);
    case 'shr':
      return typedValue(b.bits >= type.bits ? 0n : a.bits >> b.bits, type);
    case 'shra':
      return typedValue(
        BigInt.asIntN(type.bits, a.bits) >> (b.bits >= type.bits ? BigInt(type.bits - 1) : b.bits),
        type,
      );
    case 'eq':
      return truth(a.bits === b.bits);
    case 'ne':
      return truth(a.bits !== b.bits);
    case 'ge':
      return truth(x >= y);
    case 'gt':
      return truth(x > y);
    case 'le':
      return truth(x <= y);
    case 'lt':
      return truth(x < y);
  }
}

function floatBinary(
  operator: BinaryOperator,
  x: number,
  y: number,
  type: ValueType,
  generic: ValueType,
): TypedValue {
  const truth = (isTrue: boolean) => typedValue(isTrue ? 1n : 0n, generic);
  switch (operator) {
    case 'plus':
      return floatValue(x + y, type);
    case 'minus':
      return floatValue(x - y, type);
    case 'mul':
      return floatValue(x * y, type);
    case 'div':
      return floatValue(x / y, type);
    case 'eq':
      return truth(x === y);
    case 'ne':
      return truth(x !== y);
    case 'ge':
      return truth(x >= y);
    case 'gt':
      return truth(x > y);
    case 'le':
      return truth(x <= y);
    case 'lt':
      return truth(x < y);
    default:
      throw new DwarfError(`${operator} of floats`);
  }
}

export function negated(value: TypedValue): TypedValue {
  const { type } = value;
  return type.kind === 'float' ? floatValue(-floatOf(value), type) : typedValue(-integerOf(value), type);
}

export function absolute(value: TypedValue): TypedValue {
  const { type } = value;
  if (type.kind === 'float') return floatValue(Math.abs(floatOf(value)), type);
  const number = integerOf(value);
  return typedValue(number < 0n ? -number : number, type);
}

/** The same value in another type, as far as that can hold it. */
export function converted(value: TypedValue, type: ValueType): TypedValue {
  const isFloat = value.type.kind === 'float';
  if (type.kind === 'float') return floatValue(isFloat ? floatOf(value) : Number(integerOf(value)), type);
  if (!isFloat) return typedValue(value.type.kind === 'generic' ? value.bits : integerOf(value), type);
  const number = Math.trunc(floatOf(value));
  return typedValue(Number.isFinite(number) ? BigInt(number) : 0n, type);
}
