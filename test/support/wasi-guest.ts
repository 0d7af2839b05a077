import { type Exit, type Process, ProcessConfig, type Root, Runtime } from '../../runtime/internal.ts';
import { dataMessage } from '../../runtime/kernel/message.ts';
import { Wait } from '../../runtime/kernel/process.ts';
import { NO_TAG } from '../../runtime/kernel/tag.ts';
import { Errno } from '../../runtime/wasi/errno.ts';
import { assembleText } from '../../runtime/wat/index.ts';
import { WASI_FUNCTIONS } from './contract.ts';
import { Capture, Feed } from './program.ts';

/** Where a call is written: the function's number, its arguments of 8 bytes. What it gives is in globals. */
const FUNCTION = 0;
const ARGUMENTS = 8;
/** Where results go that functions write. */
const OUT = 0x100;
/** Where texts and buffers are put; from `DATA` on a test may use the memory itself. */
const IOVECS = 0x1000;
const TEXT = 0x4000;
const OTHER_TEXT = 0x8000;
export const DATA = 0x1_0000;
const PAGES = 64;

const names = Object.entries(Errno).map(([name, errno]): [number, string] => [
  errno,
  name === 'Success' ? 'ok' : `E${name.toUpperCase()}`,
]);
const nameOf = new Map(names);

/** A guest that waits for messages and makes the call that is in its memory then. */
function source(pages: number): string {
  const functions = WASI_FUNCTIONS.filter(({ name }) => !name.startsWith('proc_'));
  const imports = functions.map(
    ({ module, name, params }) =>
      `(import "${module}" "${name}" (func $${name} (param ${params.join(' ')}) (result i32)))`,
  );
  const cases = functions.map(({ name, params }, i) => {
    const operands = params.map((type, at) => `(${type}.load (i32.const ${ARGUMENTS + at * 8}))`).join(' ');
    return `(if (i32.eq (i32.load (i32.const ${FUNCTION})) (i32.const ${i}))
      (then (global.set $result (call $${name} ${operands}))))`;
  });
  return `(module
    (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
    ${imports.join('\n')}
    (memory (export "memory") ${pages})
    (global $result (export "result") (mut i32) (i32.const 0))
    (global $count (export "count") (mut i32) (i32.const 0))
    (func (export "_start")
      (loop $next
        (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1)))
        ${cases.join('\n')}
        (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (br $next))))`;
}

const numbers = new Map(
  WASI_FUNCTIONS.filter(({ name }) => !name.startsWith('proc_')).map(({ name }, i) => [name, i]),
);
const binaries = new Map<number, Promise<Uint8Array>>();

/** How to open; see WASI's `path_open`. */
export interface OpenOptions {
  readonly follow?: boolean;
  readonly create?: boolean;
  readonly directory?: boolean;
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
  /** `Right`s; reading and writing of files, everything of directories when missing. */
  readonly rights?: number;
  readonly inheriting?: number;
  /** `FdFlag`s. */
  readonly flags?: number;
}

export interface WasiGuestOptions {
  readonly config?: ProcessConfig;
  readonly runtime?: Runtime;
  readonly input?: Feed;
  /** Of memory, 64 KiB each. */
  readonly pages?: number;
}

/** What `fd_readdir` tells of an entry. */
export interface Entry {
  readonly name: string;
  readonly type: number;
  readonly inode: bigint;
  readonly next: bigint;
}

/** What `path_filestat_get` tells. */
export interface Stat {
  readonly device: bigint;
  readonly inode: bigint;
  readonly type: number;
  readonly links: bigint;
  readonly size: bigint;
  readonly accessed: bigint;
  readonly modified: bigint;
  readonly changed: bigint;
}

/**
 * A guest that makes the WASI calls a test asks for, one after the other: tests are written in TypeScript, and every
 * call takes the way of a guest's. Functions answer `ok` or the name of the error, those that give something that or
 * the name.
 */
export class WasiGuest {
  readonly runtime: Runtime;
  readonly root: Root;
  readonly stdout: Capture;
  #calls = 0;
  #ended: Exit | null = null;

  private constructor(runtime: Runtime, root: Root, stdout: Capture) {
    this.runtime = runtime;
    this.root = root;
    this.stdout = stdout;
    root.ended.then((exit) => {
      this.#ended = exit;
    });
  }

  /** @param directories host paths of descriptors 3, 4, ..., or pairs of the guest's and the host's */
  static async start(
    directories: readonly (string | readonly [string, string])[],
    options: WasiGuestOptions = {},
  ): Promise<WasiGuest> {
    const { runtime = new Runtime(), config = ProcessConfig.forRoot(), pages = PAGES } = options;
    for (const directory of directories) {
      const [guestPath, hostPath] = typeof directory === 'string' ? [directory, directory] : directory;
      config.preopenedDirectories.push({ guestPath, hostPath });
    }
    const stdout = new Capture();
    let binary = binaries.get(pages);
    if (binary === undefined) {
      binary = assembleText(source(pages), 'wasi-guest.wat');
      binaries.set(pages, binary);
    }
    const root = await runtime.run(runtime.load(await binary), {
      config,
      stdio: { input: options.input ?? new Feed(), output: stdout, error: new Capture() },
    });
    return new WasiGuest(runtime, root, stdout);
  }

