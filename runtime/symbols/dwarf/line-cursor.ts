import { ByteCursor, DwarfError } from './byte-cursor.ts';
import type { LineHeader } from './line-header.ts';

/** Instructions of line programs. Source: DWARF 5, 7.22. */
const Standard = {
  extended: 0,
  copy: 1,
  advancePc: 2,
  advanceLine: 3,
  setFile: 4,
  setColumn: 5,
  negateStmt: 6,
  setBasicBlock: 7,
  constAddPc: 8,
  fixedAdvancePc: 9,
  setPrologueEnd: 10,
  setEpilogueBegin: 11,
  setIsa: 12,
} as const;

const Extended = { endSequence: 1, setAddress: 2, defineFile: 3, setDiscriminator: 4 } as const;

/** Runs a line program: each call of `next` goes on to a row of the line table, whose columns are then in the fields. */
export class LineCursor {
  address = 0;
  file = 1;
  /** Counts from 1; 0 where there is no line. */
  line = 1;
  /** Counts from 1; 0 where there is no column. */
  column = 0;
  /** Whether this is a good place for a breakpoint. */
  isStmt = false;
  basicBlock = false;
  prologueEnd = false;
  epilogueBegin = false;
  /** The row only says where the code of the rows before it ends. */
  endSequence = false;
  isa = 0;
  discriminator = 0;
  /** Whether files that the program declares are added to its header: the first time that it runs. */
  declaresFiles = false;
  readonly #header: LineHeader;
  readonly #cursor: ByteCursor;

  constructor(header: LineHeader) {
    this.#header = header;
    this.#cursor = new ByteCursor(header.bytes, header.programStart, header.end);
    this.#reset();
  }

  /** Where it goes on in the section. */
  get position(): number {
    return this.#cursor.position;
  }

  /** Takes the state back that a row had. What only counts for one row is not part of it. */
  resume(
    position: number,
    address: number,
    file: number,
    line: number,
    column: number,
    isStmt: boolean,
  ): void {
    this.#cursor.position = position;
    this.#reset();
    this.address = address;
    this.file = file;
    this.line = line;
    this.column = column;
    this.isStmt = isStmt;
  }

  /** Returns false at the end of the program, or where it is malformed. */
  next(): boolean {
    try {
      return this.#run();
    } catch (error) {
      if (!(error instanceof DwarfError)) throw error;
      return false;
    }
  }

  #reset(): void {
    this.address = 0;
    this.file = 1;
    this.line = 1;
    this.column = 0;
    this.isStmt = this.#header.defaultIsStmt;
    this.isa = 0;
    this.endSequence = false;
    this.#clear();
  }

  #clear(): void {
    this.discriminator = 0;
    this.basicBlock = false;
    this.prologueEnd = false;
    this.epilogueBegin = false;
  }

  #run(): boolean {
    const cursor = this.#cursor;
    const { opcodeBase, lineRange, lineBase } = this.#header;
    if (this.endSequence) this.#reset();
    else this.#clear();
    while (!cursor.atEnd) {
      const opcode = cursor.u8();
      if (opcode >= opcodeBase) {
        const adjusted = opcode - opcodeBase;
        this.#advance(lineRange === 0 ? 0 : Math.trunc(adjusted / lineRange));
        this.line = (this.line + lineBase + (lineRange === 0 ? 0 : adjusted % lineRange)) >>> 0;
        return true;
      }
      switch (opcode) {
        case Standard.extended:
          if (this.#extended()) return true;
          break;
        case Standard.copy:
          return true;
        case Standard.advancePc:
          this.#advance(cursor.uleb());
          break;
        case Standard.advanceLine:
          this.line = (this.line + cursor.sleb()) >>> 0;
          break;
        case Standard.setFile:
          this.file = cursor.uleb();
          break;
        case Standard.setColumn:
          this.column = cursor.uleb();
          break;
        case Standard.negateStmt:
          this.isStmt = !this.isStmt;
          break;
        case Standard.setBasicBlock:
          this.basicBlock = true;
          break;
        case Standard.constAddPc:
          this.#advance(lineRange === 0 ? 0 : Math.trunc((255 - opcodeBase) / lineRange));
          break;
        case Standard.fixedAdvancePc:
          this.address = (this.address + cursor.u16()) >>> 0;
          break;
        case Standard.setPrologueEnd:
          this.prologueEnd = true;
          break;
        case Standard.setEpilogueBegin:
          this.epilogueBegin = true;
          break;
        case Standard.setIsa:
          this.isa = cursor.uleb();
          break;
        default:
          for (let left = this.#header.operands(opcode); left > 0; left--) cursor.skipLeb();
      }
    }
    return false;
  }

  #advance(operations: number): void {
    this.address = (this.address + operations * this.#header.minimumLength) >>> 0;
  }

  /** Returns whether there is a row. */
  #extended(): boolean {
    const cursor = this.#cursor;
    const length = cursor.uleb();
    const start = cursor.position;
    cursor.skip(length);
    if (length === 0) return false;
    const end = cursor.position;
    cursor.position = start;
    const opcode = cursor.u8();
    let isRow = false;
    switch (opcode) {
      case Extended.endSequence:
        this.endSequence = true;
        isRow = true;
        break;
      case Extended.setAddress:
        if (length === 5 || length === 9) this.address = Math.min(cursor.uint(length - 1), 0xffffffff);
        break;
      case Extended.defineFile:
        if (this.declaresFiles) this.#header.addFile(cursor.position);
        break;
      case Extended.setDiscriminator:
        this.discriminator = cursor.uleb();
        break;
    }
    cursor.position = end;
    return isRow;
  }
}
