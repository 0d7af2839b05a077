import { countOf } from '../text/quantities.ts';
import type { Code, Context } from './code.ts';
import { comparison } from './compile-binary.ts';
import { ExpressionError } from './expression-error.ts';
import type { BinaryOperator, Expression } from './syntax.ts';
import { aType, BOOLEAN } from './type.ts';

/** A variant with or without what is in it: `None`, `Shape::Circle`, `Some(3)`. */
type Pattern = Extract<Expression, { readonly kind: 'name' | 'call' }>;

/** What of an enum may be anything. */
const ANYTHING = '_';

/** Whether an expression could be a variant. */
export function isPattern(part: Expression): part is Pattern {
  return part.kind === 'name' || part.kind === 'call';
}

/** `state == State::Idle`, `found != None`, `found == Some(3)`; undefined for comparisons of anything but an enum with a variant. */
export function compileVariants<In extends Context>(
  operator: BinaryOperator,
  left: Expression,
  right: Expression,
  compile: (part: Expression) => Code<In>,
): Code<In> | undefined {
  if (operator !== '==' && operator !== '!=') return undefined;
  for (const [part, pattern] of [
    [left, right],
    [right, left],
  ] as const) {
    const value = isPattern(pattern) ? enumIn(part, compile) : undefined;
    if (value === undefined) continue;
    const isIt = match(value, pattern, compile);
    return { type: BOOLEAN, value: operator === '==' ? isIt : (context) => !isIt(context) };
  }
  return undefined;
}

/** The enum that an expression means; undefined if it is none, or means nothing. */
function enumIn<In extends Context>(
  part: Expression,
  compile: (part: Expression) => Code<In>,
): Code<In> | undefined {
  try {
    const code = compile(part);
    return code.variants === undefined ? undefined : code;
  } catch (error) {
    // It may be the variant.
    if (error instanceof ExpressionError && isPattern(part)) return undefined;
    throw error;
  }
}

/** Whether a value is what a pattern says. */
function match<In extends Context>(
  value: Code<In>,
  pattern: Expression,
  compile: (part: Expression) => Code<In>,
): (context: In) => boolean {
  if (pattern.kind === 'unit' || (pattern.kind === 'name' && pattern.name === ANYTHING)) return () => true;
  if (value.variants === undefined || !isPattern(pattern))
    return comparison('==', value, compile(pattern), VALUE, pattern);
  const name = pattern.name.split('::').at(-1) ?? '';
  const variant = value.variants.find(name);
  if (variant === undefined)
    throw new ExpressionError(
      `${aType(value.type)} has no variant ${name}, but ${value.variants.names.join(', ')}`,
    );
  const { isIt, fields } = variant;
  if (pattern.kind === 'name' || fields === null) return isIt;
  if (pattern.arguments.length !== fields.length)
    throw new ExpressionError(
      `${name} has ${countOf(fields.length, 'value')} in it, not ${pattern.arguments.length}`,
    );
  const parts = pattern.arguments.map((part, i) => {
    const field = fields[i];
    return field === undefined ? () => true : match(field, part, compile);
  });
  return (context) => isIt(context) && parts.every((part) => part(context));
}

/** What stands for a value that is no constant. */
const VALUE: Expression = { kind: 'name', name: '' };