  get process(): Process {
    return this.root.process;
  }

  get memory() {
    return this.process.memory;
  }

  /** Calls that are done. */
  get calls(): number {
    return this.#global('count');
  }

  #global(name: string): number {
    const global = this.process.instance?.exports[name];
    return global instanceof WebAssembly.Global ? global.value : Number.NaN;
  }

  /** Makes a call. @returns `ok` or the name of the error */
  async call(name: string, ...args: readonly (number | bigint)[]): Promise<string> {
    await this.begin(name, ...args);
    return await this.result();
  }

  /** Begins a call that may take its time. */
  async begin(name: string, ...args: readonly (number | bigint)[]): Promise<void> {
    const number = numbers.get(name);
    if (number === undefined) throw new Error(`no function ${name}`);
    await this.#until(() => this.process.wait === Wait.Receive);
    const { memory } = this;
    memory.writeU32(FUNCTION, number);
    args.forEach((value, i) => {
      memory.writeU64(ARGUMENTS + i * 8, BigInt(value));
    });
    this.#calls++;
    this.root.environment.router.deliverMessage(this.process.id, dataMessage(NO_TAG));
  }

  /** Waits for the call that was begun. */
  async result(): Promise<string> {
    await this.#until(() => this.calls === this.#calls);
    const errno = this.#global('result');
    return nameOf.get(errno) ?? `errno ${errno}`;
  }

  async #until(condition: () => boolean): Promise<void> {
    for (;;) {
      if (this.#ended !== null) {
        const { kind } = this.#ended;
        throw new Error(`the guest ${kind}${'message' in this.#ended ? `: ${this.#ended.message}` : ''}`);
      }
      if (condition()) return;
      await new Promise((turn) => setImmediate(turn));
    }
  }

  /** Ends the guest. */
  async stop(): Promise<void> {
    this.root.stop();
    await this.root.ended;
    while (this.root.environment.size > 0) await new Promise((turn) => setImmediate(turn));
  }

  // -- memory ------------------------------------------------------------------------------------------

  #text(text: string | Uint8Array, at = TEXT): [number, number] {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    this.memory.write(at, bytes);
    return [at, bytes.length];
  }

  /** Stores iovecs. @returns where, and how many */
  vectors(...buffers: readonly (readonly [pointer: number, length: number])[]): [number, number] {
    buffers.forEach(([pointer, length], i) => {
      this.memory.writeU32(IOVECS + i * 8, pointer);
      this.memory.writeU32(IOVECS + i * 8 + 4, length);
    });
    return [IOVECS, buffers.length];
  }

  bytes(pointer: number, length: number): Buffer {
    return Buffer.from(this.memory.slice(pointer, length));
  }

  // -- paths -------------------------------------------------------------------------------------------

  async open(fd: number, path: string | Uint8Array, options: OpenOptions = {}): Promise<number | string> {
    const flags =
      (options.create ? 1 : 0) |
      (options.directory ? 2 : 0) |
      (options.exclusive ? 4 : 0) |
      (options.truncate ? 8 : 0);
    const rights = options.rights ?? (options.directory ? READ_AND_MORE : READ_AND_MORE);
    const errno = await this.call(
      'path_open',
      ...[fd, options.follow ? 1 : 0, ...this.#text(path), flags, rights],
      ...[options.inheriting ?? 0x0fff_ffff, options.flags ?? 0, OUT],
    );
    return errno === 'ok' ? this.memory.readU32(OUT) : errno;
  }

  /** Opens what must be there. */
  async opened(fd: number, path: string, options?: OpenOptions): Promise<number> {
    const opened = await this.open(fd, path, options);
    if (typeof opened === 'string') throw new Error(`${path}: ${opened}`);
    return opened;
  }

  close(fd: number): Promise<string> {
    return this.call('fd_close', fd);
  }

  mkdir(fd: number, path: string): Promise<string> {
    return this.call('path_create_directory', fd, ...this.#text(path));
  }

  rmdir(fd: number, path: string): Promise<string> {
    return this.call('path_remove_directory', fd, ...this.#text(path));
  }

  unlink(fd: number, path: string): Promise<string> {
    return this.call('path_unlink_file', fd, ...this.#text(path));
  }

  rename(fd: number, from: string, to: string, toFd = fd): Promise<string> {
    return this.call('path_rename', fd, ...this.#text(from), toFd, ...this.#text(to, OTHER_TEXT));
  }

  link(fd: number, from: string, to: string, { toFd = fd, lookup = 0 } = {}): Promise<string> {
    return this.call('path_link', fd, lookup, ...this.#text(from), toFd, ...this.#text(to, OTHER_TEXT));
  }

  symlink(fd: number, text: string, path: string): Promise<string> {
    return this.call('path_symlink', ...this.#text(text), fd, ...this.#text(path, OTHER_TEXT));
  }

  async readlink(fd: number, path: string, length = 1024): Promise<string> {
    const errno = await this.call('path_readlink', fd, ...this.#text(path), DATA, length, OUT);
    return errno === 'ok' ? `-> ${this.bytes(DATA, this.memory.readU32(OUT))}` : errno;
  }

  async stat(fd: number, path: string, follow = false): Promise<Stat | string> {
    const errno = await this.call('path_filestat_get', fd, follow ? 1 : 0, ...this.#text(path), OUT);
    return errno === 'ok' ? this.#stat() : errno;
  }

  setTimes(fd: number, path: string, times: TimesOptions): Promise<string> {
    const { follow, accessed = 0n, modified = 0n, flags } = times;
    const [at, length] = this.#text(path);
    return this.call('path_filestat_set_times', fd, follow ? 1 : 0, at, length, accessed, modified, flags);
  }

  // -- descriptors -------------------------------------------------------------------------------------

  async fdStat(fd: number): Promise<Stat | string> {
    const errno = await this.call('fd_filestat_get', fd, OUT);
    return errno === 'ok' ? this.#stat() : errno;
  }

  #stat(): Stat {
    const u64 = (at: number) => this.memory.readU64(OUT + at);
    return {
      device: u64(0),
      inode: u64(8),
      type: this.memory.readU8(OUT + 16),
      links: u64(24),
      size: u64(32),
      accessed: u64(40),
      modified: u64(48),
      changed: u64(56),
    };
  }

  async state(
    fd: number,
  ): Promise<{ type: number; flags: number; rights: number; inheriting: number } | string> {
    const errno = await this.call('fd_fdstat_get', fd, OUT);
    if (errno !== 'ok') return errno;
    return {
      type: this.memory.readU8(OUT),
      flags: this.memory.readU16(OUT + 2),
      rights: this.memory.readU32(OUT + 8),
      inheriting: this.memory.readU32(OUT + 16),
    };
  }

  /** @returns the text, or the name of the error */
  async read(fd: number, length = 1024, offset?: number | bigint): Promise<string> {
    const vectors = this.vectors([DATA, length]);
    const errno = await (offset === undefined
      ? this.call('fd_read', fd, ...vectors, OUT)
      : this.call('fd_pread', fd, ...vectors, offset, OUT));
    return errno === 'ok' ? this.bytes(DATA, this.memory.readU32(OUT)).toString('latin1') : errno;
  }

  /** @returns the number of bytes, or the name of the error */
  async write(fd: number, text: string | Uint8Array, offset?: number | bigint): Promise<number | string> {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    this.memory.write(DATA, bytes);
    const vectors = this.vectors([DATA, bytes.length]);
    const errno = await (offset === undefined
      ? this.call('fd_write', fd, ...vectors, OUT)
      : this.call('fd_pwrite', fd, ...vectors, offset, OUT));
    return errno === 'ok' ? this.memory.readU32(OUT) : errno;
  }

  async seek(fd: number, offset: number | bigint, whence = 0): Promise<number | string> {
    const errno = await this.call('fd_seek', fd, offset, whence, OUT);
    return errno === 'ok' ? Number(this.memory.readU64(OUT)) : errno;
  }

  async tell(fd: number): Promise<number | string> {
    const errno = await this.call('fd_tell', fd, OUT);
    return errno === 'ok' ? Number(this.memory.readU64(OUT)) : errno;
  }

  /** One call of `fd_readdir`: the entries that are whole, and whether it was the end. */
  async readdirOnce(
    fd: number,
    cookie: bigint,
    length = 4096,
  ): Promise<{ entries: Entry[]; end: boolean } | string> {
    const errno = await this.call('fd_readdir', fd, DATA, length, cookie, OUT);
    if (errno !== 'ok') return errno;
    const used = this.memory.readU32(OUT);
    const entries: Entry[] = [];
    for (let at = 0; at + 24 <= used; ) {
      const size = this.memory.readU32(DATA + at + 16);
      if (at + 24 + size > used) break;
      entries.push({
        next: this.memory.readU64(DATA + at),
        inode: this.memory.readU64(DATA + at + 8),
        type: this.memory.readU8(DATA + at + 20),
        name: this.bytes(DATA + at + 24, size).toString(),
      });
      at += 24 + size;
    }
    return { entries, end: used < length };
  }

  /** All entries. */
  async readdir(fd: number, length = 4096): Promise<Entry[]> {
    const all: Entry[] = [];
    for (let cookie = 0n; ; ) {
      const got = await this.readdirOnce(fd, cookie, length);
      if (typeof got === 'string') throw new Error(got);
      all.push(...got.entries);
      if (got.end) return all;
      const last = got.entries[got.entries.length - 1];
      if (last === undefined) throw new Error('the buffer is too small for one entry');
      cookie = last.next;
    }
  }
}

interface TimesOptions {
  readonly follow?: boolean;
  readonly accessed?: bigint;
  readonly modified?: bigint;
  readonly flags: number;
}

/** All that can be done with a file that is open for reading, and all that can be done with a directory. */
const READ_AND_MORE = 0x0fff_ffff & ~((1 << 6) | (1 << 8) | (1 << 22));
/** The same, for reading and writing. */
export const READ_WRITE = 0x0fff_ffff;
