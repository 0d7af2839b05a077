import { printable } from '../../symbols/demangle.ts';
import { cutToWidth } from './text-width.ts';

/** Milliseconds between two looks at what there is to show, and before the first: most runs are over by then. */
const INTERVAL = 100;

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
    this.#timer ??= setInterval(() => this.#draw(), INTERVAL).unref();
  }

  /** Takes the line away until there is time to show it again. */
  clear(): void {
    if (this.#shown === '') return;
    this.#shown = '';
    this.#print(ERASE_LINE);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.clear();
  }

  #draw(): void {
    // In the last column some terminals begin a new line.
    const width = this.#columns() - 1;
    let text = '';
    for (const part of this.#describe()) {
      text += printable(part);
      if (text.length > width) break;
    }
    text = cutToWidth(text, width);
    if (text === this.#shown) return;
    this.#print(`${ERASE_LINE}${text}`);
    this.#shown = text;
  }
}
