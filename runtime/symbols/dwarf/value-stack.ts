import { type ByteCursor, DwarfError } from './byte-cursor.ts';
import { Op } from './operations.ts';
import {
  absolute,
  type BinaryOperator,
  binary,
  negated,
  type TypedValue,
  typedValue,
  type ValueType,
} from './typed-value.ts';

const MAX_VALUES = 1000;

/** Operators of two values, by their operation. */
const BINARY: ReadonlyMap<number, BinaryOperator> = new Map([
  [Op.and, 'and'],
  [Op.div, 'div'],
  [Op.minus, 'minus'],
  [Op.mod, 'mod'],
  [Op.mul, 'mul'],
  [Op.or, 'or'],
  [Op.plus, 'plus'],
  [Op.shl, 'shl'],
  [Op.shr, 'shr'],
  [Op.shra, 'shra'],
  [Op.xor, 'xor'],
  [Op.eq, 'eq'],
  [Op.ge, 'ge'],
  [Op.gt, 'gt'],
  [Op.le, 'le'],
  [Op.lt, 'lt'],
  [Op.ne, 'ne'],
]);

/** The stack on which an expression works, and the operations that need nothing else. */
export class ValueStack {
  readonly #generic: ValueType;
  readonly #values: TypedValue[] = [];

  /** @param generic the type of integers as long as an address */
  constructor(generic: ValueType) {
    this.#generic = generic;
  }

  get isEmpty(): boolean {
    return this.#values.length === 0;
  }

  push(value: bigint): void {
    this.pushValue(typedValue(value, this.#generic));
  }

  pushNumber(value: number): void {
    this.push(BigInt(value));
  }

  pushValue(value: TypedValue): void {
    if (this.#values.length === MAX_VALUES) throw new DwarfError('an expression with too many values');
    this.#values.push(value);
  }

  pop(): TypedValue {
    const value = this.#values.pop();
    if (value === undefined) throw new DwarfError('an expression without a value');
    return value;
  }

  /** Does an operation that pushes a constant, calculates, or changes the order. Returns false for other operations. */
  apply(op: number, cursor: ByteCursor): boolean {
    return this.#constant(op, cursor) || this.#binary(op) || this.#rearrange(op, cursor);
  }

  #constant(op: number, cursor: ByteCursor): boolean {
    if (op >= Op.lit0 && op < Op.lit0 + 32) {
      this.pushNumber(op - Op.lit0);
      return true;
    }
    switch (op) {
      case Op.const1u:
        this.pushNumber(cursor.u8());
        return true;
      case Op.const1s:
        this.pushNumber(cursor.i8());
        return true;
      case Op.const2u:
        this.pushNumber(cursor.u16());
        return true;
      case Op.const2s:
        this.pushNumber((cursor.u16() << 16) >> 16);
        return true;
      case Op.const4u:
        this.pushNumber(cursor.u32());
        return true;
      case Op.const4s:
        this.pushNumber(cursor.u32() | 0);
        return true;
      case Op.const8u:
      case Op.const8s:
        this.push(cursor.bigUint64());
        return true;
      case Op.constu:
        this.push(cursor.bigUleb());
        return true;
      case Op.consts:
        this.push(cursor.bigSleb());
        return true;
      default:
        return false;
    }
  }

  #binary(op: number): boolean {
    const operator = BINARY.get(op);
    if (operator === undefined) return false;
    const b = this.pop();
    const a = this.pop();
    this.pushValue(binary(operator, a, b, this.#generic));
    return true;
  }

  #rearrange(op: number, cursor: ByteCursor): boolean {
    switch (op) {
      case Op.dup:
        this.pushValue(this.#at(0));
        return true;
      case Op.drop:
        this.pop();
        return true;
      case Op.over:
        this.pushValue(this.#at(1));
        return true;
      case Op.pick:
        this.pushValue(this.#at(cursor.u8()));
        return true;
      case Op.swap:
        this.#values.push(this.pop(), this.pop());
        return true;
      case Op.rot: {
        const [first, second, third] = [this.pop(), this.pop(), this.pop()];
        this.#values.push(first, third, second);
        return true;
      }
      case Op.abs:
        this.pushValue(absolute(this.pop()));
        return true;
      case Op.neg:
        this.pushValue(negated(this.pop()));
        return true;
      case Op.not: {
        const { bits, type } = this.pop();
        this.pushValue(typedValue(~bits, type));
        return true;
      }
      case Op.plusUconst: {
        const { bits, type } = this.pop();
        this.pushValue(typedValue(bits + cursor.bigUleb(), type));
        return true;
      }
      default:
        return false;
    }
  }

  #at(depth: number): TypedValue {
    const value = this.#values.at(-1 - depth);
    if (value === undefined) throw new DwarfError('an expression without a value');
    return value;
  }
}
