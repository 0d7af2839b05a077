import { type Tag, tagFromHalves } from '../tag.ts';
import { FormatError, type FormatFault } from './format-error.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Takes values from bytes that somebody else wrote, each of them in the one way in which `ByteWriter` writes it. A
 * length is compared with what is left before anything of that length is made. All methods throw `FormatError`.
 */
export class ByteReader {
  #bytes: Uint8Array;
  #view: DataView;
  /** What the bytes are to be, for errors: "a signal". */
  readonly #subject: string;
  #offset: number;
  #start = 0;
  #end: number;

  /** @param range where it begins and ends in the bytes. Default: all of them */
  constructor(bytes: Uint8Array, subject: string, range: readonly [number, number] = [0, bytes.length]) {
    [this.#offset, this.#end] = range;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#subject = subject;
  }

  /** Begins anew with other bytes, or another range of the same. */
  begin(bytes: Uint8Array, from: number, end: number): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.#offset = this.#start = from;
    this.#end = end;
  }

  /** Where the value begins that was read last. */
  get start(): number {
    return this.#start;
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#end;
  }

  u8(): number {
    this.#start = this.#offset;
    return this.#byte();
  }

  varint(): number {
    this.#start = this.#offset;
    let value = 0;
    // The scale ends the loop as well: bytes without a bit of the value could go on for ever.
    for (let scale = 1; scale <= Number.MAX_SAFE_INTEGER; scale *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) break;
      if (byte >= 0x80) continue;
      if (byte === 0 && scale > 1) throw this.error('value', 'a number with zeros in front');
      return value;
    }
    throw this.error('value', 'a number of more than 53 bits');
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** A reader for the next bytes, which are then taken. */
  part(length: number): ByteReader {
    const from = this.#advance(length);
    return new ByteReader(this.#bytes, this.#subject, [from, from + length]);
  }

  f64(): number {
    const at = this.#advance(8);
    return this.#view.getFloat64(at, true);
  }

  tag(): Tag {
    const at = this.#advance(8);
    return tagFromHalves(this.#view.getInt32(at, true), this.#view.getInt32(at + 4, true));
  }

  /** All that is left, a view and not a copy. */
  rest(): Uint8Array {
    const from = this.#offset;
    this.#offset = this.#end;
    return this.#bytes.subarray(from, this.#end);
  }

  /** A view of the bytes, not a copy. */
  bytes(): Uint8Array {
    const length = this.count(1);
    const from = this.#offset;
    this.#offset += length;
    return this.#bytes.subarray(from, this.#offset);
  }

  /** Appends bytes, which have their length before them, to something. */
  appendTo(target: { appendRange(bytes: Uint8Array, from: number, length: number): void }): void {
    const length = this.count(1);
    target.appendRange(this.#bytes, this.#offset, length);
    this.#offset += length;
  }

  text(): string {
    const bytes = this.bytes();
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw this.error('value', 'a text that is not UTF-8', this.#start, cause);
    }
  }

  /**
   * How many entries follow.
   * @param size bytes that each of them takes at least
   * @param most entries that there may be
   */
  count(size: number, most = Number.POSITIVE_INFINITY): number {
    const count = this.varint();
    if (count > most) throw this.error('value', `${count} entries, where at most ${most} are allowed`);
    this.#need(count * size);
    return count;
  }

  /**
   * Bits that are set.
   * @param known those that may be
   */
  flags(known: number): number {
    const flags = this.u8();
    if ((flags & ~known) !== 0) throw this.error('kind', `unknown flags 0x${flags.toString(16)}`);
    return flags;
  }

  /** @throws FormatError if anything is left */
  end(): void {
    const left = this.#end - this.#offset;
    if (left > 0) throw this.error('surplus', `${left} bytes after the end`, this.#offset);
  }

  /** The error to throw for the value that was read last, or for the one at `offset`. */
  error(fault: FormatFault, what: string, offset = this.#start, cause?: unknown): FormatError {
    const options = cause === undefined ? undefined : { cause };
    return new FormatError(fault, offset, `${this.#subject} cannot be read: ${what}`, options);
  }

  #byte(): number {
    this.#need(1);
    return this.#view.getUint8(this.#offset++);
  }

  #advance(count: number): number {
    this.#start = this.#offset;
    this.#need(count);
    this.#offset += count;
    return this.#start;
  }

  #need(count: number): void {
    const left = this.#end - this.#offset;
    if (count > left)
      throw this.error('truncated', `${count} bytes are needed, ${left} are left`, this.#offset);
  }
}
