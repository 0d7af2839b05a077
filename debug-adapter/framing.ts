/** Bytes that the headers of a message may have, and a message. */
const MAX_HEADERS = 4096;
const MAX_BODY = 2 ** 30;

/** Reads along in a stream of messages, each behind its headers, to find headers that are none: what follows cannot be read then. */
export class Framing {
  /** What there is of the headers of a message. */
  #headers = '';
  /** Bytes of its body that are still to come. */
  #left = 0;

  /** @returns what is wrong with the headers in the next bytes; null if nothing is */
  check(bytes: Buffer): string | null {
    for (let at = 0; at < bytes.length; ) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, bytes.length - at);
        this.#left -= taken;
        at += taken;
        continue;
      }
      const before = this.#headers.length;
      this.#headers += bytes.toString('latin1', at, at + MAX_HEADERS);
      const end = this.#headers.indexOf('\r\n\r\n');
      if (end < 0 && this.#headers.length >= MAX_HEADERS)
        return `it has no end: '${shortened(this.#headers)}'`;
      if (end < 0) return null;
      at += end + 4 - before;
      const headers = this.#headers.slice(0, end);
      this.#headers = '';
      const digits = /^Content-Length: +(\d+)$/m.exec(headers)?.[1];
      if (digits === undefined || Number(digits) > MAX_BODY)
        return `'Content-Length: ' and a number of bytes are expected, not '${shortened(headers)}'`;
      this.#left = Number(digits);
    }
    return null;
  }
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
