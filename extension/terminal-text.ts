/** Sequences that set colours and the like, which are kept, and other ones: those that end where a letter is, and texts for the terminal. */
const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /\x1b\[[0-9;:]{0,64}m|\x1b\[[0-?]*[ -/]*[@-~]?|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const COLOUR = /^\x1b\[[0-9;:]*m$/;

/** The text with the line ends of a terminal. Of what programs tell a terminal to do, only colours are kept. */
export function terminalText(text: string): string {
  return (
    text
      .replace(ESCAPES, (sequence) => (COLOUR.test(sequence) ? sequence : ''))
      // Begins where no other one stands before: else each of a million without a line feed would be looked at from every place.
      .replace(/(?<!\r)\r*\n/g, '\r\n')
  );
}

/** Counts what is displayed, and leaves out what is too much. */
export class DisplayRoom {
  #left: number;

  /** @param size characters */
  constructor(size: number) {
    this.#left = size;
  }

  get isFull(): boolean {
    return this.#left <= 0;
  }

  /** A text, or its beginning and its end if it has more characters than there is room for, or than `most`. */
  take(text: string, most = Number.POSITIVE_INFINITY): string {
    const room = Math.min(this.#left, most);
    this.#left -= Math.min(text.length, Math.max(room, LEAST));
    if (text.length <= Math.max(room, LEAST)) return text;
    const half = Math.max(room, LEAST) / 2;
    const left = text.length - 2 * Math.floor(half);
    return `${text.slice(0, half)}\n... ${left} characters left out ...\n${text.slice(text.length - half)}`;
  }
}

/** Characters of each text that are displayed in any case. */
const LEAST = 2000;
