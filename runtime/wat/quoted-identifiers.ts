import { ByteReader } from '../wasm/byte-reader.ts';
import { ByteWriter } from '../wasm/byte-writer.ts';
import { SectionId } from '../wasm/sections.ts';
import { identifierName } from './literals.ts';
import { isPlainName } from './quoted-text.ts';
import { TokenKind, TokenReader } from './tokens.ts';

/** The characters of an identifier, and the spaces behind it. */
const IDENTIFIER = /(\$[\w!#$%&'*+\-./:<=>?@\\^`|~]+)( *)/g;

/** What is at the beginning of a binary, before its sections. */
const HEADER_SIZE = 8;

/** Subsections of the name section. Source: core specification, appendix "Name Section"; extended name section proposal. */
const MODULE_NAME = 0;
/** Those that have names within functions or types. */
const INDIRECT: ReadonlySet<number> = new Set([2, 3, 10]);

/**
 * The identifiers of a text that are in quotes, as `$"a b"`. WebAssembly 3.0 has them, and the assembler does not: it gets a text with others
 * in their places, and what it makes of that gets the names back.
 */
export class QuotedIdentifiers {
  /** The text without quoted identifiers. All else is where it was, counted in bytes. */
  readonly text: string;
  #count = 0;
  /** By the identifier that replaces it: a token as it is in the text. */
  readonly #tokens = new Map<string, string>();

  constructor(source: string) {
    this.text = source.includes('$"') ? this.#replacedIn(source) : source;
  }

  #replacedIn(source: string): string {
    /** What must not stand for another one. */
    const plain = new Set<string>();
    const quoted: { readonly start: number; readonly token: string }[] = [];
    const tokens = new TokenReader(source);
    while (tokens.next()) {
      if (tokens.kind !== TokenKind.identifier) continue;
      const token = source.slice(tokens.start, tokens.end);
      if (token.startsWith('$"')) {
        quoted.push({ start: tokens.start, token });
        plain.add(`$${identifierName(token)}`);
      } else plain.add(token);
    }
    const byName = new Map<string, string>();
    const identifierFor = (token: string): string => {
      const name = identifierName(token);
      // It is the same one as without the quotes, if there can be one.
      if (isPlainName(name)) return `$${name}`;
      const known = byName.get(name);
      if (known !== undefined) return known;
      let identifier: string;
      do identifier = `$${(this.#count++).toString(36)}`;
      while (plain.has(identifier));
      byName.set(name, identifier);
      this.#tokens.set(identifier, token);
      return identifier;
    };
    const parts: string[] = [];
    let at = 0;
    for (const { start, token } of quoted) {
      const identifier = identifierFor(token);
      parts.push(source.slice(at, start), identifier, ' '.repeat(room(token, identifier)));
      at = start + token.length;
    }
    return parts.join('') + source.slice(at);
  }

  /** Puts the identifiers back into a message of the assembler, which may quote lines of the text. */
  inMessage(message: string): string {
    if (this.#tokens.size === 0) return message;
    return message.replace(IDENTIFIER, (found, identifier: string, spaces: string) => {
      const token = this.#tokens.get(identifier);
      if (token === undefined) return found;
      const added = room(token, identifier);
      return token + (spaces.length >= added ? spaces.slice(added) : spaces);
    });
  }

  /** Puts the names back into the name section of what was assembled. */
  inModule(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (this.#tokens.size === 0) return bytes;
    const reader = new ByteReader(bytes, HEADER_SIZE, bytes.length, 'module');
    const writer = new ByteWriter(bytes.length);
    writer.copy(bytes, 0, HEADER_SIZE);
    while (reader.remaining > 0) {
      const start = reader.position;
      const id = reader.u8('a section id');
      const end = reader.count('bytes of a section', 1) + reader.position;
      if (id === SectionId.custom && reader.name('a name') === 'name') {
        writer.u8(id);
        const contents = writer.openSize(1);
        writer.name('name');
        while (reader.position < end) this.#writeSubsection(writer, reader);
        writer.closeSize(contents, 1);
      } else writer.copy(bytes, start, end);
      reader.position = end;
    }
    return new Uint8Array(writer.finish());
  }

  #writeSubsection(writer: ByteWriter, reader: ByteReader): void {
    const id = reader.u8('a subsection id');
    const end = reader.count('bytes of a subsection', 1) + reader.position;
    writer.u8(id);
    const contents = writer.openSize(1);
    if (id === MODULE_NAME) this.#writeName(writer, reader);
    else this.#writeNames(writer, reader, INDIRECT.has(id));
    writer.closeSize(contents, 1);
    reader.position = end;
  }

  #writeNames(writer: ByteWriter, reader: ByteReader, areIndirect: boolean): void {
    const count = reader.count('names', 2);
    writer.u32(count);
    for (let i = 0; i < count; i++) {
      writer.u32(reader.u32('an index'));
      if (areIndirect) this.#writeNames(writer, reader, false);
      else this.#writeName(writer, reader);
    }
  }

  #writeName(writer: ByteWriter, reader: ByteReader): void {
    const name = reader.name('a name');
    const token = this.#tokens.get(`$${name}`);
    writer.name(token === undefined ? name : identifierName(token));
  }
}

/** Bytes by which a token is longer than the identifier that replaces it. */
function room(token: string, identifier: string): number {
  return Math.max(0, Buffer.byteLength(token) - identifier.length);
}
