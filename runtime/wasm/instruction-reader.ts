import { ByteReader } from './byte-reader.ts';
import { Op, PLAIN_SHAPES, prefixedShapes, Shape } from './opcodes.ts';
import { readHeapType, readValueType } from './value-type.ts';

/**
 * Reads instructions one at a time into its own fields, so that a walk over megabytes of code allocates nothing.
 * After `next()` the fields describe the instruction in `start..position`.
 */
export class InstructionReader extends ByteReader {
  /** Offset of the instruction's opcode. */
  start = 0;
  /** One byte, or `prefix << 12 | number`. */
  opcode = 0;
  /** A `Shape`. */
  shape = 0;
  /** First unsigned immediate: function, local, global, type, ... index. */
  index = 0;
  /** Second unsigned immediate. */
  index2 = 0;
  /** Where the first unsigned immediate stands. */
  indexAt = 0;
  indexEnd = 0;
  /** Type index of a block, or -1 for an inline type. */
  blockType = -1;
  /** Where the block type ends (the catch clauses of a `try_table` follow). */
  blockTypeEnd = 0;
  /** Labels of a branch, a branch table (its default is last) or catch clauses, in order. */
  labelCount = 0;
  labels: Uint32Array = new Uint32Array(8);
  labelsAt: Uint32Array = new Uint32Array(8);
  labelsEnd: Uint32Array = new Uint32Array(8);
  /** Whether one of the catch clauses is for all exceptions. */
  catchesAll = false;

  next(): void {
    this.start = this.position;
    let opcode = this.u8('an instruction');
    let kind = PLAIN_SHAPES[opcode] ?? Shape.unknown;
    if (kind === Shape.unknown) {
      const shapes = prefixedShapes(opcode);
      if (shapes === undefined) throw this.fail(this.start, 'an instruction');
      const number = this.u32('the number of an instruction');
      kind = shapes[number] ?? Shape.unknown;
      if (kind === Shape.unknown) {
        const found = `0x${opcode.toString(16)} ${number}`;
        throw this.fail(this.start, 'an instruction', found);
      }
      opcode = (opcode << 12) | number;
    }
    this.opcode = opcode;
    this.shape = kind;
    if (kind !== Shape.none) this.#immediates(kind);
  }

  /** Where the immediates of the instruction begin. */
  get immediatesAt(): number {
    let at = this.start + 1;
    if (this.opcode <= 0xff) return at;
    while ((this.bytes[at] ?? 0) >= 0x80) at++;
    return at + 1;
  }

