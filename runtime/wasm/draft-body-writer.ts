import type { ByteWriter } from './byte-writer.ts';
import { DRAFT_AT, DraftState } from './draft-layout.ts';
import { Op } from './opcodes.ts';
import { VALUE_CODE } from './value-type.ts';

/** Instructions that only these bodies use: passes over code do not write them. */
export const Code = {
  i32Load: 0x28,
  i64Load: 0x29,
  i32Load8U: 0x2d,
  i32Store: 0x36,
  i64Store: 0x37,
  i32Store8: 0x3a,
  i32Eq: 0x46,
  i32LeU: 0x4d,
  i64LeU: 0x58,
  i32And: 0x71,
  i32ShrU: 0x76,
  i64Add: 0x7c,
  i64Shl: 0x86,
  i32WrapI64: 0xa7,
  i64ExtendI32U: 0xad,
} as const;
/** Instructions behind the prefix of vectors. */
const V128 = { prefix: 0xfd, load: 0x00, store: 0x0b } as const;

/** Writes the body of a function that works in the draft. Addresses there are constants, or offsets from one. */
export class DraftBodyWriter {
  /** Index of the draft's memory. */
  readonly draft: number;
  /** Index of the guest's memory, which is the one that host functions read and write. */
  readonly guest: number;
  readonly #out: ByteWriter;

  constructor(out: ByteWriter, draft: number, guest: number) {
    this.#out = out;
    this.draft = draft;
    this.guest = guest;
  }

  locals(count: number): void {
    this.#out.u32(count === 0 ? 0 : 1);
    if (count === 0) return;
    this.#out.u32(count);
    this.#out.u8(VALUE_CODE.i32);
  }

  do(...opcodes: number[]): void {
    for (const opcode of opcodes) this.#out.u8(opcode);
  }

  get(local: number): void {
    this.#out.u8(Op.localGet);
    this.#out.u32(local);
  }

  set(local: number): void {
    this.#out.u8(Op.localSet);
    this.#out.u32(local);
  }

  tee(local: number): void {
    this.#out.u8(Op.localTee);
    this.#out.u32(local);
  }

  number(value: number): void {
    this.#out.u8(Op.i32Const);
    this.#out.s32(value);
  }

  long(value: number): void {
    this.#out.u8(Op.i64Const);
    this.#out.s32(value);
  }

  /** Writes a load or store of any alignment. */
  access(opcode: number, memory: number, offset: number): void {
    if (opcode === V128.load || opcode === V128.store) this.#out.u8(V128.prefix);
    this.#out.u8(opcode);
    if (memory === 0) {
      this.#out.u8(0);
    } else {
      this.#out.u8(0x40);
      this.#out.u32(memory);
    }
    this.#out.u32(offset);
  }

  load(opcode: number, at: number): void {
    this.number(0);
    this.access(opcode, this.draft, at);
  }

  /** Stores what `value` leaves on the stack. */
  store(opcode: number, at: number, value: () => void): void {
    this.number(0);
    value();
    this.access(opcode, this.draft, at);
  }

  /** Takes the condition from the stack. What it guards returns from the function at its end. */
  when(write: () => void): void {
    this.do(Op.if, 0x40);
    write();
    this.do(Op.return, Op.end);
  }

  /** Whether a message is written or read in the draft. */
  isOpen(): void {
    this.load(Code.i32Load, DRAFT_AT.state);
    this.number(DraftState.Open);
    this.do(Code.i32Eq);
  }

  /** Whether the guest's memory has all of a range: `start + size <= bytes`, in 64 bits. */
  isInMemory(start: number, size: number): void {
    this.get(start);
    this.do(Code.i64ExtendI32U);
    this.get(size);
    this.do(Code.i64ExtendI32U, Code.i64Add);
    this.do(Op.memorySize);
    this.#out.u32(this.guest);
    this.do(Code.i64ExtendI32U);
    this.long(16);
    this.do(Code.i64Shl, Code.i64LeU);
  }

  /** Calls the host function with the parameters that the function was given, and returns what it returns. */
  host(index: number, params: number): void {
    for (let i = 0; i < params; i++) this.get(i);
    this.#out.u8(Op.call);
    this.#out.u32(index);
  }

  /**
   * Copies `count` bytes, at most 64, without a loop: from the front and from the back, in pieces that may overlap.
   * @param from, to locals with the addresses; `fromOffset`, `toOffset` are added to them
   */
  copy(from: Place, to: Place, count: number): void {
    const piece = (size: 16 | 8 | 4, offset: number, fromEnd: boolean) => {
      const [load, store] = PIECES[size];
      const address = (local: number) => {
        this.get(local);
        if (!fromEnd) return;
        this.get(count);
        this.do(Op.i32Add);
        this.number(size + offset);
        this.do(Op.i32Sub);
      };
      address(to.local);
      address(from.local);
      const ahead = fromEnd ? 0 : offset;
      this.access(load, from.memory, from.offset + ahead);
      this.access(store, to.memory, to.offset + ahead);
    };
    const atLeast = (size: number, then: () => void, otherwise?: () => void) => {
      this.get(count);
      this.number(size);
      this.do(Op.i32GeU, Op.if, 0x40);
      then();
      if (otherwise !== undefined) {
        this.do(Op.else);
        otherwise();
      }
      this.do(Op.end);
    };
    const both = (size: 16 | 8 | 4, offset = 0) => {
      piece(size, offset, false);
      piece(size, offset, true);
    };
    const sixteen = () => {
      both(16);
      atLeast(33, () => both(16, 16));
    };
    const few = () => {
      atLeast(
        4,
        () => both(4),
        () => atLeast(1, three),
      );
    };
    // Of up to three bytes, these are all: the first, the middle one and the last.
    const three = () => {
      const index = [
        () => this.number(0),
        () => {
          this.get(count);
          this.number(1);
          this.do(Code.i32ShrU);
        },
        () => {
          this.get(count);
          this.number(1);
          this.do(Op.i32Sub);
        },
      ];
      for (const add of index) {
        this.get(to.local);
        add();
        this.do(Op.i32Add);
        this.get(from.local);
        add();
        this.do(Op.i32Add);
        this.access(Code.i32Load8U, from.memory, from.offset);
        this.access(Code.i32Store8, to.memory, to.offset);
      }
    };
    atLeast(16, sixteen, () => atLeast(8, () => both(8), few));
  }
}

interface Place {
  readonly memory: number;
  readonly local: number;
  readonly offset: number;
}

const PIECES = {
  16: [V128.load, V128.store],
  8: [Code.i64Load, Code.i64Store],
  4: [Code.i32Load, Code.i32Store],
} as const;
