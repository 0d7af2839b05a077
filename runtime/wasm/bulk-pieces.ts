import type { BulkKind } from './bulk-kind.ts';
import type { ByteWriter } from './byte-writer.ts';
import { WORK_LIMIT } from './call-plan.ts';
import type { Added } from './index-space.ts';
import type { TableType, WasmModule } from './module.ts';
import type { ModulePlan } from './module-plan.ts';
import { Op } from './opcodes.ts';
import type { FieldType, ValueType } from './value-type.ts';

/** Writes code that charges what `pushUnits` leaves on the stack, an i32, and gives way if it is time. */
export type WriteCharge = (out: ByteWriter, pushUnits: () => void) => void;

/** A function that charges for a kind of bulk instruction, and does the most of long ones in its place. */
export interface BulkHelper {
  readonly target: Added;
  /** The types of its parameters and results, which are the instruction's operands, or the length alone. */
  readonly params: readonly ValueType[];
  /** Lengths from which on it has to be called. */
  readonly from: number;
  /** Writes the instruction; undefined if the length alone is given to the helper. */
  readonly write: ((out: ByteWriter) => void) | undefined;
}

type Address = 'i32' | 'i64';

/** What bytes or elements cost: each `1 << shift` units, or as many as this make one unit if it is negative. */
interface Cost {
  readonly shift: number;
  /** What the instruction costs in any case. */
  readonly fixed: number;
  /** Bytes or elements to do at once. */
  readonly piece: number;
}

/** A byte takes up to a nanosecond if its page is touched for the first time, and a twentieth of that later. */
const BYTES: Cost = { shift: -2, fixed: 0, piece: 65_536 };
/** Engines keep what they need for indirect calls beside each function of a table: up to 100 ns for each. */
const TABLE_ELEMENTS: Cost = { shift: 6, fixed: 0, piece: 1024 };
/** Measured: up to 6 ns for each. */
const ARRAY_ELEMENTS: Cost = { shift: 3, fixed: 0, piece: 16_384 };
const SHORTEST_ARRAY = 32;
/** The bytes of the largest array. To make one cannot be split, and takes 10 to 20 ms for so many. */
export const LARGEST_ARRAY = 2 ** 24;
/** It takes some microseconds however little a memory grows. */
const PAGES: Cost = { shift: 0, fixed: WORK_LIMIT / 64, piece: 0 };
const GROWN_ELEMENTS: Cost = { shift: 6, fixed: WORK_LIMIT / 64, piece: 0 };

const CODES = {
  i32: { constant: Op.i32Const, add: 0x6a, sub: 0x6b, ltU: 0x49, leU: 0x4d, gtU: 0x4b },
  i64: { constant: Op.i64Const, add: 0x7c, sub: 0x7d, ltU: 0x54, leU: 0x58, gtU: 0x56 },
} as const;
const I32_SHL = 0x74;
const I32_SHR_U = 0x76;
const I32_WRAP_I64 = 0xa7;
const I64_EXTEND_I32_U = 0xad;

/** An instruction that is done in pieces. */
interface Split {
  readonly cost: Cost;
  /** The types of its operands: where to, from where or what with, and how many. */
  readonly to: Address;
  readonly from: ValueType;
  readonly length: Address;
  /** The types of the arrays before the places `to` and `from`, if it is about arrays. */
  readonly toArray?: ValueType;
  readonly fromArray?: ValueType;
  /** Whether `from` is an address as well. */
  readonly copies: boolean;
  /** Whether the two ranges may overlap. */
  readonly overlaps: boolean;
  /** How many bytes `from` goes on by for each element, as a power of two. */
  readonly fromShift: number;
  readonly write: (out: ByteWriter) => void;
}

function operandsOf({ toArray, to, fromArray, from, length }: Split): readonly ValueType[] {
  return [toArray, to, fromArray, from, length].filter((type) => type !== undefined);
}

