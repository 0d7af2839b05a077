import { IntList } from '../../wasm/int-list.ts';
import { ByteCursor, DwarfError, stringAt, unlessMalformed } from './byte-cursor.ts';
import { Form } from './constants.ts';
import { type Encoding, readInitialLength, skipForm } from './encoding.ts';
import type { DwarfSections } from './sections.ts';
import { joinPath } from './source-path.ts';

/** What a field of an entry of the tables of files holds. Source: DWARF 5, 7.22. */
const Content = { path: 1, directory: 2 } as const;

/** No path has as many characters. */
const MAX_PATH = 4096;

/** No entry has as many fields. */
const MAX_FIELDS = 32;

/** The format of entries in one of the tables of DWARF 5: content and form, in turns. */
type EntryFormat = readonly number[];

/** Up to DWARF 4, an entry is a string; a file's has three numbers besides, of which the first is its directory. */
const OLD_DIRECTORY: EntryFormat = [Content.path, Form.string];
const OLD_FILE: EntryFormat = [
  Content.path,
  Form.string,
  Content.directory,
  Form.udata,
  0,
  Form.udata,
  0,
  Form.udata,
];

/**
 * The header of a line program: how its instructions are encoded, and the files that they name. Source: DWARF 5, 6.2.4.
 * Names are read when they are asked for.
 */
export class LineHeader implements Encoding {
  readonly bytes: Uint8Array;
  readonly version: number;
  readonly offsetSize: 4 | 8;
  readonly addressSize: number;
  readonly start: number;
  /** Where the instructions begin and end. */
  readonly programStart: number;
  readonly end: number;
  readonly minimumLength: number;
  readonly defaultIsStmt: boolean;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  readonly #opcodeLengths: Uint8Array;
  readonly #sections: DwarfSections;
  readonly #directories = new IntList();
  readonly #files = new IntList();
  /** Paths that were asked for, by index. */
  readonly #paths = new Map<number, string>();
  #directoryFormat = OLD_DIRECTORY;
  #fileFormat = OLD_FILE;

  /** @param addressSize of the unit, for versions that do not tell. @throws DwarfError */
  constructor(sections: DwarfSections, offset: number, addressSize: number) {
    this.#sections = sections;
    this.bytes = sections.line;
    this.start = offset;
    const start = new ByteCursor(sections.line, offset);
    const { offsetSize, end } = readInitialLength(start);
    const cursor = new ByteCursor(sections.line, start.position, end);
    this.offsetSize = offsetSize;
    this.end = end;
    this.version = cursor.u16();
    if (this.version < 2 || this.version > 5)
      throw new DwarfError(`a line program of version ${this.version}`);
    this.addressSize = this.version >= 5 ? cursor.u8() : addressSize;
    if (this.version >= 5) cursor.u8();
    const headerLength = cursor.uint(offsetSize);
    this.programStart = Math.min(cursor.position + headerLength, end);
    this.minimumLength = cursor.u8();
    if (this.version >= 4) cursor.u8();
    this.defaultIsStmt = cursor.u8() !== 0;
    this.lineBase = cursor.i8();
    this.lineRange = cursor.u8();
    this.opcodeBase = cursor.u8();
    this.#opcodeLengths = cursor.view(Math.max(this.opcodeBase - 1, 0));
    // Without all of its files, its rows are still good.
    unlessMalformed(() => {
      if (this.version >= 5) this.#readTables(cursor);
      else this.#readOldTables(cursor);
    }, undefined);
  }

  /** How many operands an instruction has that is not known. */
  operands(opcode: number): number {
    return this.#opcodeLengths[opcode - 1] ?? 0;
  }

  /** The index of the first file: 0 from DWARF 5 on. */
  get firstFile(): number {
    return this.version >= 5 ? 0 : 1;
  }

  get fileCount(): number {
    return this.#files.length;
  }

  /** Adds a file that the program itself declares, with an entry at this offset. */
  addFile(offset: number): void {
    this.#files.push(offset);
  }

