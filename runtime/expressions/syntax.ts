/** Expressions as trees. */

/** The operators that have two operands. */
export type BinaryOperator =
  | '||'
  | '&&'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '|'
  | '^'
  | '&'
  | '<<'
  | '>>'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%';

/** `*` reads what a pointer points to, `&` takes an address. */
export type UnaryOperator = '-' | '!' | '~' | '*' | '&';

/** The name of a type, and how many pointers lead to it: `u8**` is `u8` with 2. */
export interface TypeName {
  readonly name: string;
  readonly pointers: number;
  /** Whether it is a type of the program, which has its name there. */
  readonly isOwn?: true;
}

export type Expression =
  /** An integer; a character is its code point. */
  | { readonly kind: 'integer'; readonly value: bigint; readonly isCharacter: boolean }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'text'; readonly value: string }
  /** `()`, which variants of enums have in them. */
  | { readonly kind: 'unit' }
  /** With its `$` where it has one; `local 3` and `global 3` stand for themselves. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'member'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'index'; readonly of: Expression; readonly index: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Expression[] }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'cast'; readonly operand: Expression; readonly to: TypeName }
  /** `condition ? yes : no` */
  | {
      readonly kind: 'choice';
      readonly condition: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    };

/** The names in an expression that stand for variables, and the keys of those that stand for types in casts, each once. */
export function namesIn(expression: Expression): string[] {
  const names = new Set<string>();
  const left = [expression];
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (part.kind === 'cast' && part.to.isOwn === true) names.add(typeKey(part.to.name));
    if (part.kind === 'name') names.add(part.name);
    else left.push(...partsOf(part));
  }
  return [...names];
}

/** What a type of the program is called among the names of an expression: variables may have the same name. */
export function typeKey(name: string): string {
  return `type ${name}`;
}

/** The names that stand alone in `sizeof`, each once: they may be those of types. */
export function sizedNamesIn(expression: Expression): string[] {
  const names = new Set<string>();
  const left = [expression];
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    const [of] = part.kind === 'call' && part.name === 'sizeof' ? part.arguments : [];
    if (of?.kind === 'name') names.add(of.name);
    left.push(...partsOf(part));
  }
  return [...names];
}

/** The names with a part behind them, each once. Static fields of classes are called so, as in `Shop.total`. */
export function dottedNamesIn(expression: Expression): string[] {
  const names = new Set<string>();
  const left = [expression];
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    const name = dottedName(part);
    if (name !== undefined) names.add(name);
    left.push(...partsOf(part));
  }
  return [...names];
}

/** A name with a part behind it, as one name; undefined for any other expression. */
export function dottedName(expression: Expression): string | undefined {
  return expression.kind === 'member' && expression.of.kind === 'name'
    ? `${expression.of.name}.${expression.name}`
    : undefined;
}

/** How many steps from a variable into its parts an expression makes at most. */
export function depthOf(expression: Expression): number {
  const goesIn =
    expression.kind === 'member' ||
    expression.kind === 'index' ||
    (expression.kind === 'unary' && expression.operator === '*');
  // A pointer or an array stands for what is behind it without a word.
  const own = goesIn ? 2 : 1;
  return own + Math.max(0, ...partsOf(expression).map(depthOf));
}

function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'member':
      return [expression.of];
    case 'index':
      return [expression.of, expression.index];
    case 'call':
      return expression.arguments;
    case 'unary':
    case 'cast':
      return [expression.operand];
    case 'binary':
      return [expression.left, expression.right];
    case 'choice':
      return [expression.condition, expression.yes, expression.no];
    default:
      return [];
  }
}