/** The locals of the operands; -1 for an array where there is none. */
function placesOf(split: Split): Record<'toArray' | 'TO' | 'fromArray' | 'FROM' | 'LENGTH', number> {
  const TO = split.toArray === undefined ? 0 : 1;
  const FROM = split.fromArray === undefined ? TO + 1 : TO + 2;
  return { toArray: TO - 1, TO, fromArray: FROM === TO + 2 ? TO + 1 : -1, FROM, LENGTH: FROM + 1 };
}

/** The length from which on the helper is called. */
function shortestOf(cost: Cost, bytes: number): number {
  if (cost === BYTES) return bytes;
  return cost === ARRAY_ELEMENTS ? SHORTEST_ARRAY : 0;
}

function arrayOf(type: number): ValueType {
  return `(ref null ${type})`;
}

/** Adds the functions of `BulkWork` to a module. */
export class BulkPieces {
  readonly #plan: ModulePlan;
  readonly #charge: WriteCharge;
  readonly #memories: Address[] = [];
  readonly #tables: TableType[] = [];

  constructor(plan: ModulePlan, charge: WriteCharge) {
    this.#plan = plan;
    this.#charge = charge;
    const { imports, memories, tables }: WasmModule = plan.module;
    for (const entry of imports) {
      if (entry.kind === 'memory') this.#memories.push(addressOf(entry.memory));
      if (entry.kind === 'table') this.#tables.push(entry.table);
    }
    for (const memory of memories) this.#memories.push(addressOf(memory));
    this.#tables.push(...tables);
  }