  /** The path of a file, as the compiler knew it; null if there is no such file. @param compDir where the compiler ran */
  fileName(index: number, compDir: string): string | null {
    const known = this.#paths.get(index);
    if (known !== undefined) return known;
    const at = index - this.firstFile;
    if (!(at >= 0 && at < this.#files.length)) return null;
    const path = unlessMalformed(() => this.#path(this.#files.at(at), compDir), null);
    if (path !== null) this.#paths.set(index, path);
    return path;
  }

  #path(entry: number, compDir: string): string {
    const { path, directory } = this.#entry(entry, this.#fileFormat);
    const joined = joinPath(compDir, this.#directory(directory), path);
    if (joined.length > MAX_PATH) throw new DwarfError('a path of too many characters');
    return joined;
  }

  #directory(index: number): string {
    // Before DWARF 5, the first one was where the compiler ran, and not in the table.
    const at = this.version >= 5 ? index : index - 1;
    if (!(at >= 0 && at < this.#directories.length)) return '';
    return this.#entry(this.#directories.at(at), this.#directoryFormat).path;
  }

  #readOldTables(cursor: ByteCursor): void {
    for (const [entries, format] of [
      [this.#directories, this.#directoryFormat],
      [this.#files, this.#fileFormat],
    ] as const) {
      while (cursor.bytes[cursor.position] !== 0) {
        entries.push(cursor.position);
        this.#skipEntry(cursor, format);
      }
      cursor.skip(1);
    }
  }

  #readTables(cursor: ByteCursor): void {
    this.#directoryFormat = readFormat(cursor);
    this.#readEntries(cursor, this.#directories, this.#directoryFormat);
    this.#fileFormat = readFormat(cursor);
    this.#readEntries(cursor, this.#files, this.#fileFormat);
  }

  #readEntries(cursor: ByteCursor, entries: IntList, format: EntryFormat): void {
    for (let left = cursor.uleb(); left > 0; left--) {
      const start = cursor.position;
      this.#skipEntry(cursor, format);
      if (cursor.position === start) throw new DwarfError('entries without bytes');
      entries.push(start);
    }
  }

  #skipEntry(cursor: ByteCursor, format: EntryFormat): void {
    for (let at = 1; at < format.length; at += 2) skipForm(cursor, format[at] ?? 0, this);
  }

  #entry(offset: number, format: EntryFormat): { path: string; directory: number } {
    const cursor = new ByteCursor(this.bytes, offset, this.end);
    const entry = { path: '', directory: 0 };
    for (let at = 0; at + 1 < format.length; at += 2) {
      const content = format[at];
      const form = format[at + 1] ?? 0;
      if (content === Content.path) entry.path = this.#string(cursor, form);
      else if (content === Content.directory) entry.directory = constant(cursor, form);
      else skipForm(cursor, form, this);
    }
    return entry;
  }

  #string(cursor: ByteCursor, form: number): string {
    switch (form) {
      case Form.string:
        return cursor.string();
      case Form.lineStrp:
        return stringAt(this.#sections.lineStr, cursor.uint(this.offsetSize));
      case Form.strp:
        return stringAt(this.#sections.str, cursor.uint(this.offsetSize));
      default:
        throw new DwarfError(`the name of a file of the form 0x${form.toString(16)}`);
    }
  }
}

function readFormat(cursor: ByteCursor): EntryFormat {
  const count = cursor.u8();
  if (count > MAX_FIELDS) throw new DwarfError('an entry of too many fields');
  return Array.from({ length: 2 * count }, () => cursor.uleb());
}

function constant(cursor: ByteCursor, form: number): number {
  switch (form) {
    case Form.data1:
      return cursor.u8();
    case Form.data2:
      return cursor.u16();
    case Form.udata:
      return cursor.uleb();
    default:
      throw new DwarfError(`the directory of a file of the form 0x${form.toString(16)}`);
  }
}
