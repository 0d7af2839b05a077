import {
  type BinaryOperator,
  type Code,
  type Context,
  compileExpression,
  type Expression,
  ExpressionError,
  isPattern,
  type PointerType,
  parseExpression,
  pathText,
  quoted,
  type TypeId,
  type TypeInfo,
  truthOf,
  typeText,
  valueText,
} from '../../runtime/internal.ts';
import { joined } from './evaluate-name.ts';
import type { Names } from './names.ts';
import type { Shower } from './show-value.ts';
import { Steps } from './steps.ts';
import { pointerTo } from './type-table.ts';
import { addressOf, inMemory, type Value } from './value.ts';
import { codeOf, constantOf, NO_MEMORY } from './value-code.ts';

/** Pointers that are followed to a member on their own. */
const MAX_POINTERS = 8;

/** Entries in which a key is looked for here, even where the runtime could be asked. */
const MANY_ENTRIES = 500;
/** Steps for a key, of which each entry takes some dozens. */
const MOST_STEPS = 5_000_000;

/** What an expression means: a value that is somewhere, with an expression that clients may send again, or a result. */
export type Evaluated =
  | { readonly kind: 'value'; readonly value: Value; readonly path: string }
  | { readonly kind: 'result'; readonly text: string; readonly type: string };

/** What an expression names is not there, which the runtime might not see. */
export class NothingThere extends ExpressionError {}

/** Keys are the same if they are the same number or the same text. */
function keyText(key: ReturnType<NonNullable<Code<Context>['value']>>): string {
  return typeof key === 'string' ? quoted(key) : String(typeof key === 'boolean' ? Number(key) : key);
}

interface Found {
  readonly value: Value;
  readonly path: string;
}

/**
 * Evaluates an expression in a frame.
 * @param shower displays values; null where nothing is known of the source
 * @throws ExpressionError if it cannot be
 */
export async function evaluateExpression(
  text: string,
  names: Names,
  shower: Shower | null,
): Promise<Evaluated> {
  const evaluation = new Evaluation(names, shower);
  return await evaluation.run(parseExpression(text));
}

/** Whether it is a pointer that is none for its language to follow on its own; Rust gives names to all of them. */
function isPointer(type: TypeInfo | null): type is PointerType {
  return type?.kind === 'pointer' && type.form === 'pointer' && (type.name ?? '*').startsWith('*');
}

function pointer(type: TypeId, address: number, path: string): Found {
  const bytes = new Uint8Array(Uint32Array.of(address).buffer);
  return { value: { type, place: { kind: 'value', bytes }, offset: 0 }, path };
}

/** What is wrong with a value of which the compiler has left nothing; null if that is not so. */
function notHere({ value, path }: Found): NothingThere | null {
  const isGone = value.place.kind === 'nowhere';
  return isGone ? new NothingThere(`${path} is optimised away`, { beginsWithName: true }) : null;
}

class Evaluation {
  readonly #names: Names;
  readonly #shower: Shower | null;
  /** What was put in the place of parts of the expression, by names that nobody can write. */
  readonly #codes = new Map<string, Code<Context>>();
  /** What parts of the expression name. Those in each other would take twice as long with each level. */
  readonly #found = new Map<Expression, Promise<Found | null>>();

  constructor(names: Names, shower: Shower | null) {
    this.#names = names;
    this.#shower = shower;
  }

  async run(expression: Expression): Promise<Evaluated> {
    const found = await this.#find(expression);
    if (found !== null) return { kind: 'value', ...found };
    const code = await this.#calculated(expression);
    return { kind: 'result', text: valueText(code, NO_MEMORY), type: typeText(code.type) };
  }

