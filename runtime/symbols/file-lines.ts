import { IntList } from '../wasm/int-list.ts';
import { lastAtMost } from './dwarf/range-map.ts';
import type { LineStart } from './symbols.ts';

/** Where the lines of one source file begin in the code. In columns, in the order of lines. */
export class FileLines {
  readonly #lines: Int32Array;
  readonly #columns: Int32Array;
  readonly #offsets: Int32Array;

  constructor(starts: LineStartList) {
    const order = starts.order();
    this.#lines = order.map((at) => starts.lines.at(at));
    this.#columns = order.map((at) => starts.columns.at(at));
    this.#offsets = order.map((at) => starts.offsets.at(at));
  }

  lines(): number[] {
    const lines: number[] = [];
    for (const line of this.#lines) if (line !== lines.at(-1)) lines.push(line);
    return lines;
  }

  startsOf(line: number): LineStart[] {
    const starts: LineStart[] = [];
    const lines = this.#lines;
    for (let at = lastAtMost(lines, lines.length, line - 1) + 1; lines[at] === line; at++) {
      starts.push({ offset: (this.#offsets[at] ?? 0) >>> 0, line, column: this.#columns[at] ?? 0 });
    }
    return starts;
  }

  get byteLength(): number {
    return 12 * this.#lines.length;
  }
}

/** Collects where lines begin, in any order. */
export class LineStartList {
  readonly lines = new IntList();
  readonly columns = new IntList();
  readonly offsets = new IntList();

  /** Numbers beyond 31 bits, of which there are no files, are left out. */
  add(line: number, column: number, offset: number): void {
    if (!(line > 0 && line < 2 ** 31)) return;
    this.lines.push(line);
    this.columns.push(Math.min(column, 2 ** 31 - 1));
    this.offsets.push(offset | 0);
  }

  order(): Int32Array {
    const order = new Int32Array(this.lines.length);
    for (let i = 0; i < order.length; i++) order[i] = i;
    return order.sort(
      (a, b) =>
        this.lines.at(a) - this.lines.at(b) || (this.offsets.at(a) >>> 0) - (this.offsets.at(b) >>> 0),
    );
  }
}
