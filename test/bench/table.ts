import type { Result, Row } from './benchmark.ts';

const HEADINGS = ['', 'measured', 'peer', 'ratio', 'must', 'aim', ''];
const WIDTHS = [27, 17, 34, 6, 9, 9, 0];

/** Prints results as they come, in columns. */
export class Table {
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  head(): void {
    this.#line(HEADINGS);
  }

  row(row: Row, result: Result): void {
    const { value, unit, peer, peerValue, ratio, must, aim } = result;
    const bound = row.peer === null && row.better === 'more' ? '>=' : '<=';
    this.#line([
      row.name,
      `${shown(value)} ${unit}`,
      peerValue === null ? '-' : `${shown(peerValue)} ${unit}, ${peer}`,
      ratio === null ? '-' : ratio.toFixed(2),
      `${bound} ${shown(must)}`,
      `${bound} ${shown(aim)}`,
      verdict(row, result),
    ]);
  }

  failure(row: Row, message: string): void {
    this.#print(`${row.name.padEnd(WIDTHS[0] ?? 0)} failed: ${message}`);
  }

  leftOut(row: Row, reason: string): void {
    this.#print(`${row.name.padEnd(WIDTHS[0] ?? 0)} left out: ${reason}`);
  }

  detail(line: string): void {
    this.#print(`    ${line}`);
  }

  #line(cells: readonly string[]): void {
    const columns = cells.map((cell, i) =>
      i === 0 ? cell.padEnd(WIDTHS[i] ?? 0) : cell.padStart(WIDTHS[i] ?? 0),
    );
    this.#print(columns.join('  ').trimEnd());
  }
}

/** How a figure stands to its bounds. */
function verdict(row: Row, { value, ratio, must, aim }: Result): string {
  const bounded = row.peer === null ? value : ratio;
  // Without its peer on the machine a figure says nothing.
  if (bounded === null) return '?';
  const reaches = (bound: number) =>
    row.peer === null && row.better === 'more' ? bounded >= bound : bounded <= bound;
  if (reaches(aim)) return 'reaches its aim';
  return reaches(must) ? 'good enough' : 'MISSED';
}

/** A number with three figures that count, and groups of thousands. */
function shown(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}
