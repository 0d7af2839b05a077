import type { Code, Context } from './code.ts';
import {
  add,
  and,
  divide,
  equal,
  type Integer,
  multiply,
  or,
  remainder,
  shiftLeft,
  shiftRight,
  subtract,
  wrap,
  xor,
} from './exact.ts';
import { ExpressionError } from './expression-error.ts';
import { comparedText, floatOf, integerOf, truthOf } from './operands.ts';
import { decayed, pointerCode } from './pointer-code.ts';
import type { BinaryOperator, Expression } from './syntax.ts';
import { BOOLEAN, FLOAT, INTEGER, sizeOf, type Type } from './type.ts';

type Arithmetic = Exclude<BinaryOperator, '||' | '&&' | Comparison>;
type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

const INTEGERS: Readonly<Record<Arithmetic, (a: Integer, b: Integer) => Integer>> = {
  '+': add,
  '-': subtract,
  '*': multiply,
  '/': divide,
  '%': remainder,
  '&': and,
  '|': or,
  '^': xor,
  '<<': shiftLeft,
  '>>': shiftRight,
};

const FLOATS: Partial<Record<BinaryOperator, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
};

export function compileBinary<In extends Context>(
  operator: BinaryOperator,
  leftPart: Expression,
  rightPart: Expression,
  compile: (part: Expression) => Code<In>,
): Code<In> {
  const left = compile(leftPart);
  const right = compile(rightPart);
  switch (operator) {
    case '||':
    case '&&': {
      const a = truthOf(left);
      const b = truthOf(right);
      const value =
        operator === '||'
          ? (context: In) => a(context) || b(context)
          : (context: In) => a(context) && b(context);
      return { type: BOOLEAN, value };
    }
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return {
        type: BOOLEAN,
        value: comparison(operator, left, right, leftPart, rightPart),
      };
    default:
      return arithmetic(operator, decayed(left), decayed(right));
  }
}

function arithmetic<In extends Context>(operator: Arithmetic, left: Code<In>, right: Code<In>): Code<In> {
  const what = `'${operator}'`;
  if (left.type.kind === 'float' || right.type.kind === 'float') {
    const compute = FLOATS[operator];
    if (compute === undefined) throw new ExpressionError(`${what} takes integers, not floats`);
    const a = floatOf(left, what);
    const b = floatOf(right, what);
    return { type: FLOAT, value: (context) => compute(a(context), b(context)) };
  }
  const compute = INTEGERS[operator];
  const a = integerOf(left, what);
  const b = integerOf(right, what);
  const { type } = left;
  // As in C, pointers count in whole elements.
  if (type.kind === 'pointer' && (operator === '+' || operator === '-')) {
    const size = sizeOf(type.to) || 1;
    if (right.type.kind !== 'pointer')
      return moved(type, left, (context) => compute(a(context), multiply(b(context), size)));
    if (operator === '-')
      return { type: INTEGER, value: (context) => divide(compute(a(context), b(context)), size) };
  }
  if (right.type.kind === 'pointer' && operator === '+') {
    const size = sizeOf(right.type.to) || 1;
    return moved(right.type, right, (context) => add(multiply(a(context), size), b(context)));
  }
  return { type: INTEGER, value: (context) => compute(a(context), b(context)) };
}

/** A pointer that leads elsewhere. */
function moved<In extends Context>(
  type: Extract<Type, { kind: 'pointer' }>,
  { to, called }: Code<In>,
  value: (context: In) => Integer,
): Code<In> {
  const address = (context: In) => Number(wrap(value(context), 4, false));
  return pointerCode(type, address, to, called && 'the pointer');
}

/** Compares two values. The expressions tell constants, which take the type of the other. */
export function comparison<In extends Context>(
  operator: Comparison,
  left: Code<In>,
  right: Code<In>,
  leftPart: Expression,
  rightPart: Expression,
): (context: In) => boolean {
  if (left.type.kind === 'text' || right.type.kind === 'text') {
    if (operator !== '==' && operator !== '!=')
      throw new ExpressionError('texts are only equal or different');
    const a = comparedText(left);
    const b = comparedText(right);
    const wanted = operator === '==';
    return (context) => (a(context) === b(context)) === wanted;
  }
  const a = numberOf(isNumber(rightPart) ? left : decayed(left), leftPart, right.type);
  const b = numberOf(isNumber(leftPart) ? right : decayed(right), rightPart, left.type);
  switch (operator) {
    case '==':
      return (context) => equal(a(context), b(context));
    case '!=':
      return (context) => !equal(a(context), b(context));
    case '<':
      return (context) => a(context) < b(context);
    case '<=':
      return (context) => a(context) <= b(context);
    case '>':
      return (context) => a(context) > b(context);
    case '>=':
      return (context) => a(context) >= b(context);
  }
}

/** A number, as it is compared with another one. */
function numberOf<In extends Context>(
  code: Code<In>,
  part: Expression,
  other: Type,
): (context: In) => number | bigint {
  // No float of four bytes is 0.1: what is nearest to it is meant.
  if (other.kind === 'float' && other.bytes === 4 && isConstant(part)) {
    const value = floatOf(code, 'a comparison');
    return (context) => Math.fround(value(context));
  }
  const constant = part.kind === 'integer' ? part.value : undefined;
  if (code.type.kind === 'float') return floatOf(code, 'a comparison');
  // A number with its highest bit set means the same bits in an integer that has no sign of its own.
  if (constant !== undefined && other.kind === 'integer' && other.isSigned === null) {
    const { bytes = 4 } = other;
    const bits = BigInt(8 * bytes);
    if (constant >= 1n << (bits - 1n) && constant < 1n << bits) {
      const wrapped = wrap(constant, bytes, true);
      return () => wrapped;
    }
  }
  return integerOf(code, 'a comparison');
}

/** Whether it is a number other than NULL, with which no array is compared. */
function isNumber(part: Expression): boolean {
  return isConstant(part) && !(part.kind === 'integer' && part.value === 0n);
}

/** Whether it is a number, maybe one below 0. */
function isConstant(part: Expression): boolean {
  if (part.kind === 'unary') return part.operator === '-' && isConstant(part.operand);
  return part.kind === 'integer' || part.kind === 'float';
}
