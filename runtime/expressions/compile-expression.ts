import type { Code, Context, Scope, Value } from './code.ts';
import { compileBinary } from './compile-binary.ts';
import { compileVariants } from './compile-variants.ts';
import { type Integer, negate, not, wrap } from './exact.ts';
import { ExpressionError } from './expression-error.ts';
import { pathText } from './expression-text.ts';
import { inMemory, stringAt, textAt } from './memory-code.ts';
import { floatOf, integerOf, isCString, singleOf, textOf, truthOf } from './operands.ts';
import { decayed, notNull, pointerCode, pointerTo } from './pointer-code.ts';
import { dottedName, type Expression, type TypeName, typeKey } from './syntax.ts';
import {
  aType,
  BOOLEAN,
  type CharacterSize,
  characterSize,
  FLOAT,
  INTEGER,
  sizeOf,
  TEXT,
  type Type,
  typeNamed,
  typeText,
} from './type.ts';
import { valueText } from './value-text.ts';

/**
 * Makes an expression ready to be evaluated. Everything that can be wrong but for what is in memory is found here.
 * @throws ExpressionError if a name is not there, or values cannot be used in this way
 */
export function compileExpression<In extends Context>(expression: Expression, scope: Scope<In>): Code<In> {
  const compile = (part: Expression): Code<In> => compileExpression(part, scope);
  switch (expression.kind) {
    case 'integer': {
      const { value, isCharacter } = expression;
      const number = Number.isSafeInteger(Number(value)) ? Number(value) : value;
      return { type: isCharacter ? { kind: 'character' } : INTEGER, value: () => number };
    }
    case 'float':
      return constant(FLOAT, expression.value);
    case 'boolean':
      return constant(BOOLEAN, expression.value);
    case 'text':
      return constant(TEXT, expression.value);
    case 'unit':
      throw new ExpressionError("'()' is only compared with what a variant has in it");
    case 'name': {
      const found = scope.find(expression.name);
      if (found === undefined) throw new ExpressionError(`there is no ${expression.name} here`);
      return found;
    }
    case 'member':
      return staticField(expression, scope) ?? memberOf(pointerIn(expression.of, scope), expression.name);
    case 'index':
      return partOf(pointerIn(expression.of, scope), compile(expression.index));
    case 'call':
      return call(expression.name, expression.arguments.map(compile));
    case 'cast':
      return castTo(compile(expression.operand), expression.to, scope);
    case 'binary': {
      const { operator, left, right } = expression;
      const isLate = operator === '&&' || operator === '||';
      const once = onlyOnce((part: Expression) =>
        part === right && isLate ? compileLate(part, scope) : compile(part),
      );
      return compileVariants(operator, left, right, once) ?? compileBinary(operator, left, right, once);
    }
    case 'unary':
      return unary(
        expression.operator,
        expression.operator === '*' ? pointerIn(expression.operand, scope) : compile(expression.operand),
      );
    case 'choice':
      return choice(
        compile(expression.condition),
        compileLate(expression.yes, scope, true),
        compileLate(expression.no, scope, true),
      );
  }
}

/** Compiles each operand once, also where that fails: those in each other would take twice as long with each level. */
function onlyOnce<Result>(compile: (part: Expression) => Result): (part: Expression) => Result {
  const results = new Map<Expression, () => Result>();
  return (part) => {
    let result = results.get(part);
    if (result === undefined) {
      result = attempted(() => compile(part));
      results.set(part, result);
    }
    return result();
  };
}

