import { readAddress } from './addresses.ts';
import { ByteCursor, DwarfError } from './byte-cursor.ts';
import { At, Form } from './constants.ts';
import type { Die, DieUnit } from './die.ts';
import {
  type FrameValues,
  type Location,
  NOWHERE,
  type Piece,
  readLocation,
  type WasmStore,
} from './location.ts';
import { Op, WasmLocation } from './operations.ts';
import {
  converted,
  floatValue,
  integerOf,
  type TypedValue,
  typedValue,
  type ValueType,
} from './typed-value.ts';
import { ValueStack } from './value-stack.ts';

/** Operations that one evaluation may take. Branches could run for ever. */
const MAX_OPERATIONS = 10_000;
/** How deep expressions that call others may be nested. */
const MAX_DEPTH = 8;
const MAX_PIECES = 1000;

/** How an attribute `DW_AT_encoding` says that a type is. */
const Encoding = { float: 4, signed: 5, signedChar: 6, unsigned: 7 } as const;

/** What an expression is evaluated in. */
export interface ExpressionContext {
  readonly unit: DieUnit;
  readonly frame: FrameValues;
  /** The expression of the function's frame base, from which its variables in memory count; null if it has none. */
  readonly frameBase: Uint8Array | null;
  /** The values that locals had when the function was entered, if somebody has kept them. */
  readonly atEntry?: FrameValues | undefined;
  /** Operations that it and others may take together. */
  readonly budget?: { left: number } | undefined;
  /** Of the member of an object: where the object is. */
  readonly objectAddress?: number | undefined;
}

/** Why an expression has no result, though nothing is malformed. */
class Unknown extends Error {}

/**
 * Evaluates an expression that says where a variable is, or what it is. An empty one says that it is nowhere.
 * Source: DWARF 5, 2.5 and 2.6; WebAssembly's tool conventions, "DWARF for WebAssembly".
 * @param initial what stands on the stack before: for members, the address of the object
 * @throws DwarfError where it is malformed
 */
export function evaluate(expression: Uint8Array, context: ExpressionContext, initial?: number): Location {
  try {
    const evaluation = new Evaluation(context);
    if (initial !== undefined) evaluation.begin(initial);
    return evaluation.run(expression);
  } catch (error) {
    if (!(error instanceof Unknown)) throw error;
    return { kind: 'unknown', why: error.message };
  }
}

/** A value of the function that an operation has pushed. */
interface Pushed {
  readonly store: WasmStore;
  readonly index: number;
}

class Evaluation {
  readonly #context: ExpressionContext;
  readonly #generic: ValueType;
  readonly #stack: ValueStack;
  readonly #pieces: Piece[] = [];
  /** The location that an operation has named, before a piece or the end. */
  #location: Location | null = null;
  /** The wasm value that was pushed last: `stack_value` behind it means its store, which can be written. */
  #pushed: Pushed | null = null;
  #left = MAX_OPERATIONS;
  #depth = 0;

  constructor(context: ExpressionContext) {
    this.#context = context;
    this.#generic = { kind: 'generic', bits: 8 * context.unit.addressSize };
    this.#stack = new ValueStack(this.#generic);
  }

  /** Puts a value on the stack before the first operation. */
  begin(initial: number): void {
    this.#stack.push(BigInt(initial));
  }

  run(expression: Uint8Array): Location {
    this.#execute(expression);
    if (this.#pieces.length > 0) return { kind: 'pieces', pieces: this.#pieces };
    return this.#finish();
  }

  /** The location that the operations up to here describe. */
  #finish(): Location {
    const named = this.#location;
    this.#location = null;
    if (named !== null) return named;
    const top = this.#stack.isEmpty ? null : this.#stack.pop();
    return top === null ? NOWHERE : { kind: 'memory', address: Number(BigInt.asUintN(53, top.bits)) };
  }

  #execute(expression: Uint8Array): void {
    const cursor = new ByteCursor(expression);
    while (!cursor.atEnd) {
      if (--this.#left < 0) throw new DwarfError('an expression that does not end');
      const { budget } = this.#context;
      if (budget !== undefined && --budget.left < 0) throw new DwarfError('too many long expressions');
      const pushed = this.#pushed;
      this.#pushed = null;
      this.#operation(cursor.u8(), cursor, pushed);
    }
  }

