import { ByteWriter, lebLength } from './byte-writer.ts';
import { IntList } from './int-list.ts';
import { OffsetMap } from './offset-map.ts';
import { Op } from './opcodes.ts';

/** The block type without parameters and results, as a signed number. */
export const NO_TYPE = -0x40;

/**
 * Writes a module, and its code section in a way of its own: it copies the original, and inserts the code of passes. It keeps the offset map, and the
 * branch hints of what passes insert.
 *
 * Copying is lazy: everything from `#copied` on has yet to be written, and is copied in one piece before the next edit.
 */
export class CodeEmitter extends ByteWriter {
  readonly map = new OffsetMap();
  /** Hints of the current function: offset of the branch in this buffer, then 1 for likely, 0 for unlikely. */
  readonly hints = new IntList(64);
  readonly #source: Uint8Array;
  #copied: number;

  /**
   * @param start where the original code begins
   * @param capacity see `ByteWriter`
   */
  constructor(source: Uint8Array, start: number, capacity: number) {
    super(capacity);
    this.#source = source;
    this.#copied = start;
  }

  /** Copies the original up to `offset`. */
  copyTo(offset: number): void {
    if (offset <= this.#copied) return;
    this.copy(this.#source, this.#copied, offset);
    this.#copied = offset;
  }

  /** What is written from here on stands for the instruction at `offset`, until `resume`. */
  insert(offset: number): void {
    this.copyTo(offset);
    this.map.inserted(this.length, offset);
  }

  /** Continues to copy from `offset`. */
  resume(offset: number): void {
    this.#copied = offset;
    this.map.copied(this.length, offset);
  }

  /** Replaces an unsigned number at `start..end` of the original. */
  patch(start: number, end: number, value: number): void {
    this.copyTo(start);
    this.u32(value);
    this.#copied = end;
    if (lebLength(value) !== end - start) this.map.copied(this.length, end);
  }

  /** Replaces the alignment at `start..end` of the original, and the index of a memory that may follow it. */
  patchMemory(start: number, end: number, alignment: number, memory: number): void {
    this.copyTo(start);
    this.u32(alignment);
    this.u32(memory);
    this.#copied = end;
    this.map.copied(this.length, end);
  }

  localGet(index: number): void {
    this.u8(Op.localGet);
    this.u32(index);
  }

  localSet(index: number): void {
    this.u8(Op.localSet);
    this.u32(index);
  }

  localTee(index: number): void {
    this.u8(Op.localTee);
    this.u32(index);
  }

  globalGet(index: number): void {
    this.u8(Op.globalGet);
    this.u32(index);
  }

  globalSet(index: number): void {
    this.u8(Op.globalSet);
    this.u32(index);
  }

  constant(value: number): void {
    this.u8(Op.i32Const);
    this.s32(value);
  }

  call(functionIndex: number): void {
    this.u8(Op.call);
    this.u32(functionIndex);
  }

  /**
   * Opens an `if` that is hardly ever taken.
   * @param typeIndex its type, whose parameters are its results; default: it has neither
   */
  unlikelyIf(typeIndex = NO_TYPE): void {
    this.hints.push(this.length);
    this.hints.push(0);
    this.u8(Op.if);
    this.s32(typeIndex);
  }

  likelyBranchIf(label: number): void {
    this.hints.push(this.length);
    this.hints.push(1);
    this.u8(Op.brIf);
    this.u32(label);
  }

  branch(label: number): void {
    this.u8(Op.br);
    this.u32(label);
  }
}
