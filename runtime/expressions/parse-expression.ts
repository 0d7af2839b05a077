import { ExpressionError } from './expression-error.ts';
import { readTokens, shortened, type Token } from './read-tokens.ts';
import type { BinaryOperator, Expression, TypeName, UnaryOperator } from './syntax.ts';
import { nameInC, sizeInC } from './type.ts';

/** The most characters of an expression. */
export const MOST_CHARACTERS = 1000;
/** The most expressions that stand in each other. */
const MOST_LEVELS = 100;

/** Those of a line bind more tightly than those of the lines before it, as in Rust. */
const PRECEDENCE: readonly (readonly BinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['==', '!=', '<', '<=', '>', '>='],
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];
const COMPARISON = 2;
/** Words of C before the name of a type. */
const OF_TYPES: ReadonlySet<string> = new Set(['struct', 'union', 'class', 'enum']);
const UNARY: readonly UnaryOperator[] = ['-', '!', '~', '*', '&'];

const lengthOf = (of: Expression): Expression => ({ kind: 'call', name: 'len', arguments: [of] });
const isEmpty = (of: Expression): Expression => ({
  ...{ kind: 'binary', operator: '==', left: lengthOf(of) },
  right: { kind: 'integer', value: 0n, isCharacter: false },
});
const isVariant =
  (name: string) =>
  (of: Expression): Expression => ({
    ...{ kind: 'binary', operator: '==', left: of },
    right: { kind: 'name', name },
  });

/** What stands for methods without arguments, which an expression cannot call. */
const METHODS: ReadonlyMap<string, (of: Expression) => Expression> = new Map([
  ['len', lengthOf],
  ['size', lengthOf],
  ['length', lengthOf],
  ['is_empty', isEmpty],
  ['empty', isEmpty],
  ['is_some', isVariant('Some')],
  ['is_none', isVariant('None')],
  ['is_ok', isVariant('Ok')],
  ['is_err', isVariant('Err')],
]);

/**
 * Reads an expression in the language of the debugger: what C and Rust have in common, with the names of WebAssembly text.
 * @throws ExpressionError if it is none, or too long
 */