  /** Adds the function for a kind. @param shortest bytes from which on one is worth a charge of its own */
  add(kind: BulkKind, shortest: number): BulkHelper {
    const { opcode, index } = kind;
    const split = this.#splitOf(kind);
    if (split !== undefined) {
      const params = operandsOf(split);
      const target = this.#plan.addFunction({ params, results: params }, (out) =>
        this.#writeSplit(out, split),
      );
      return { target, params, from: shortestOf(split.cost, shortest), write: split.write };
    }
    switch (opcode) {
      case Op.memoryInit:
        return this.#addCharge('i32', BYTES, shortest);
      case Op.memoryGrow:
        return this.#addCharge(this.#memory(index), PAGES, 0);
      case Op.tableGrow:
        return this.#addCharge(this.#table(index), GROWN_ELEMENTS, 0);
      case Op.tableFill:
        return this.#addCharge(this.#table(index), TABLE_ELEMENTS, 0);
      case Op.tableInit:
        return this.#addCharge('i32', TABLE_ELEMENTS, 0);
      default: {
        const logSize = this.#elementOf(index)?.logSize ?? 3;
        const cost = { shift: logSize, fixed: 0, piece: 0 };
        return this.#addCharge('i32', cost, SHORTEST_ARRAY, LARGEST_ARRAY >> logSize);
      }
    }
  }

  #elementOf(type: number): FieldType | undefined {
    return this.#plan.module.types[type]?.element;
  }

  #memory(index: number): Address {
    return this.#memories[index] ?? 'i32';
  }

  #table(index: number): Address {
    const table = this.#tables[index];
    return table === undefined ? 'i32' : addressOf(table);
  }

  /** How an instruction is done in pieces; undefined if it is only charged, since what it does is bounded by other limits. */
  #splitOf({ opcode, index, index2 }: BulkKind): Split | undefined {
    const { module, spaces } = this.#plan;
    // Nothing has its index before the code is written.
    const write = (first: () => number, second?: () => number) => (out: ByteWriter) => {
      out.u8(opcode >> 12);
      out.u32(opcode & 0xfff);
      out.u32(first());
      if (second !== undefined) out.u32(second());
    };
    const memory = (i: number) => () => spaces.memory.move(i);
    const table = (i: number) => () => spaces.table.move(i);
    switch (opcode) {
      case Op.memoryFill: {
        const to = this.#memory(index);
        return { ...fills(BYTES, to, 'i32'), write: write(memory(index)) };
      }
      case Op.memoryCopy: {
        const of = [this.#memory(index), this.#memory(index2)] as const;
        return { ...copies(BYTES, of, index === index2), write: write(memory(index), memory(index2)) };
      }
      case Op.memoryInit: {
        // A range beyond the segment traps.
        if (module.dataSizes.at(index) <= BYTES.piece) return undefined;
        const of = [this.#memory(index2), 'i32'] as const;
        return { ...copies(BYTES, of, false), write: write(() => index, memory(index2)) };
      }
      case Op.tableCopy: {
        const of = [this.#table(index), this.#table(index2)] as const;
        return { ...copies(TABLE_ELEMENTS, of, index === index2), write: write(table(index), table(index2)) };
      }
      case Op.tableFill: {
        const element = this.#tables[index]?.element;
        if (element === undefined) return undefined;
        return { ...fills(TABLE_ELEMENTS, this.#table(index), element), write: write(table(index)) };
      }
      case Op.arrayFill: {
        const element = this.#elementOf(index);
        if (element === undefined) return undefined;
        const { type } = element;
        return { ...fills(ARRAY_ELEMENTS, 'i32', type), toArray: arrayOf(index), write: write(() => index) };
      }
      case Op.arrayCopy:
      case Op.arrayInitData:
      case Op.arrayInitElem: {
        const split = {
          ...copies(ARRAY_ELEMENTS, ['i32', 'i32'], opcode === Op.arrayCopy),
          // Where the bytes of the next element are depends on its size.
          fromShift: opcode === Op.arrayInitData ? (this.#elementOf(index)?.logSize ?? 0) : 0,
          toArray: arrayOf(index),
          write: write(
            () => index,
            () => index2,
          ),
        };
        return opcode === Op.arrayCopy ? { ...split, fromArray: arrayOf(index2) } : split;
      }
      default:
        return undefined;
    }
  }

  /**
   * Adds a function that takes a length, charges for it, and returns it.
   * @param largest the longest length that the instruction is given; it is given one that makes it trap in place of longer ones
   */
  #addCharge(length: Address, cost: Cost, from: number, largest?: number): BulkHelper {
    const params = [length] as const;
    const target = this.#plan.addFunction({ params, results: params }, (out) => {
      out.u8(0);
      // What is longer than the limit allows costs no more, since numbers must not overflow.
      const most = cost.shift < 0 ? WORK_LIMIT : WORK_LIMIT >> cost.shift;
      this.#charge(out, () => {
        pushUnits(out, cost, () => {
          get(out, 0);
          constant(out, length, most);
          get(out, 0);
          constant(out, length, most);
          out.u8(CODES[length].ltU);
          out.u8(Op.select);
          if (length === 'i64') out.u8(I32_WRAP_I64);
        });
      });
      get(out, 0);
      if (largest !== undefined) {
        constant(out, length, -1);
        get(out, 0);
        constant(out, length, largest);
        out.u8(CODES[length].leU);
        out.u8(Op.select);
      }
      out.u8(Op.end);
    });
    return { target, params, from, write: undefined };
  }

  /**
   * Writes a function that does all but the last piece, and returns the operands for that:
   *
   *     if (length > piece)
   *       return the operands as they are if the sum of an address and the length overflows: the instruction traps
   *       do it with zero bytes at the end of the range, which traps if the range is out of bounds
   *       loop
   *         charge for a piece
   *         do the first piece, or the last one if the rest would be overwritten before it is read
   *         loop while length > piece
   *     charge for the rest
   */
  #writeSplit(out: ByteWriter, split: Split): void {
    const { cost, to, from, length, overlaps, write } = split;
    const { piece } = cost;
    const { toArray, fromArray, TO, FROM, LENGTH } = placesOf(split);
    const isLong = (): void => {
      get(out, LENGTH);
      constant(out, length, piece);
      out.u8(CODES[length].gtU);
    };
    const checkedAddress = from === 'i64' ? 'i64' : 'i32';
    const operands = (): void => {
      for (let local = 0; local <= LENGTH; local++) get(out, local);
    };
    const end = (of: number, type: Address): void => {
      get(out, of);
      get(out, LENGTH);
      if (of === FROM) shiftLeft(out, split.fromShift);
      if (type === 'i64' && length === 'i32') out.u8(I64_EXTEND_I32_U);
      out.u8(CODES[type].add);
    };
    const returnIfOverflows = (of: number, type: Address): void => {
      end(of, type);
      get(out, of);
      out.u8(CODES[type].ltU);
      open(out, Op.if);
      operands();
      out.u8(Op.return);
      out.u8(Op.end);
    };
    const atEnd = (bytes: number): void => {
      if (toArray >= 0) get(out, toArray);
      end(TO, to);
      if (fromArray >= 0) get(out, fromArray);
      if (split.copies) end(FROM, checkedAddress);
      else get(out, FROM);
      constant(out, length, bytes);
      write(out);
    };
    const advance = (of: number, type: Address): void => {
      get(out, of);
      constant(out, type, of === FROM ? piece << split.fromShift : piece);
      out.u8(CODES[type].add);
      set(out, of);
    };
    out.u8(0);
    isLong();
    open(out, Op.if);
    returnIfOverflows(TO, to);
    if (split.copies) returnIfOverflows(FROM, checkedAddress);
    atEnd(0);
    open(out, Op.loop);
    this.#charge(out, () => pushUnits(out, cost, () => constant(out, 'i32', piece)));
    get(out, LENGTH);
    constant(out, length, piece);
    out.u8(CODES[length].sub);
    set(out, LENGTH);
    if (overlaps) {
      get(out, TO);
      get(out, FROM);
      out.u8(CODES[to].gtU);
      open(out, Op.if);
      atEnd(piece);
      out.u8(Op.else);
    }
    for (let local = 0; local < LENGTH; local++) get(out, local);
    constant(out, length, piece);
    write(out);
    advance(TO, to);
    if (split.copies) advance(FROM, checkedAddress);
    if (overlaps) out.u8(Op.end);
    isLong();
    out.u8(Op.brIf);
    out.u32(0);
    out.u8(Op.end);
    out.u8(Op.end);
    this.#charge(out, () =>
      pushUnits(out, cost, () => {
        get(out, LENGTH);
        if (length === 'i64') out.u8(I32_WRAP_I64);
      }),
    );
    operands();
    out.u8(Op.end);
  }
}

