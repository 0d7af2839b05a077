/** One piece of a PEM text. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY` */
  readonly label: string;
  /** The text with its first and last line. */
  readonly text: string;
}

const BEGIN = '-----BEGIN ';
const DASHES = '-----';
/** Characters of the longest label that is looked for. */
const MAX_LABEL = 64;

/** Returns the pieces of a PEM text, whatever is between them. An incomplete piece ends the list. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let at = text.indexOf(BEGIN);
  while (at >= 0) {
    const labelEnd = text.indexOf(DASHES, at + BEGIN.length);
    if (labelEnd < 0) break;
    const label = text.slice(at + BEGIN.length, labelEnd);
    if (label.length > MAX_LABEL || label.includes('\n')) {
      at = text.indexOf(BEGIN, at + BEGIN.length);
      continue;
    }
    const last = `${DASHES}END ${label}${DASHES}`;
    const end = text.indexOf(last, labelEnd);
    if (end < 0) break;
    blocks.push({ label, text: `${text.slice(at, end + last.length)}\n` });
    at = text.indexOf(BEGIN, end + last.length);
  }
  return blocks;
}