  #operation(op: number, cursor: ByteCursor, pushed: Pushed | null): void {
    switch (op) {
      case Op.nop:
      case Op.gnuUninit:
        break;
      case Op.wasmLocation:
        this.#wasmLocation(cursor);
        break;
      case Op.stackValue:
        this.#location = this.#stackValue(this.#stack.pop(), pushed);
        break;
      case Op.piece:
        this.#piece(8 * cursor.uleb(), 0);
        break;
      case Op.bitPiece:
        this.#piece(cursor.uleb(), cursor.uleb());
        break;
      case Op.implicitValue:
        this.#location = { kind: 'value', bytes: cursor.view(cursor.uleb()) };
        break;
      case Op.implicitPointer:
      case Op.gnuImplicitPointer:
        this.#implicitPointer(cursor);
        break;
      default:
        if (this.#stack.apply(op, cursor) || this.#address(op, cursor) || this.#flow(op, cursor)) break;
        this.#rare(op, cursor);
    }
  }

  /** Pushes an address. Returns false for other operations. */
  #address(op: number, cursor: ByteCursor): boolean {
    const { unit } = this.#context;
    switch (op) {
      case Op.addr:
        this.#stack.pushNumber(cursor.uint(unit.addressSize));
        return true;
      case Op.addrx:
      case Op.constx:
      case Op.gnuAddrIndex:
      case Op.gnuConstIndex:
        this.#stack.pushNumber(readAddress(unit, Form.addrx, cursor) ?? 0);
        return true;
      case Op.fbreg:
        this.#stack.push(this.#frameBase() + cursor.bigSleb());
        return true;
      default:
        return false;
    }
  }

  /** Loads from memory, or goes on elsewhere. Returns false for other operations. */
  #flow(op: number, cursor: ByteCursor): boolean {
    switch (op) {
      case Op.deref:
        this.#load(this.#context.unit.addressSize, this.#generic);
        return true;
      case Op.derefSize:
        this.#load(cursor.u8(), this.#generic);
        return true;
      case Op.skip:
        jump(cursor);
        return true;
      case Op.bra:
        if (this.#stack.pop().bits !== 0n) jump(cursor);
        else cursor.skip(2);
        return true;
      default:
        return false;
    }
  }

  #rare(op: number, cursor: ByteCursor): void {
    switch (op) {
      case Op.entryValue:
      case Op.gnuEntryValue:
        this.#entryValue(cursor.view(cursor.uleb()));
        break;
      case Op.constType:
      case Op.gnuConstType: {
        const type = this.#type(cursor.uleb());
        this.#stack.pushValue(typedValue(fromBytes(cursor.view(cursor.u8())), type));
        break;
      }
      case Op.derefType:
      case Op.gnuDerefType: {
        const size = cursor.u8();
        this.#load(size, this.#type(cursor.uleb()));
        break;
      }
      case Op.convert:
      case Op.gnuConvert:
        this.#stack.pushValue(converted(this.#stack.pop(), this.#type(cursor.uleb())));
        break;
      case Op.reinterpret:
      case Op.gnuReinterpret:
        this.#stack.pushValue(typedValue(this.#stack.pop().bits, this.#type(cursor.uleb())));
        break;
      case Op.pushObjectAddress: {
        const { objectAddress } = this.#context;
        if (objectAddress === undefined) throw new Unknown('there is no object');
        this.#stack.pushNumber(objectAddress);
        break;
      }
      case Op.call2:
        this.#call(this.#context.unit.dieAt(this.#context.unit.start + cursor.u16()));
        break;
      case Op.call4:
        this.#call(this.#context.unit.dieAt(this.#context.unit.start + cursor.u32()));
        break;
      case Op.callRef:
        this.#call(this.#dieInFile(cursor.uint(this.#context.unit.offsetSize)));
        break;
      case Op.formTlsAddress:
      case Op.gnuPushTlsAddress:
        // A process is all the threads there are: the linker puts what is thread-local where it puts all other statics.
        break;
      default:
        throw new Unknown(`DW_OP 0x${op.toString(16)} means nothing in WebAssembly`);
    }
  }

  #wasmLocation(cursor: ByteCursor): void {
    const kind = cursor.u8();
    const index = kind === WasmLocation.fixedGlobal ? cursor.u32() : cursor.uleb();
    const store =
      kind === WasmLocation.local ? 'local' : kind === WasmLocation.operand ? 'operand' : 'global';
    if (kind > WasmLocation.fixedGlobal) throw new DwarfError(`a wasm location of the kind ${kind}`);
    const bytes = this.#context.frame.read(store, index);
    if (bytes === null) throw new Unknown(`${store} ${index} cannot be read`);
    // Its bits are all kept: it may be a float, or longer than an address.
    this.#stack.pushValue({ bits: fromBytes(bytes), type: this.#generic });
    this.#pushed = { store, index };
  }

  #stackValue({ bits, type }: TypedValue, pushed: Pushed | null): Location {
    if (pushed !== null) return { kind: 'wasm', ...pushed };
    const bytes = new Uint8Array(Math.max(type.bits / 8, 8));
    let left = type.kind === 'float' || type.kind === 'unsigned' ? bits : integerOf({ bits, type });
    for (let i = 0; i < bytes.length; i++) {
      bytes[i] = Number(left & 0xffn);
      left >>= 8n;
    }
    return { kind: 'value', bytes };
  }

  #piece(bits: number, bitOffset: number): void {
    if (this.#pieces.length === MAX_PIECES) throw new DwarfError('too many pieces');
    this.#pieces.push({ location: this.#finish(), bits, bitOffset });
  }

  #implicitPointer(cursor: ByteCursor): void {
    const { unit } = this.#context;
    const target = this.#dieInFile(cursor.uint(unit.version <= 2 ? unit.addressSize : unit.offsetSize));
    if (target === null) throw new Unknown('what it points to is not described');
    this.#location = { kind: 'pointer', target, offset: cursor.sleb() };
  }

  #entryValue(expression: Uint8Array): void {
    const { atEntry } = this.#context;
    if (atEntry === undefined) throw new Unknown('only its value at the beginning of the function is known');
    const location = evaluate(expression, { ...this.#context, frame: atEntry, atEntry: undefined });
    const bytes = readLocation(location.kind === 'memory' ? NOWHERE : location, 8, atEntry);
    if (location.kind === 'memory') this.#stack.pushNumber(location.address);
    else if (bytes === null) throw new Unknown('its value at the beginning of the function is not known');
    else this.#stack.push(fromBytes(bytes));
  }

  /** The address that variables in memory count from. */
  #frameBase(): bigint {
    const { frameBase, frame } = this.#context;
    if (frameBase === null) throw new Unknown('the function has no frame base');
    const location = evaluate(frameBase, { ...this.#context, frameBase: null });
    if (location.kind === 'memory') return BigInt(location.address);
    if (location.kind === 'unknown') throw new Unknown(location.why);
    const bytes = readLocation(location, this.#context.unit.addressSize, frame);
    if (bytes === null) throw new Unknown('the frame base cannot be read');
    return fromBytes(bytes);
  }

  #load(size: number, type: ValueType): void {
    if (size > 16) throw new DwarfError(`a value of ${size} bytes`);
    const address = Number(BigInt.asUintN(53, this.#stack.pop().bits));
    const bytes = this.#context.frame.memory(address, size);
    if (bytes === null) throw new Unknown(`there is no memory at 0x${address.toString(16)}`);
    this.#stack.pushValue(typedValue(fromBytes(bytes), type));
  }

  #call(die: Die | null): void {
    const expression = die?.block(At.location) ?? null;
    if (expression === null) return;
    if (++this.#depth > MAX_DEPTH) throw new DwarfError('expressions that call each other');
    this.#execute(expression);
    this.#depth--;
  }

  #dieInFile(offset: number): Die | null {
    return this.#context.unit.unitAt(offset)?.dieAt(offset) ?? null;
  }

  /** The type that a base type is; the generic one for 0. */
  #type(offset: number): ValueType {
    if (offset === 0) return this.#generic;
    const die = this.#context.unit.dieAt(this.#context.unit.start + offset);
    const bits = 8 * (die?.number(At.byteSize) ?? 0);
    switch (die?.number(At.encoding)) {
      case Encoding.float:
        return floatValue(0, { kind: 'float', bits }).type;
      case Encoding.signed:
      case Encoding.signedChar:
        return typedValue(0n, { kind: 'signed', bits }).type;
      default:
        return typedValue(0n, { kind: 'unsigned', bits }).type;
    }
  }
}

function jump(cursor: ByteCursor): void {
  const distance = (cursor.u16() << 16) >> 16;
  const target = cursor.position + distance;
  if (target < 0 || target > cursor.end) throw new DwarfError('a jump out of the expression');
  cursor.position = target;
}

/** The number without sign that little-endian bytes stand for. */
function fromBytes(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = Math.min(bytes.length, 16) - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}