/** What comes of something, again and again: its result, or its error. */
function attempted<Result>(act: () => Result): () => Result {
  try {
    const result = act();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** An operand that may not be evaluated, and whether that would fail. */
type Operand<In extends Context> = Code<In> & { readonly isWrong?: true };

/**
 * Compiles an operand that may not be evaluated.
 * @param isLate whether its errors are thrown only when it is
 */
function compileLate<In extends Context>(
  part: Expression,
  scope: Scope<In>,
  isLate = scope.isLate === true,
): Operand<In> {
  try {
    return compileExpression(part, scope);
  } catch (error) {
    if (!(error instanceof ExpressionError) || !isLate) throw error;
    return {
      type: BOOLEAN,
      isWrong: true,
      value() {
        throw error;
      },
    };
  }
}

/** What an expression leads to a part of: a pointer says how it is called where it is NULL. */
function pointerIn<In extends Context>(expression: Expression, scope: Scope<In>): Code<In> {
  const code = compileExpression(expression, scope);
  return code.called === undefined
    ? code
    : { ...code, ...code.called(pathText(expression) ?? 'the pointer') };
}

/** What is called by a name with a part behind it, where nothing is called by the name alone. */
function staticField<In extends Context>(
  expression: Extract<Expression, { kind: 'member' }>,
  scope: Scope<In>,
): Code<In> | undefined {
  const { of } = expression;
  const name = dottedName(expression);
  return name === undefined || of.kind !== 'name' || scope.find(of.name) !== undefined
    ? undefined
    : scope.find(name);
}

function constant<In extends Context>(type: Type, value: Value): Code<In> {
  return { type, value: () => value };
}

function unary<In extends Context>(operator: '-' | '!' | '~' | '*' | '&', operand: Code<In>): Code<In> {
  switch (operator) {
    case '-': {
      if (operand.type.kind === 'float') {
        const value = floatOf(operand, "'-'");
        return { type: FLOAT, value: (context) => -value(context) };
      }
      const value = integerOf(operand, "'-'");
      return { type: INTEGER, value: (context) => negate(value(context)) };
    }
    case '!': {
      const truth = truthOf(operand);
      return { type: BOOLEAN, value: (context) => !truth(context) };
    }
    case '~': {
      const value = integerOf(operand, "'~'");
      return { type: INTEGER, value: (context) => not(value(context)) };
    }
    case '*': {
      // What is referred to may be an array as a whole.
      const { type, target } = operand.target === undefined ? decayed(operand) : operand;
      if (target !== undefined) return target();
      const to: Type = type.kind === 'pointer' ? type.to : { kind: 'integer', bytes: 4, isSigned: null };
      return inMemory(to, addressIn(operand));
    }
    case '&':
      return pointerTo(operand);
  }
}

/** The address that a pointer or an integer is. */
function addressIn<In extends Context>(code: Code<In>): (context: In) => number {
  const value = integerOf(code, 'an address');
  const { kind } = code.type;
  // The addresses of WebAssembly have no sign.
  return kind === 'integer'
    ? (context) => Number(wrap(value(context), 4, false))
    : (context) => Number(value(context));
}

function memberOf<In extends Context>(code: Code<In>, name: string): Code<In> {
  const found = code.member?.(name);
  if (found === undefined) throw new ExpressionError(`${aType(code.type)} has no ${name}`);
  return found;
}

function partOf<In extends Context>(code: Code<In>, index: Code<In>): Code<In> {
  return code.entry?.(index) ?? elementOf(code, integerOf(index, 'an index'));
}

function elementOf<In extends Context>(code: Code<In>, index: (context: In) => Integer): Code<In> {
  const { type } = code;
  if (code.element !== undefined) return code.element((context) => Number(index(context)));
  if (type.kind !== 'array' && type.kind !== 'pointer')
    throw new ExpressionError(`${aType(type)} has no elements`);
  const element = type.kind === 'array' ? type.of : type.to;
  const size = sizeOf(element);
  const start = type.kind === 'array' ? code.address : addressIn(code);
  if (size === undefined || start === undefined)
    throw new ExpressionError(`the elements of ${aType(type)} cannot be read`);
  const count = type.kind === 'array' ? (type.count ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  return inMemory(element, (context) => {
    const at = Number(index(context));
    if (type.kind === 'array' && !(at >= 0 && at < count))
      throw new ExpressionError(`there is no element ${at}`);
    return start(context) + at * size;
  });
}

function castTo<In extends Context>(operand: Code<In>, to: TypeName, scope: Scope<In>): Code<In> {
  if (to.isOwn !== true) return cast(operand, typeNamed(to));
  const own = scope.find(typeKey(to.name));
  if (own === undefined) throw new ExpressionError(`there is no type ${to.name}`);
  if (to.pointers === 0) return cast(operand, own.type);
  if (own.again === undefined) throw new ExpressionError(`nothing can be made ${aType(own.type)}`);
  return ownPointer(own.type, own.again, to.pointers, addressIn(decayed(operand)));
}

/** So many pointers in each other to what `again` reads. */
function ownPointer<In extends Context>(
  to: Type,
  again: (address: (context: In) => number) => Code<In>,
  count: number,
  value: (context: In) => number,
): Code<In> {
  const type = pointers(to, count);
  if (count === 1) return pointerCode(type, value, again, 'it');
  const inner = (address: (context: In) => number) =>
    ownPointer(to, again, count - 1, addressIn(inMemory<In>(type.to, address)));
  return pointerCode(type, value, inner, 'it');
}

/** The type of so many pointers, at least one, that lead to another one. */
function pointers(to: Type, count: number): Extract<Type, { kind: 'pointer' }> {
  return { kind: 'pointer', to: count === 1 ? to : pointers(to, count - 1) };
}

function cast<In extends Context>(operand: Code<In>, type: Type): Code<In> {
  switch (type.kind) {
    case 'integer': {
      const { bytes = 4, isSigned } = type;
      if (operand.type.kind === 'float') {
        const value = floatOf(operand, 'a cast');
        return { type, value: (context) => clamped(value(context), bytes, isSigned !== false) };
      }
      const value = integerOf(operand, 'a cast');
      return { type, value: (context) => wrap(value(context), bytes, isSigned !== false) };
    }
    case 'float': {
      const value = floatOf(operand, 'a cast');
      return { type, value: type.bytes === 4 ? (context) => Math.fround(value(context)) : value };
    }
    case 'boolean':
      return { type, value: truthOf(operand) };
    case 'pointer':
      return pointerCode(type, addressIn(decayed(operand)), undefined, operand.called && 'the pointer');
    case 'character': {
      const value = integerOf(operand, 'a cast');
      return { type, value: (context) => Number(wrap(value(context), 4, false)) };
    }
    default:
      throw new ExpressionError(`nothing can be made ${aType(type)}`);
  }
}

/** A float as an integer of so many bytes: the nearest one that there is, as Rust has it. */
function clamped(value: number, bytes: number, isSigned: boolean): Integer {
  if (Number.isNaN(value)) return 0;
  const bits = BigInt(8 * bytes);
  const least = isSigned ? -(1n << (bits - 1n)) : 0n;
  const most = (1n << (isSigned ? bits - 1n : bits)) - 1n;
  if (value <= Number(least)) return wrap(least, bytes, isSigned);
  if (value >= Number(most)) return wrap(most, bytes, isSigned);
  return wrap(BigInt(Math.trunc(value)), bytes, isSigned);
}

/** Only what is chosen is evaluated, and must make sense. */
function choice<In extends Context>(condition: Code<In>, yes: Operand<In>, no: Operand<In>): Code<In> {
  const truth = truthOf(condition);
  const type = yes.isWrong ? no.type : no.isWrong ? yes.type : eitherType(yes.type, no.type);
  // What is of one kind or of another is displayed, and nothing else.
  if (type === null) return { type: TEXT, value: (context) => valueText(truth(context) ? yes : no, context) };
  const read = (part: Operand<In>) => (type.kind === 'text' && !part.isWrong ? textOf(part) : singleOf(part));
  const [a, b] = [read(yes), read(no)];
  return { type, value: (context) => (truth(context) ? a(context) : b(context)) };
}

/** The type of what is a value of one type or of the other; null if these have none in common. */
function eitherType(yes: Type, no: Type): Type | null {
  if (yes.kind === 'record' || no.kind === 'record' || yes.kind === 'array' || no.kind === 'array')
    return null;
  if (typeText(yes) === typeText(no)) return yes;
  const isNumber = ({ kind }: Type) => kind === 'integer' || kind === 'float' || kind === 'character';
  if (isNumber(yes) && isNumber(no)) return yes.kind === 'float' || no.kind === 'float' ? FLOAT : INTEGER;
  if ((yes.kind === 'text' && isCString(no)) || (no.kind === 'text' && isCString(yes))) return TEXT;
  // NULL is written as 0.
  if (yes.kind === 'pointer' && (no.kind === 'pointer' || no.kind === 'integer')) return yes;
  return no.kind === 'pointer' && yes.kind === 'integer' ? no : null;
}

const encoder = new TextEncoder();

function call<In extends Context>(name: string, given: readonly Code<In>[]): Code<In> {
  const [first, second] = given;
  if (name === 'len' && first !== undefined && given.length === 1) return lengthOf(first);
  if (name === 'sizeof' && first !== undefined && given.length === 1) {
    const size = first.bytes ?? sizeOf(first.type);
    if (size === undefined) throw new ExpressionError(`the size of ${aType(first.type)} is not known`);
    return constant(INTEGER, size);
  }
  if (name === 'text' && first !== undefined && given.length === 1) {
    const address = textStart(first);
    const size = sizeOfCharacter(first.type);
    return { type: TEXT, value: (context) => stringAt(context.memory, address(context), undefined, size) };
  }
  if (name === 'text' && first !== undefined && second !== undefined && given.length === 2) {
    const address = textStart(first);
    const length = integerOf(second, 'a length');
    const size = sizeOfCharacter(first.type);
    return {
      type: TEXT,
      value: (context) => textAt(context.memory, address(context), Number(length(context)), size),
    };
  }
  if (name === 'contains' && first !== undefined && second !== undefined && given.length === 2) {
    const whole = textOf(first);
    const part = textOf(second);
    return {
      type: BOOLEAN,
      value: (context) => String(whole(context)).includes(String(part(context))),
    };
  }
  throw new ExpressionError(
    `there is no function ${name} of ${given.length} values, but len(x), sizeof(x), contains(x, y), text(pointer) and text(pointer, length)`,
  );
}

/** Where a text begins. */
function textStart<In extends Context>(code: Code<In>): (context: In) => number {
  const address = addressIn(decayed(code));
  return code.called === undefined ? address : notNull(address, 'the pointer');
}

/** Bytes of a character of what a pointer or an array is the start of. */
function sizeOfCharacter(type: Type): CharacterSize {
  const to = type.kind === 'pointer' ? type.to : type.kind === 'array' ? type.of : undefined;
  return characterSize(to) ?? 1;
}

function lengthOf<In extends Context>(code: Code<In>): Code<In> {
  const { type, length } = code;
  if (length !== undefined) return { type: INTEGER, value: length };
  if (type.kind === 'array' && type.count !== undefined) return constant(INTEGER, type.count);
  if (type.kind === 'array' && code.address !== undefined && sizeOf(type.of) === 1) {
    const start = code.address;
    return { type: INTEGER, value: (context) => context.memory.byteLength - start(context) };
  }
  if (type.kind === 'text') {
    const value = singleOf(code);
    return { type: INTEGER, value: (context) => encoder.encode(String(value(context))).length };
  }
  throw new ExpressionError(`${aType(type)} has no length`);
}