  #immediates(kind: number): void {
    switch (kind) {
      case Shape.index:
      case Shape.function:
        this.indexAt = this.position;
        this.index = this.u32('an index');
        this.indexEnd = this.position;
        return;
      case Shape.twoIndices:
        this.indexAt = this.position;
        this.index = this.u32('an index');
        this.indexEnd = this.position;
        this.index2 = this.u32('an index');
        return;
      case Shape.label:
        this.labelCount = 0;
        this.#label();
        return;
      case Shape.blockType:
        this.#readBlockType();
        return;
      case Shape.memory:
        this.#memoryArgument();
        return;
      case Shape.i32:
        this.index = this.s32('a 32-bit constant');
        return;
      case Shape.i64:
        this.skipS64('a 64-bit constant');
        return;
      default:
        this.#rareImmediates(kind);
    }
  }

  #rareImmediates(kind: number): void {
    switch (kind) {
      case Shape.labelTable: {
        const count = this.count('labels', 1);
        this.labelCount = 0;
        for (let i = 0; i <= count; i++) this.#label();
        return;
      }
      case Shape.tryTable:
        this.#catchClauses();
        return;
      case Shape.valueTypes: {
        const count = this.count('types', 1);
        for (let i = 0; i < count; i++) readValueType(this);
        return;
      }
      case Shape.memoryLane:
        this.#memoryArgument();
        this.skip(1, 'a lane');
        return;
      case Shape.byte:
        this.skip(1, 'an immediate byte');
        return;
      case Shape.bytes4:
        this.skip(4, 'a 4-byte constant');
        return;
      case Shape.bytes8:
        this.skip(8, 'an 8-byte constant');
        return;
      case Shape.bytes16:
        this.skip(16, 'a 16-byte constant');
        return;
      case Shape.heapType:
        readHeapType(this);
        return;
      case Shape.castLabel:
        if (this.u8('cast flags') > 3) throw this.fail(this.position - 1, 'cast flags');
        this.labelCount = 0;
        this.#label();
        readHeapType(this);
        readHeapType(this);
        return;
    }
  }

  #label(): void {
    const i = this.labelCount;
    if (i === this.labels.length) this.#growLabels();
    this.labelsAt[i] = this.position;
    this.labels[i] = this.u32('a label');
    this.labelsEnd[i] = this.position;
    this.labelCount = i + 1;
  }

  #growLabels(): void {
    const grow = (old: Uint32Array): Uint32Array => {
      const wider = new Uint32Array(old.length * 2);
      wider.set(old);
      return wider;
    };
    this.labels = grow(this.labels);
    this.labelsAt = grow(this.labelsAt);
    this.labelsEnd = grow(this.labelsEnd);
  }

  #readBlockType(): void {
    const byte = this.peek('a block type');
    if (byte === 0x40) {
      this.position++;
      this.blockType = -1;
    } else if ((byte & 0xc0) === 0x40) {
      readValueType(this);
      this.blockType = -1;
    } else {
      const start = this.position;
      this.blockType = this.s33('a block type');
      if (this.blockType < 0) throw this.fail(start, 'a block type');
    }
    this.blockTypeEnd = this.position;
  }

  #catchClauses(): void {
    this.#readBlockType();
    const count = this.count('catch clauses', 2);
    this.labelCount = 0;
    this.catchesAll = false;
    for (let i = 0; i < count; i++) {
      const clause = this.u8('a catch clause');
      if (clause > 3) throw this.fail(this.position - 1, 'a catch clause');
      if (clause < 2) this.u32('a tag index');
      else this.catchesAll = true;
      this.#label();
    }
  }

  #memoryArgument(): void {
    const at = this.position;
    const flags = this.u32('an alignment');
    if (flags >= 0x80) throw this.fail(at, 'an alignment below 64', String(flags));
    if (flags >= 0x40) this.u32('a memory index');
    this.skipU64('a memory offset');
  }

  /** Reads a constant expression, its `end` included, and tells `sites` of the indices in it. */
  constantExpression(sites: ConstantSites): void {
    let length = Number.POSITIVE_INFINITY;
    for (;;) {
      this.next();
      if (this.opcode === Op.end) return;
      if (this.opcode === Op.arrayNew || this.opcode === Op.arrayNewDefault)
        sites.arrayOf(this.index, length);
      length = this.opcode === Op.i32Const ? this.index >>> 0 : Number.POSITIVE_INFINITY;
      if (this.shape === Shape.function) {
        if (this.opcode !== Op.refFunc) throw this.fail(this.start, 'a constant instruction');
        sites.functionAt(this.indexAt, this.index);
      } else if (this.opcode === Op.globalGet) {
        sites.globalAt(this.indexAt);
      } else if (isControl(this.shape)) {
        throw this.fail(this.start, 'a constant instruction');
      }
    }
  }
}

/** Called with the offsets of the indices in a constant expression. */
export interface ConstantSites {
  functionAt(at: number, index: number): void;
  globalAt(at: number): void;
  /** Called for each array that is made, with its type and length; with an infinite length if that is not simply a number. */
  arrayOf(type: number, length: number): void;
}

function isControl(kind: number): boolean {
  return (
    kind === Shape.blockType || kind === Shape.label || kind === Shape.labelTable || kind === Shape.tryTable
  );
}
