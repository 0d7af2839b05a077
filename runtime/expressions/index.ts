export { cCharacterText, characterText, untilZero, wideText } from './characters.ts';
export type { Code, Context, Scope, Value, Variants } from './code.ts';
export { compileExpression } from './compile-expression.ts';
export { isPattern } from './compile-variants.ts';
export { equal, exact } from './exact.ts';
export { ExpressionError } from './expression-error.ts';
export { pathText } from './expression-text.ts';
export { type HitCondition, parseHitCondition } from './hit-condition.ts';
export { type LogMessage, parseLogMessage } from './log-message.ts';
export { inMemory, readI64, stringAt, textAt } from './memory-code.ts';
export { truthOf } from './operands.ts';
export { parseExpression } from './parse-expression.ts';
export { pointerCode } from './pointer-code.ts';
export { prepareExpression } from './prepare-expression.ts';
export { storedValue } from './stored-value.ts';
export {
  type BinaryOperator,
  depthOf,
  dottedNamesIn,
  type Expression,
  namesIn,
  sizedNamesIn,
  typeKey,
} from './syntax.ts';
export {
  aType,
  BOOLEAN,
  BYTE,
  type CharacterSize,
  characterSize,
  INTEGER,
  sizeOf,
  TEXT,
  type Type,
  typeFromText,
  typeText,
} from './type.ts';
export { constantText, floatText, shortest, valueText } from './value-text.ts';
