import { printable } from '../../text/printable.ts';
import { cutText } from './cut-text.ts';

/** Milliseconds until the line is first shown. Most runs are over by then. */
const DELAY = 100;
/** Milliseconds between two updates, and milliseconds until a line that gave way comes back. */
const INTERVAL = 100;
const RETURN = 20;

/** The number of columns left free: for the ^C that terminals show, and the last one, after which some begin a new line. */
const MARGIN = 3;

const ERASE_LINE = '\r\x1b[2K';

/** The last line of a terminal. It shows how far a run is, and gives way to everything else that is printed. */
export class ProgressLine {
  readonly #print: (text: string) => unknown;
  readonly #columns: () => number;
  readonly #describe: () => Iterable<string>;
  #timer: NodeJS.Timeout | undefined;
  #shown = '';

  /** @param describe yields the text in parts. Only as many are taken as fit */
  constructor(print: (text: string) => unknown, columns: () => number, describe: () => Iterable<string>) {
    this.#print = print;
    this.#columns = columns;
    this.#describe = describe;
  }

  /** Shows the line from now on. */
  start(): void {
    this.#drawAfter(DELAY);
  }

  /** Removes the line for a moment. */
  clear(): void {
    if (this.#shown === '') return;
    this.#shown = '';
    this.#print(ERASE_LINE);
    this.#drawAfter(RETURN);
  }

  stop(): void {
    this.clear();
    clearTimeout(this.#timer);
  }

  #drawAfter(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#draw(), delay).unref();
  }

  #draw(): void {
    this.#drawAfter(INTERVAL);
    const width = this.#columns() - MARGIN;
    let text = '';
    for (const part of this.#describe()) {
      text += printable(part);
      if (text.length > width) break;
    }
    text = cutText(text, width);
    if (text === this.#shown) return;
    this.#print(`${ERASE_LINE}${text}`);
    this.#shown = text;
  }
}
