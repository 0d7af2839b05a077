import { type Dir, type Dirent, lstatSync, opendirSync } from 'node:fs';
import { hostDescriptors } from '../permissions/host-descriptors.ts';
import { type HostDirectory, PathError } from '../permissions/host-directory.ts';
import { FileType } from './descriptor.ts';

/** An entry of a directory. */
export interface DirectoryEntry {
  readonly name: string;
  readonly type: FileType;
  /** 0 if the entry does not exist any more. */
  readonly inode: bigint;
}

/** Entries that are kept behind the guest's cookie: it asks again for those that did not fit into its buffer. */
const KEPT = 128;

/** The cookie of the first entry of the operating system's listing. */
const FIRST = 2;

/** Bytes before the name of an entry. */
const ENTRY_HEADER = 24;

const encoder = new TextEncoder();

/**
 * Lists a directory from a cookie on. The cookie of an entry is its number in the order in which the operating system
 * gives them: 0 is `.`, 1 is `..`. A guest that continues where it stopped gets the rest of the same listing, so that
 * changes of the directory meanwhile neither repeat nor hide other entries. A guest that goes far back gets a new listing
 * from the same number on, and a guest that begins at 0 sees the directory as it is then.
 */
export class DirectoryReader {
  readonly #directory: HostDirectory;
  #listing: Dir | null = null;
  /** Whether the listing has no more entries. */
  #ended = false;
  /** The entries before `#next`, at most `KEPT`. */
  #kept: Dirent[] = [];
  /** The cookie of the entry that the listing gives next. */
  #next = FIRST;

  constructor(directory: HostDirectory) {
    this.#directory = directory;
  }

  /**
   * Gets ready to read from a cookie.
   * @param count how many entries to skip at most
   * @returns whether it is ready; otherwise it must be called again
   * @throws an error of `node:fs`
   */
  seek(cookie: number, count: number): boolean {
    const first = this.#next - this.#kept.length;
    if (cookie === 0 || Math.max(cookie, FIRST) < first) this.#rewind();
    for (let i = 0; i < count; i++) {
      if (this.#next >= cookie || this.#ended) return true;
      this.#read();
    }
    return this.#next >= cookie || this.#ended;
  }

  /** Returns the entry of a cookie, after `seek`; undefined after the last one. */
  entry(cookie: number): DirectoryEntry | undefined {
    if (cookie < FIRST) return this.#self(cookie === 0 ? '.' : '..');
    if (cookie === this.#next) this.#read();
    const entry = this.#kept[cookie - (this.#next - this.#kept.length)];
    return entry === undefined ? undefined : this.#describe(entry);
  }

  close(): void {
    this.#listing?.closeSync();
    this.#listing = null;
  }

  #rewind(): void {
    this.close();
    this.#ended = false;
    this.#kept = [];
    this.#next = FIRST;
  }

  #read(): void {
    if (this.#ended) return;
    this.#listing ??= this.#open();
    const entry = this.#listing.readSync();
    if (entry === null) {
      this.#ended = true;
      this.close();
      return;
    }
    if (this.#kept.length >= 2 * KEPT) this.#kept.splice(0, KEPT);
    this.#kept.push(entry);
    this.#next++;
  }

  #open(): Dir {
    if (!hostDescriptors.haveRoom) throw new PathError('ENFILE', 'too many files are open');
    return opendirSync(this.#at('.'));
  }

  #at(name: string): string {
    this.#directory.check();
    return this.#directory.at(name);
  }

  /** As at the root of a file system, `..` is the directory itself: the one above is not for the guest. */
  #self(name: string): DirectoryEntry {
    return { name, type: FileType.Directory, inode: lstatSync(this.#at('.'), { bigint: true }).ino };
  }

  #describe(entry: Dirent): DirectoryEntry {
    const { name } = entry;
    const stats = lstatSync(this.#at(name), { bigint: true, throwIfNoEntry: false });
    return { name, type: fileTypeOf(stats ?? entry), inode: stats?.ino ?? 0n };
  }
}

/** What `Stats` and `Dirent` have in common. */
interface Typed {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isBlockDevice(): boolean;
  isCharacterDevice(): boolean;
  isSocket(): boolean;
}

/** Returns the type of a file. WASI has none for a FIFO. */
export function fileTypeOf(typed: Typed): FileType {
  if (typed.isFile()) return FileType.RegularFile;
  if (typed.isDirectory()) return FileType.Directory;
  if (typed.isSymbolicLink()) return FileType.SymbolicLink;
  if (typed.isCharacterDevice()) return FileType.CharacterDevice;
  if (typed.isBlockDevice()) return FileType.BlockDevice;
  return typed.isSocket() ? FileType.SocketStream : FileType.Unknown;
}

/**
 * Encodes an entry as `fd_readdir` writes it:
 *
 *     0  cookie of the next entry u64     16  bytes of the name u32     24  name
 *     8  inode u64                        20  type u8
 */
export function encodeEntry({ name, type, inode }: DirectoryEntry, cookie: number): Uint8Array {
  const text = encoder.encode(name);
  const bytes = new Uint8Array(ENTRY_HEADER + text.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(cookie + 1), true);
  view.setBigUint64(8, inode, true);
  view.setUint32(16, text.length, true);
  view.setUint8(20, type);
  bytes.set(text, ENTRY_HEADER);
  return bytes;
}
