/** Values as operators take them. */
import type { Code, Context, Value } from './code.ts';
import type { Integer } from './exact.ts';
import { ExpressionError } from './expression-error.ts';
import { stringAt } from './memory-code.ts';
import { notNull } from './pointer-code.ts';
import { aType, characterSize, type Type } from './type.ts';

/** @throws ExpressionError if it is no single value */
export function singleOf<In extends Context>({ type, value }: Code<In>): (context: In) => Value {
  if (value === undefined) throw new ExpressionError(`${aType(type)} is no single value`);
  return value;
}

/** @param what takes it, for the message */
export function integerOf<In extends Context>(code: Code<In>, what: string): (context: In) => Integer {
  const value = singleOf(code);
  switch (code.type.kind) {
    case 'integer':
    case 'pointer':
    case 'character':
      // The type says that it is one.
      return value as (context: In) => Integer;
    case 'boolean':
      return (context) => (value(context) === true ? 1 : 0);
    default:
      throw new ExpressionError(`${what} takes an integer, not ${aType(code.type)}`);
  }
}

export function floatOf<In extends Context>(code: Code<In>, what: string): (context: In) => number {
  const value = singleOf(code);
  switch (code.type.kind) {
    case 'text':
    case 'record':
    case 'array':
      throw new ExpressionError(`${what} takes a number, not ${aType(code.type)}`);
    default:
      return (context) => Number(value(context));
  }
}

/** Whether it is true, or a number other than 0. */
export function truthOf<In extends Context>(code: Code<In>): (context: In) => boolean {
  const value = singleOf(code);
  switch (code.type.kind) {
    case 'boolean':
      return value as (context: In) => boolean;
    case 'text':
    case 'record':
    case 'array':
      throw new ExpressionError(`${aType(code.type)} is neither true nor false`);
    default:
      return (context) => Boolean(value(context));
  }
}

/** A text, or that of a C string. */
export function textOf<In extends Context>(code: Code<In>): (context: In) => Value {
  const { type, address } = code;
  if (type.kind === 'array' && address !== undefined) {
    const size = characterSize(type.of);
    if (size !== null) return (context) => stringAt(context.memory, address(context), type.count, size);
  }
  const value = singleOf(code);
  if (type.kind === 'text') return value;
  const size = type.kind === 'pointer' ? characterSize(type.to) : null;
  if (size !== null) {
    const start = (context: In) => Number(value(context));
    const from = code.called === undefined ? start : notNull(start, 'the pointer');
    return (context) => stringAt(context.memory, from(context), undefined, size);
  }
  throw new ExpressionError(`${aType(type)} is not compared with a text`);
}

/** A text to be compared; null for NULL, which is none and equals none. */
export function comparedText<In extends Context>(code: Code<In>): (context: In) => Value | null {
  const text = textOf(code);
  const { called, value } = code;
  if (called === undefined || value === undefined) return text;
  return (context) => (Number(value(context)) === 0 ? null : text(context));
}

/** Whether a value of a type may be the address of a C string. */
export function isCString(type: Type): boolean {
  return type.kind === 'pointer' && characterSize(type.to) !== null;
}
