import { printable } from '../../text/printable.ts';
import { cutText } from './cut-text.ts';

/** Milliseconds before the line is shown first: most runs are over by then. */
const DELAY = 100;
/** Milliseconds between two looks at what there is to show, and until a line that gave way comes back. */
const INTERVAL = 100;
const RETURN = 20;

/** Columns left free: for the ^C that terminals show, and the last one, after which some begin a new line. */
const MARGIN = 3;

const ERASE_LINE = '\r\x1b[2K';

/** The last line of a terminal, which tells how far a run is and gives way to whatever else is printed. */
export class ProgressLine {
  readonly #print: (text: string) => void;
  readonly #columns: () => number;
  readonly #describe: () => Iterable<string>;
  #timer: NodeJS.Timeout | undefined;
  #shown = '';

  /** @param describe gives the text in parts, of which only so many are taken as fit */
  constructor(print: (text: string) => void, columns: () => number, describe: () => Iterable<string>) {
    this.#print = print;
    this.#columns = columns;
    this.#describe = describe;
  }

  /** Shows the line from now on. */
  start(): void {
    this.#drawAfter(DELAY);
  }

  /** Takes the line away for a moment. */
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
