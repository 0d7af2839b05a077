import { IntList } from '../../wasm/int-list.ts';
import { isDropped } from './addresses.ts';
import { LineCursor } from './line-cursor.ts';
import type { LineHeader } from './line-header.ts';
import { lastAtMost } from './range-map.ts';

/** Rows from one note to the next: a look-up runs the program from the note before its row. */
const NOTE_DISTANCE = 32;
/** Numbers of a note: address, position in the program, file, line, column, whether it is a statement. */
const NOTE_LENGTH = 6;

/**
 * The line table of a unit. It stays in the program that makes it, which is shorter than its rows: noted is only where sequences
 * of rows are, and the state of the program at some rows on the way.
 */
export class LineTable {
  readonly header: LineHeader;
  /** By sequence, in the order of their ends: first address, the one behind the last, its notes. */
  readonly #low: Int32Array;
  readonly #high: Int32Array;
  readonly #firstNote: Int32Array;
  readonly #noteCount: Int32Array;
  readonly #notes: Int32Array;
  readonly #noteAddresses: Int32Array;
  readonly #cursor: LineCursor;

  constructor(header: LineHeader) {
    this.header = header;
    const sequences = new Sequences(header);
    const order = sequences.order();
    this.#low = order.map((at) => sequences.low.at(at));
    this.#high = order.map((at) => sequences.high.at(at));
    this.#firstNote = order.map((at) => sequences.firstNote.at(at));
    this.#noteCount = order.map((at) => sequences.firstNote.at(at + 1) - sequences.firstNote.at(at));
    this.#notes = sequences.notes.values.slice(0, sequences.notes.length);
    this.#noteAddresses = sequences.addresses.values.slice(0, sequences.addresses.length);
    this.#cursor = new LineCursor(header);
  }

  /** All rows, also those of code that was dropped. */
  rows(): LineCursor {
    return new LineCursor(this.header);
  }

  /** Calls `visit` for each row of code that was not dropped, with the file and the line of the row before it. */
  forEachRow(visit: (row: LineCursor, previousFile: number, previousLine: number) => void): void {
    const cursor = new LineCursor(this.header);
    for (let sequence = 0; sequence < this.#low.length; sequence++) {
      this.#resume(cursor, this.#firstNote[sequence] ?? 0);
      let file = -1;
      let line = 0;
      do {
        visit(cursor, file, line);
        ({ file, line } = cursor);
      } while (cursor.next() && !cursor.endSequence);
    }
  }

  /** The row that covers an address: the last that begins at or before it. It changes with the next look-up. */
  rowAt(address: number): LineCursor | null {
    const index = lastAtMost(this.#high, this.#high.length, address) + 1;
    if (index >= this.#high.length || (this.#low[index] ?? 0) >>> 0 > address) return null;
    const first = this.#firstNote[index] ?? 0;
    const count = this.#noteCount[index] ?? 0;
    const addresses = this.#noteAddresses.subarray(first, first + count);
    const note = first + Math.max(lastAtMost(addresses, count, address), 0);
    const cursor = this.#cursor;
    let at = this.#resume(cursor, note);
    // The state before the row that is beyond the address is that of the row that is wanted.
    let { file, line, column, isStmt } = cursor;
    let found = cursor.address;
    while (cursor.next() && !cursor.endSequence && cursor.address <= address) {
      at = cursor.position;
      ({ file, line, column, isStmt } = cursor);
      found = cursor.address;
    }
    cursor.resume(at, found, file, line, column, isStmt);
    return cursor;
  }

  /** The same with the rows behind it, up to the end of their sequence or the end that is given. */
  *rowsFrom(address: number, end: number): Generator<LineCursor> {
    const row = this.rowAt(address);
    if (row === null) return;
    do yield row;
    while (row.next() && !row.endSequence && row.address < end);
  }

  get byteLength(): number {
    return 16 * this.#low.length + 4 * (this.#notes.length + this.#noteAddresses.length);
  }

  #resume(cursor: LineCursor, note: number): number {
    const notes = this.#notes;
    const at = (NOTE_LENGTH - 1) * note;
    const position = (notes[at] ?? 0) >>> 0;
    cursor.resume(
      position,
      (this.#noteAddresses[note] ?? 0) >>> 0,
      (notes[at + 1] ?? 0) >>> 0,
      (notes[at + 2] ?? 0) >>> 0,
      (notes[at + 3] ?? 0) >>> 0,
      notes[at + 4] === 1,
    );
    return position;
  }
}

/** Runs a program once, and notes where its sequences of rows are. */
class Sequences {
  readonly low = new IntList();
  readonly high = new IntList();
  /** By sequence; one more at the end. */
  readonly firstNote = new IntList();
  readonly addresses = new IntList();
  readonly notes = new IntList();

  constructor(header: LineHeader) {
    const rows = new LineCursor(header);
    rows.declaresFiles = true;
    let first = -1;
    let row = 0;
    let notes = 0;
    this.firstNote.push(0);
    while (rows.next()) {
      if (first < 0) {
        first = rows.address;
        row = 0;
      }
      if (!rows.endSequence) {
        if (row++ % NOTE_DISTANCE === 0) this.#note(rows);
        continue;
      }
      if (!isDropped(first) && first < rows.address) {
        this.low.push(first | 0);
        this.high.push(rows.address | 0);
        notes = this.addresses.length;
        this.firstNote.push(notes);
      } else {
        this.addresses.length = notes;
        this.notes.length = (NOTE_LENGTH - 1) * notes;
      }
      first = -1;
    }
  }

  /** The sequences in the order of their ends. */
  order(): Int32Array {
    const { length } = this.low;
    const order = new Int32Array(length);
    for (let i = 0; i < length; i++) order[i] = i;
    return order.sort((a, b) => (this.high.at(a) >>> 0) - (this.high.at(b) >>> 0));
  }

  #note({ address, position, file, line, column, isStmt }: LineCursor): void {
    this.addresses.push(address | 0);
    this.notes.push(position | 0);
    this.notes.push(file | 0);
    this.notes.push(line | 0);
    this.notes.push(column | 0);
    this.notes.push(isStmt ? 1 : 0);
  }
}
