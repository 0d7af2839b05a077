import {
  type BigIntStats,
  constants,
  fdatasync,
  fstatSync,
  fsync,
  ftruncate,
  ftruncateSync,
  futimesSync,
  openSync,
  readSync,
  readvSync,
  statfsSync,
  type TimeLike,
  writeSync,
  writevSync,
} from 'node:fs';
import { hasProc, PathError } from '../permissions/host-directory.ts';
import { Descriptor, FdFlag, FileType } from './descriptor.ts';
import { BLOCK, closeFile, MUCH_ROOM } from './freed-room.ts';
import { FILE_RIGHTS, Right, WRITING_RIGHTS } from './rights.ts';

const { O_APPEND, O_RDONLY, O_RDWR, O_WRONLY } = constants;
const O_DSYNC = constants.O_DSYNC ?? 0;
const O_SYNC = constants.O_SYNC ?? 0;

/** Returns flags of `open` for a file that is used with these rights and `FdFlag`s. */
export function openFlags(rights: number, flags: number): number {
  const writes = (rights & WRITING_RIGHTS) !== 0;
  const access = !writes ? O_RDONLY : (rights & Right.FdRead) !== 0 ? O_RDWR : O_WRONLY;
  return access | hostFlags(flags);
}

function hostFlags(flags: number): number {
  return (
    ((flags & FdFlag.Append) !== 0 ? O_APPEND : 0) |
    ((flags & FdFlag.Dsync) !== 0 ? O_DSYNC : 0) |
    ((flags & (FdFlag.Sync | FdFlag.Rsync)) !== 0 ? O_SYNC : 0)
  );
}

/** An open regular file. Node cannot seek, so the position is kept here. */
export class FileDescriptor extends Descriptor {
  readonly fileType = FileType.RegularFile;
  /** Bytes from the beginning, at most 2^53 - 1. */
  position = 0;
  #fd: number;
  /** The rights it was opened with. Later ones may be fewer, but the host still allows these. */
  readonly #openedFor: number;
  /** Whether the operating system appends by itself. */
  #appends: boolean;
  /** Operations of the host that have not finished yet. */
  #pending = 0;
  #closed = false;

  /** @param fd opened with `openFlags(rights, flags)`; closed together with this descriptor */
  constructor(fd: number, rights: number, inheriting: number, flags: number) {
    super(rights & FILE_RIGHTS, inheriting, flags);
    this.#fd = fd;
    this.#openedFor = rights;
    this.#appends = (flags & FdFlag.Append) !== 0;
  }

  override close(): void {
    this.#closed = true;
    // Another file must not get the number while the host is still working on this one.
    if (this.#pending === 0) closeFile(this.#fd);
  }

  /** Reads once into one buffer. There is another function for several, since an array costs an allocation. */
  read(bytes: Uint8Array, start: number, length: number, at: number): number {
    return readSync(this.#fd, bytes, start, length, at);
  }

  readv(buffers: readonly Uint8Array[], at: number): number {
    return readvSync(this.#fd, buffers, at);
  }

  /** Writes once. A file that appends is written at its end, wherever `at` is. */
  write(bytes: Uint8Array, start: number, length: number, at: number): number {
    return writeSync(this.#fd, bytes, start, length, this.#appends ? null : at);
  }

  writev(buffers: readonly Uint8Array[], at: number): number {
    return this.#appends ? writevSync(this.#fd, buffers) : writevSync(this.#fd, buffers, at);
  }

  get appends(): boolean {
    return (this.flags & FdFlag.Append) !== 0;
  }

  /** The offset of a write that names none. */
  get writePosition(): number {
    return this.appends && !this.#appends ? this.size : this.position;
  }

  get stats(): BigIntStats {
    return fstatSync(this.#fd, { bigint: true });
  }

  /** The size of the file in bytes. */
  get size(): number {
    return fstatSync(this.#fd).size;
  }

  /** Bytes that its file system has left; Infinity if that is unknown. */
  get room(): number {
    if (!hasProc()) return Number.POSITIVE_INFINITY;
    const { bfree, bsize } = statfsSync(`/proc/self/fd/${this.#fd}`);
    return bfree * bsize;
  }

  resize(size: number): void {
    ftruncateSync(this.#fd, size);
  }

  /** Whether `resize` would keep others waiting: it frees much room on the disk. */
  cutsMuch(size: number): boolean {
    const { size: before, blocks } = fstatSync(this.#fd);
    return size < before && blocks * BLOCK >= MUCH_ROOM;
  }

  /** Does what `resize` does in a thread. `done` gets the error, if there is one. */
  resizeApart(size: number, done: (error: Error | null) => void): void {
    this.#pending++;
    ftruncate(this.#fd, size, (error) => this.#finish(error, done));
  }

  setTimes(accessed: TimeLike, modified: TimeLike): void {
    futimesSync(this.#fd, accessed, modified);
  }

  /** Writes it to the disk, which may take long. `done` gets the error, if there is one. */
  sync(dataOnly: boolean, done: (error: Error | null) => void): void {
    this.#pending++;
    (dataOnly ? fdatasync : fsync)(this.#fd, (error) => this.#finish(error, done));
  }

  #finish(error: Error | null, done: (error: Error | null) => void): void {
    this.#pending--;
    if (this.#closed && this.#pending === 0) closeFile(this.#fd);
    done(error);
  }

  /**
   * Changes the flags. Node cannot change those of an open file, but on Linux the file can be opened again. On other
   * systems only APPEND can be changed, and is implemented here.
   * @throws an error of `node:fs` if the file must not be opened any more
   */
  setFlags(flags: number): void {
    if (hostFlags(flags) !== hostFlags(this.flags) && hasProc()) {
      const reopened = openSync(`/proc/self/fd/${this.#fd}`, openFlags(this.#openedFor, flags));
      closeFile(this.#fd);
      this.#fd = reopened;
      this.#appends = (flags & FdFlag.Append) !== 0;
    } else if (this.#appends && (flags & FdFlag.Append) === 0) {
      throw new PathError('ENOTSUP', 'a file that was opened to append always appends');
    }
    this.flags = flags;
  }
}