function addressOf({ is64 }: { readonly is64: boolean }): Address {
  return is64 ? 'i64' : 'i32';
}

function fills(cost: Cost, to: Address, from: ValueType): Omit<Split, 'write'> {
  return { cost, to, from, length: to, copies: false, overlaps: false, fromShift: 0 };
}

function copies(
  cost: Cost,
  [to, from]: readonly [Address, Address],
  overlaps: boolean,
): Omit<Split, 'write'> {
  const length = to === 'i64' && from === 'i64' ? 'i64' : 'i32';
  return { cost, to, from, length, copies: true, overlaps, fromShift: 0 };
}

/** Pushes what a number of bytes or elements costs, which `pushLength` pushes as an i32. */
function pushUnits(out: ByteWriter, { shift, fixed }: Cost, pushLength: () => void): void {
  pushLength();
  if (shift !== 0) {
    constant(out, 'i32', Math.abs(shift));
    out.u8(shift < 0 ? I32_SHR_U : I32_SHL);
  }
  if (fixed === 0) return;
  constant(out, 'i32', fixed);
  out.u8(Op.i32Add);
}

function shiftLeft(out: ByteWriter, by: number): void {
  if (by === 0) return;
  constant(out, 'i32', by);
  out.u8(I32_SHL);
}

function get(out: ByteWriter, local: number): void {
  out.u8(Op.localGet);
  out.u32(local);
}

function set(out: ByteWriter, local: number): void {
  out.u8(Op.localSet);
  out.u32(local);
}

function constant(out: ByteWriter, type: Address, value: number): void {
  out.u8(CODES[type].constant);
  out.s32(value);
}

/** Opens a block without results. */
function open(out: ByteWriter, block: number): void {
  out.u8(block);
  out.u8(0x40);
}