  async #calculated(expression: Expression): Promise<Code<Context>> {
    return this.#compiled(await this.#prepare(expression, false));
  }

  #compiled(prepared: Expression): Code<Context> {
    return compileExpression<Context>(prepared, { find: (name) => this.#codes.get(name) });
  }

  /** The value that an expression names; null if it is one that is calculated. */
  #find(expression: Expression): Promise<Found | null> {
    const known = this.#found.get(expression);
    if (known !== undefined) return known;
    const found = this.#findOnce(expression);
    this.#found.set(expression, found);
    return found;
  }

  async #findOnce(expression: Expression): Promise<Found | null> {
    switch (expression.kind) {
      case 'name': {
        const value = await this.#names.value(expression.name);
        return value === null ? null : { value, path: expression.name };
      }
      case 'member': {
        const of = await this.#find(expression.of);
        return of === null ? null : await this.#member(of, expression.name);
      }
      case 'index': {
        const of = await this.#find(expression.of);
        if (of === null) return null;
        return (
          (await this.#entry(of, expression.index)) ??
          (await this.#element(of, await this.#number(expression.index)))
        );
      }
      case 'unary':
        return await this.#followed(expression);
      case 'binary':
        return await this.#moved(expression);
      case 'cast':
        return await this.#cast(expression);
      case 'choice':
        return await this.#find(await this.#chosen(expression));
      default:
        return null;
    }
  }

  /** What a pointer leads to, or the pointer to a value. */
  async #followed({ operator, operand }: Extract<Expression, { kind: 'unary' }>): Promise<Found | null> {
    const shower = this.#shower;
    if ((operator !== '*' && operator !== '&') || shower === null) return null;
    const of = await this.#find(operand);
    if (of === null) return null;
    if (operator === '&') {
      const address = of.value.bits === undefined ? addressOf(of.value) : null;
      return address === null ? null : pointer(pointerTo(of.value.type), address, `&${of.path}`);
    }
    const target = (await this.#target(shower, of)) ?? (await this.#decayed(of.value));
    if (target === null) throw notHere(of) ?? new NothingThere(`there is nothing at ${of.path}`);
    return { value: target, path: joined(of.path, '*') ?? '' };
  }

  /** The first element of an array; null for anything else. */
  async #decayed(value: Value): Promise<Value | null> {
    const { reader } = this.#shown();
    const type = await reader.typeOf(value);
    const isRow = (value.dimension ?? 0) > 0 || (type?.kind === 'array' && type.counts.length > 1);
    if (type?.kind !== 'array' || isRow) return null;
    return await reader.element(value, type.element, 0);
  }

  /** The address of an array, as C takes it for a pointer to its first element; null for anything else. */
  async #rowAddress(expression: Expression): Promise<number | null> {
    const found = this.#shower === null ? null : await this.#find(expression);
    const first = found === null ? null : await this.#decayed(found.value);
    return first === null ? null : addressOf(first);
  }

  /** The first element of an array whose length is not said; null for anything else. */
  async #flexible(value: Value): Promise<Value | null> {
    const type = await this.#shown().reader.typeOf(value);
    return type?.kind === 'array' && type.counts[0] === null ? await this.#decayed(value) : null;
  }

  /** A pointer or an array and a number, which counts elements: another pointer. Null for anything else. */
  async #moved(expression: Extract<Expression, { kind: 'binary' }>): Promise<Found | null> {
    const { operator, left, right } = expression;
    if ((operator !== '+' && operator !== '-') || this.#shower === null) return null;
    const path = pathText(expression);
    const found = await this.#find(left);
    if (found === null || path === null) return null;
    const { reader } = this.#shower;
    const type = await reader.typeOf(found.value);
    const first = type?.kind === 'array' ? await this.#decayed(found.value) : null;
    const target = first === null ? (isPointer(type) ? type.target : undefined) : first.type;
    const start = first === null ? await reader.number(found.value) : addressOf(first);
    if (target === undefined || start === null) return null;
    const by = await this.#calculated(right);
    if (by.value === undefined || by.type.kind !== 'integer') return null;
    const size = (await reader.types.sizeOf(target)) || 1;
    const distance = Number(by.value(NO_MEMORY)) * size;
    const id = first === null && found.value.type !== null ? found.value.type : pointerTo(target);
    return pointer(id, (operator === '+' ? start + distance : start - distance) >>> 0, path);
  }

  /** What is cast to a type of the program; null for any other cast. */
  async #cast(expression: Extract<Expression, { kind: 'cast' }>): Promise<Found | null> {
    const { operand, to } = expression;
    const path = pathText(expression);
    if (to.isOwn !== true || this.#shower === null || path === null) return null;
    const { reader } = this.#shower;
    let id = await reader.typeNamed(to.name);
    if (id === null) throw new ExpressionError(`there is no type ${to.name}`);
    const found = await this.#find(operand);
    const first = found === null ? null : await this.#decayed(found.value);
    const address = first === null ? null : addressOf(first);
    const code = address === null ? await this.#calculated(operand) : constantOf(address);
    const number = code.value?.(NO_MEMORY);
    if (typeof number !== 'number' && typeof number !== 'bigint') return null;
    for (let i = 0; i < to.pointers; i++) id = pointerTo(id);
    if (to.pointers > 0) return pointer(id, Number(number) >>> 0, path);
    const type = await reader.types.resolve(id);
    const isInteger = type?.kind === 'enum' || (type?.kind === 'base' && type.encoding !== 'float');
    if (!isInteger || !Number.isInteger(Number(number))) return null;
    const bytes = new Uint8Array(BigInt64Array.of(BigInt.asIntN(64, BigInt(number))).buffer);
    return { value: { type: id, place: { kind: 'value', bytes }, offset: 0 }, path };
  }

  async #member(of: Found, name: string): Promise<Found> {
    const shower = this.#shown();
    const path = joined(of.path, `.${name}`) ?? '';
    let at: Value | null = of.value;
    for (let count = 0; at !== null && count < MAX_POINTERS; count++) {
      const { tail } = await shower.show(at);
      const own = tail?.name === name && typeof tail.value !== 'string' ? tail.value : null;
      const value = own ?? (await shower.reader.member(at, name));
      if (value !== null) return { value, path };
      at = await this.#target(shower, { ...of, value: at });
    }
    throw notHere(of) ?? new ExpressionError(`there is no ${name} in ${of.path}`);
  }

  /** What a key leads to; null in what has no keys. */
  async #entry(of: Found, key: Expression): Promise<Found | null> {
    const shower = this.#shown().with(new Steps(MOST_STEPS));
    const { keys, count = 0 } = await shower.show(of.value);
    if (keys === undefined) return null;
    const { value: sought } = await this.#calculated(key);
    if (sought === undefined) throw new ExpressionError('a key is a number or a text');
    const wanted = keyText(sought(NO_MEMORY));
    const path = `${of.path.startsWith('*') ? `(${of.path})` : of.path}[${wanted}]`;
    // Of many entries, the runtime reads the keys a hundred times faster.
    const address = count > MANY_ENTRIES ? await this.#addressThere(of, `[${wanted}]`) : null;
    if (address !== null) return { value: inMemory(keys.type, address), path };
    const value = await keys.lookUp(async (candidate) => {
      const { value: found } = await codeOf(shower, candidate, true);
      return found !== undefined && keyText(found(NO_MEMORY)) === wanted;
    });
    if (value !== null) return { value, path };
    const where = count > keys.most ? `among the first ${keys.most} entries of` : 'in';
    throw new NothingThere(`there is no ${wanted} ${where} ${of.path}`);
  }

  /** Where the runtime finds what stands behind a value, which may be a reference. */
  async #addressThere({ value, path }: Found, step: string): Promise<number | null> {
    const { reader } = this.#shown();
    let there = path;
    let type = await reader.typeOf(value);
    for (let count = 0; type?.kind === 'pointer' && count < MAX_POINTERS; count++) {
      there = `*${there}`;
      type = await reader.types.resolve(type.target);
    }
    return await this.#names.addressThere(`(${there})${step}`);
  }

  async #element(of: Found, index: number): Promise<Found> {
    const shower = this.#shown();
    const path = `${of.path.startsWith('*') ? `(${of.path})` : of.path}[${index}]`;
    const shown = await shower.show(of.value);
    const first = await this.#flexible(of.value);
    if (first !== null) {
      const value = await shower.reader.element(first, first.type, index);
      if (value !== null) return { value, path };
    }
    if (shown.page !== undefined) {
      const [part] = index >= 0 && index < (shown.count ?? 0) ? await shown.page(index, 1) : [];
      if (part === undefined || typeof part.value === 'string')
        throw new NothingThere(`there is no element ${index} in ${of.path}`);
      return { value: part.value, path };
    }
    const target = await this.#target(shower, of);
    const value = target === null ? null : await shower.reader.element(target, target.type, index);
    if (value === null) throw notHere(of) ?? new ExpressionError(`there are no elements in ${of.path}`);
    return { value, path };
  }

  /** What a pointer leads to; null for anything else. */
  async #target(shower: Shower, { value, path }: Found): Promise<Value | null> {
    const { target, scalar } = await shower.show(value);
    const type = scalar === undefined ? null : await shower.reader.typeOf(scalar);
    if (type?.kind === 'pointer' && scalar !== undefined && (await shower.reader.bits(scalar)) === 0n)
      throw new NothingThere(`${path} is NULL`, { beginsWithName: true });
    return target ?? null;
  }

  async #number(expression: Expression): Promise<number> {
    const { value, type } = await this.#calculated(expression);
    if (value === undefined || (type.kind !== 'integer' && type.kind !== 'character'))
      throw new ExpressionError(`an index is an integer, not ${typeText(type)}`);
    return Number(value(NO_MEMORY));
  }

  #shown(): Shower {
    if (this.#shower === null) throw new ExpressionError('nothing is known of the parts of values here');
    return this.#shower;
  }

  /** Puts values in the place of what names them. @param asText whether a pointer to characters is meant as their text */
  async #prepare(expression: Expression, asText: boolean): Promise<Expression> {
    const found = await this.#find(expression);
    if (found !== null && this.#shower !== null)
      return this.#put(await codeOf(this.#shower, found.value, asText));
    switch (expression.kind) {
      case 'name': {
        const code = await this.#names.code(expression.name);
        if (code === null) throw new ExpressionError(`there is no ${expression.name} here`);
        return this.#put(code);
      }
      case 'call': {
        const [first] = expression.arguments;
        const length =
          expression.name === 'len' && first !== undefined && expression.arguments.length === 1
            ? await this.#length(first)
            : null;
        if (length !== null) return this.#put(constantOf(length));
        const size =
          expression.name === 'sizeof' && first !== undefined && expression.arguments.length === 1
            ? await this.#sizeOf(first)
            : null;
        if (size !== null) return this.#put(constantOf(size));
        const args = expression.arguments.map(async (argument, i) => {
          const row = expression.name === 'text' && i === 0 ? await this.#rowAddress(argument) : null;
          if (row !== null) return this.#put(constantOf(row));
          return await this.#prepare(argument, expression.name === 'text' || expression.name === 'contains');
        });
        return { ...expression, arguments: await Promise.all(args) };
      }
      case 'binary': {
        const isText = (part: Expression) => part.kind === 'text';
        const compared = await this.#variants(expression);
        if (compared !== null) return compared;
        const left = await this.#prepare(expression.left, isText(expression.right));
        try {
          const right = await this.#prepare(expression.right, isText(expression.left));
          return { ...expression, left, right };
        } catch (error) {
          if (error instanceof NothingThere && this.#isDecided(expression.operator, left))
            return { kind: 'boolean', value: expression.operator === '||' };
          throw error;
        }
      }
      case 'unary':
        return await this.#unary(expression);
      case 'choice':
        return await this.#prepare(await this.#chosen(expression), asText);
      case 'cast':
        return { ...expression, operand: await this.#prepare(expression.operand, false) };
      case 'member':
      case 'index':
        if (expression.kind === 'index' && expression.of.kind === 'name' && expression.of.name === 'memory')
          return this.#put(await this.#names.byteAt(await this.#number(expression.index)));
        await this.#prepare(expression.of, false);
        throw new ExpressionError('only what has a name has parts');
      default:
        return expression;
    }
  }

  /** The comparison of an enum with a variant, whose name stands for nothing; null for any other. */
  async #variants(expression: Extract<Expression, { kind: 'binary' }>): Promise<Expression | null> {
    const { operator, left, right } = expression;
    if (this.#shower === null || (operator !== '==' && operator !== '!=')) return null;
    for (const [part, pattern] of [
      [left, right],
      [right, left],
    ] as const) {
      const found = isPattern(pattern) ? await this.#find(part) : null;
      const code = found === null ? null : await codeOf(this.#shower, found.value, true);
      if (code?.variants === undefined) continue;
      return { ...expression, left: this.#put(code), right: await this.#pattern(pattern) };
    }
    return null;
  }

  /** Puts values in the place of those that stand in a variant. */
  async #pattern(pattern: Expression): Promise<Expression> {
    if (!isPattern(pattern)) return pattern.kind === 'unit' ? pattern : await this.#prepare(pattern, false);
    const found = await this.#find(pattern);
    if (found !== null && this.#shower !== null)
      return this.#put(await codeOf(this.#shower, found.value, true));
    if (pattern.kind === 'name') return pattern;
    return { ...pattern, arguments: await Promise.all(pattern.arguments.map((part) => this.#pattern(part))) };
  }

  async #unary(expression: Extract<Expression, { kind: 'unary' }>): Promise<Expression> {
    const operand = await this.#prepare(expression.operand, false);
    if (expression.operator === '&') throw new ExpressionError('only what is in memory has an address');
    if (expression.operator === '*')
      throw new ExpressionError('only what has a name can be followed to what it points to');
    return { ...expression, operand };
  }

  /** Whether the left part of `||` and `&&` alone says what comes of them. */
  #isDecided(operator: BinaryOperator, left: Expression): boolean {
    if (operator !== '||' && operator !== '&&') return false;
    return truthOf(this.#compiled(left))(NO_MEMORY) === (operator === '||');
  }

  /** What `condition ? yes : no` is: the other part need not make sense. */
  async #chosen({ condition, yes, no }: Extract<Expression, { kind: 'choice' }>): Promise<Expression> {
    const code = await this.#calculated(condition);
    return truthOf(code)(NO_MEMORY) ? yes : no;
  }

  /** Bytes of a value, or of a type by its name. */
  async #sizeOf(expression: Expression): Promise<number | null> {
    if (this.#shower === null) return null;
    const { reader } = this.#shower;
    const { types } = reader;
    const pointer =
      expression.kind === 'unary' && expression.operator === '*'
        ? await this.#find(expression.operand)
        : null;
    const declared = pointer === null ? null : await reader.typeOf(pointer.value);
    // As in C++, whatever its dynamic type is.
    if (declared?.kind === 'pointer') return await types.sizeOf(declared.target);
    const found = await this.#find(expression);
    if (found !== null) {
      if (found.value.bits !== undefined) throw new ExpressionError('a bit field has no size');
      return await types.sizeOf(found.value.type);
    }
    return expression.kind === 'name' ? await reader.sizeNamed(expression.name) : null;
  }

  async #length(expression: Expression): Promise<number | null> {
    const found = await this.#find(expression);
    if (found === null || this.#shower === null) return null;
    const { count, string } = await this.#shower.show(found.value);
    return count ?? (string === undefined ? null : Buffer.byteLength(string));
  }

  #put(code: Code<Context>): Expression {
    const name = `#${this.#codes.size}`;
    this.#codes.set(name, code);
    return { kind: 'name', name };
  }
}