export function parseExpression(text: string): Expression {
  if (text.length > MOST_CHARACTERS)
    throw new ExpressionError(`an expression has at most ${MOST_CHARACTERS} characters`);
  const parser = new Parser(readTokens(text));
  const expression = parser.expression();
  parser.expectEnd();
  return expression;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #level = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  expectEnd(): void {
    if (this.#at < this.#tokens.length) this.#fail();
  }

  /** `condition ? yes : no`, or what binds more tightly. */
  expression(): Expression {
    return this.#nested(() => {
      const condition = this.#binary(0);
      if (!this.#take('?')) return condition;
      const yes = this.expression();
      this.#expect(':');
      return { kind: 'choice', condition, yes, no: this.expression() };
    });
  }

  /** @param from the row of `PRECEDENCE` whose operators, and those behind it, belong to it */
  #binary(from: number): Expression {
    const operators = PRECEDENCE[from];
    if (operators === undefined) return this.#cast();
    return this.#nested(() => {
      let left = this.#binary(from + 1);
      for (;;) {
        const operator = this.#takeAny(operators);
        if (operator === undefined) return left;
        left = { kind: 'binary', operator, left, right: this.#binary(from + 1) };
        if (from === COMPARISON && this.#peekAny(operators))
          throw new ExpressionError('comparisons are joined with && or ||');
      }
    });
  }

  /** `x as u32` */
  #cast(): Expression {
    let operand = this.#unary();
    while (this.#takeName('as')) operand = { kind: 'cast', operand, to: this.#rustType() };
    return operand;
  }

  #unary(): Expression {
    return this.#nested(() => {
      const operator = this.#takeAny(UNARY);
      if (operator !== undefined) return { kind: 'unary', operator, operand: this.#unary() };
      const to = this.#castBefore();
      if (to !== undefined) return { kind: 'cast', operand: this.#unary(), to };
      return this.#postfix(this.#primary());
    });
  }

  #postfix(first: Expression): Expression {
    let of = first;
    for (;;) {
      if (this.#take('[')) {
        of = { kind: 'index', of, index: this.expression() };
        this.#expect(']');
      } else if (this.#take('.') || this.#take('->')) {
        const name = this.#memberName();
        of = this.#take('(') ? this.#method(of, name) : { kind: 'member', of, name };
      } else if (!this.#takeAssertion()) return of;
    }
  }

  /** The `!` of TypeScript in `x!.y`, which says that there is an `x`. */
  #takeAssertion(): boolean {
    const behind = this.#tokens[this.#at + 1];
    return behind?.kind === 'sign' && (behind.sign === '.' || behind.sign === '[') && this.#take('!');
  }

  /** `x.len()`, behind its parenthesis. */
  #method(of: Expression, name: string): Expression {
    const given = this.#given();
    const [first, ...others] = given;
    const method = METHODS.get(name);
    if (method !== undefined && first === undefined) return method(of);
    if (name === 'contains' && first !== undefined && others.length === 0)
      return { kind: 'call', name, arguments: [of, first] };
    throw new ExpressionError(
      `an expression cannot call ${name}(): of methods it knows ${[...METHODS.keys()].map((known) => `${known}()`).join(', ')} and contains(x)`,
    );
  }

  /** The arguments of a call, behind its parenthesis. */
  #given(): Expression[] {
    const given: Expression[] = [];
    if (this.#take(')')) return given;
    do given.push(this.expression());
    while (this.#take(','));
    this.#expect(')');
    return given;
  }

  #memberName(): string {
    const token = this.#next();
    if (token?.kind === 'name') return token.name;
    // A member of a tuple.
    if (token?.kind === 'integer' && !token.isCharacter) return String(token.value);
    return this.#fail(1);
  }

  #primary(): Expression {
    const token = this.#next();
    switch (token?.kind) {
      case 'integer':
      case 'float':
      case 'text':
        return token;
      case 'name':
        return this.#named(token.name);
      default:
        break;
    }
    if (token?.sign !== '(') return this.#fail(1);
    if (this.#take(')')) return { kind: 'unit' };
    const inner = this.expression();
    this.#expect(')');
    return inner;
  }

  #named(name: string): Expression {
    if (name === 'true' || name === 'false') return { kind: 'boolean', value: name === 'true' };
    if (name === 'local' || name === 'global') {
      const index = this.#tokens[this.#at];
      if (index?.kind === 'integer') {
        this.#at++;
        return { kind: 'name', name: `${name} ${index.value}` };
      }
    }
    if (!this.#take('(')) return { kind: 'name', name };
    if (name === 'sizeof') {
      const size = this.#sizeOfType();
      if (size !== undefined) return size;
    }
    return { kind: 'call', name, arguments: this.#given() };
  }

  /** `(u32)`, `(unsigned char)` or `(struct point*)` before what is cast. */
  #castBefore(): TypeName | undefined {
    const start = this.#at;
    const to = this.#take('(') ? this.#typeBefore() : undefined;
    if (to === undefined) this.#at = start;
    return to;
  }

  /** A type up to its parenthesis. Nothing that may be a value is one. */
  #typeBefore(): TypeName | undefined {
    const words = this.#words();
    const isCertain = words.length > 1 && OF_TYPES.has(words[0] ?? '');
    if (isCertain) words.shift();
    const pointers = this.#stars();
    if (!this.#take(')')) return undefined;
    const name = isCertain ? undefined : nameInC(words, pointers);
    if (name !== undefined) return { name, pointers };
    const [own] = words;
    if (own === undefined || words.length > 1) return undefined;
    return isCertain || pointers > 0 || this.#isBeforeOperand()
      ? { name: own, pointers, isOwn: true }
      : undefined;
  }

  #isBeforeOperand(): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind === 'name') return token.name !== 'as';
    return token?.kind === 'sign' ? token.sign === '(' : token !== undefined;
  }

  /** `u32`, `*const u8`, or `u8*` where nothing follows that could be multiplied. */
  #rustType(): TypeName {
    let pointers = 0;
    while (this.#take('*')) {
      pointers++;
      if (!this.#takeName('const')) this.#takeName('mut');
    }
    const token = this.#next();
    if (token?.kind !== 'name') return this.#fail(1);
    return { name: token.name, pointers };
  }

  /** The type in `sizeof(unsigned long)`, up to its parenthesis: its size. Nothing is taken of what may be a value. */
  #sizeOfType(): Expression | undefined {
    const start = this.#at;
    const words = this.#words();
    const pointers = this.#stars();
    const size = this.#take(')') ? sizeInC(words, pointers) : undefined;
    if (size !== undefined) return { kind: 'integer', value: BigInt(size), isCharacter: false };
    this.#at = start;
    // What is behind the word is the name of a type for certain.
    [...OF_TYPES].some((word) => this.#takeName(word));
    return undefined;
  }

  /** Names that stand one behind the other, but for qualifiers. */
  #words(): string[] {
    const words: string[] = [];
    for (let word = this.#tokens[this.#at]; word?.kind === 'name'; word = this.#tokens[++this.#at])
      if (word.name !== 'const' && word.name !== 'volatile') words.push(word.name);
    return words;
  }

  #stars(): number {
    let stars = 0;
    while (this.#take('*')) stars++;
    return stars;
  }

  #nested(read: () => Expression): Expression {
    // Each pair of parentheses is as many levels as there are rows of operators.
    if (++this.#level > MOST_LEVELS * (PRECEDENCE.length + 1))
      throw new ExpressionError('the expression nests too deeply');
    const expression = read();
    this.#level--;
    return expression;
  }

  #next(): Token | undefined {
    return this.#tokens[this.#at++];
  }

  #take(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'sign' || token.sign !== sign) return false;
    this.#at++;
    return true;
  }

  #takeName(name: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'name' || token.name !== name) return false;
    this.#at++;
    return true;
  }

  #takeAny<Sign extends string>(signs: readonly Sign[]): Sign | undefined {
    return signs.find((sign) => this.#take(sign));
  }

  #peekAny(signs: readonly string[]): boolean {
    const token = this.#tokens[this.#at];
    return token?.kind === 'sign' && signs.includes(token.sign);
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) this.#fail(0, `, where '${sign}' is missing`);
  }

  /** @param back how many tokens before the next one it is */
  #fail(back = 0, why = ''): never {
    const token = this.#tokens[this.#at - back];
    throw new ExpressionError(
      token === undefined ? `the expression ends too soon${why}` : `'${textOf(token)}' is not expected${why}`,
    );
  }
}

function textOf(token: Token): string {
  switch (token.kind) {
    case 'name':
      return shortened(token.name);
    case 'sign':
      return token.sign;
    default:
      return shortened(String(token.value));
  }
}
