// Tools for files, straight over WASI: what each does is in `usage`. Run it without arguments to read that.

import { print } from "./lunatic";

export { runProcess } from "./lunatic";

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "args_sizes_get")
declare function argsSizesGet(count: usize, size: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "args_get")
declare function argsGet(pointers: usize, buffer: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_open")
declare function pathOpen(
  folder: u32, lookup: u32, path: usize, length: usize, how: u32, rights: u64, inheriting: u64, flags: u32, opened: usize,
): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_read")
declare function fdRead(fd: u32, vectors: usize, count: u32, read: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_write")
declare function fdWrite(fd: u32, vectors: usize, count: u32, written: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_readdir")
declare function fdReaddir(fd: u32, buffer: usize, length: usize, cookie: u64, used: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_close")
declare function fdClose(fd: u32): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_filestat_get")
declare function pathFilestatGet(folder: u32, lookup: u32, path: usize, length: usize, stat: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_readlink")
declare function pathReadlink(folder: u32, path: usize, length: usize, buffer: usize, room: usize, used: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_create_directory")
declare function pathCreateDirectory(folder: u32, path: usize, length: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_remove_directory")
declare function pathRemoveDirectory(folder: u32, path: usize, length: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_unlink_file")
declare function pathUnlinkFile(folder: u32, path: usize, length: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_symlink")
declare function pathSymlink(text: usize, textLength: usize, folder: u32, path: usize, length: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "proc_exit")
declare function procExit(code: u32): void;

/** The current directory is the first one that is preopened. */
const HERE: u32 = 3;
const READ: u64 = 0x4002;
const WRITE: u64 = 0x40;
const ALL: u64 = 0x0fffffff;
const CREATE_NEW: u32 = 5;
const DIRECTORY: u32 = 2;
enum Kind { Directory = 3, File = 4, Link = 7 }

/** Ends the program where the host refuses. */
function check(path: string, errno: u32): void {
  if (errno == 0) return;
  print(`${path}: error ${errno}`);
  procExit(1);
}

/** Bytes of a text, whose address and length the host wants. */
class Bytes {
  readonly buffer: ArrayBuffer;
  constructor(text: string) {
    this.buffer = String.UTF8.encode(text);
  }
  get at(): usize {
    return changetype<usize>(this.buffer);
  }
  get length(): usize {
    return this.buffer.byteLength;
  }
}

function open(path: string, how: u32, rights: u64): u32 {
  const name = new Bytes(path);
  const cell = memory.data(4);
  check(path, pathOpen(HERE, 0, name.at, name.length, how, rights, ALL, 0, cell));
  return load<u32>(cell);
}

class Stat {
  constructor(readonly kind: u8, readonly size: u64) {}
}

function stat(path: string): Stat {
  const name = new Bytes(path);
  const cell = memory.data(64, 8);
  check(path, pathFilestatGet(HERE, 0, name.at, name.length, cell));
  return new Stat(load<u8>(cell + 16), load<u64>(cell + 32));
}

function readLink(path: string): string {
  const name = new Bytes(path);
  const text = new ArrayBuffer(1024);
  const used = memory.data(4);
  check(path, pathReadlink(HERE, name.at, name.length, changetype<usize>(text), 1024, used));
  return String.UTF8.decode(text.slice(0, load<u32>(used)));
}

/** One `fd_read` or `fd_write`. Returns the bytes that it moved. */
function move(path: string, fd: u32, writes: bool, at: usize, length: usize): u32 {
  const vector = memory.data(8, 4);
  const moved = memory.data(4);
  store<u32>(vector, <u32>at);
  store<u32>(vector, <u32>length, 4);
  check(path, writes ? fdWrite(fd, vector, 1, moved) : fdRead(fd, vector, 1, moved));
  return load<u32>(moved);
}

function read(path: string): ArrayBuffer {
  const size = stat(path).size;
  const fd = open(path, 0, READ);
  const content = new ArrayBuffer(<i32>size);
  let done: usize = 0;
  while (done < <usize>size) {
    const moved = move(path, fd, false, changetype<usize>(content) + done, <usize>size - done);
    if (moved == 0) break;
    done += moved;
  }
  fdClose(fd);
  return content;
}

function write(path: string, content: ArrayBuffer): void {
  const fd = open(path, CREATE_NEW, WRITE);
  let done: usize = 0;
  while (done < <usize>content.byteLength) {
    done += move(path, fd, true, changetype<usize>(content) + done, content.byteLength - done);
  }
  fdClose(fd);
}

/** The names in a directory, in order. */
function names(path: string): string[] {
  const fd = open(path, DIRECTORY, READ);
  const buffer = new ArrayBuffer(500);
  const start = changetype<usize>(buffer);
  const cell = memory.data(4);
  const found: string[] = [];
  let cookie: u64 = 0;
  while (true) {
    check(path, fdReaddir(fd, start, 500, cookie, cell));
    const used = <usize>load<u32>(cell);
    let at: usize = 0;
    while (at + 24 <= used) {
      const length = <usize>load<u32>(start + at, 16);
      if (at + 24 + length > used) break;
      cookie = load<u64>(start + at);
      const name = String.UTF8.decodeUnsafe(start + at + 24, length);
      if (name != "." && name != "..") found.push(name);
      at += 24 + length;
    }
    if (used < 500) break;
  }
  fdClose(fd);
  return found.sort();
}

function list(path: string): void {
  const found = stat(path);
  const kind = found.kind;
  if (kind == Kind.Directory) {
    print(`directory ${path}`);
    const entries = names(path);
    for (let i = 0; i < entries.length; i++) list(`${path}/${entries[i]}`);
  } else if (kind == Kind.Link) {
    print(`link ${path} -> ${readLink(path)}`);
  } else {
    print(`file ${path} ${found.size}`);
  }
}

function search(text: string, path: string): void {
  const kind = stat(path).kind;
  if (kind == Kind.Directory) {
    const entries = names(path);
    for (let i = 0; i < entries.length; i++) search(text, `${path}/${entries[i]}`);
  } else if (kind == Kind.File) {
    const lines = String.UTF8.decode(read(path)).split("\n");
    for (let i = 0; i < lines.length; i++) if (lines[i].includes(text)) print(`${path}:${i + 1}:${lines[i]}`);
  }
}

function copy(from: string, to: string): void {
  const kind = stat(from).kind;
  const name = new Bytes(to);
  if (kind == Kind.Directory) {
    check(to, pathCreateDirectory(HERE, name.at, name.length));
    const entries = names(from);
    for (let i = 0; i < entries.length; i++) copy(`${from}/${entries[i]}`, `${to}/${entries[i]}`);
  } else if (kind == Kind.Link) {
    const text = new Bytes(readLink(from));
    check(to, pathSymlink(text.at, text.length, HERE, name.at, name.length));
  } else {
    write(to, read(from));
  }
}

function remove(path: string): void {
  const kind = stat(path).kind;
  const name = new Bytes(path);
  if (kind == Kind.Directory) {
    const entries = names(path);
    for (let i = 0; i < entries.length; i++) remove(`${path}/${entries[i]}`);
    check(path, pathRemoveDirectory(HERE, name.at, name.length));
  } else {
    check(path, pathUnlinkFile(HERE, name.at, name.length));
  }
}

function programArguments(): string[] {
  const sizes = memory.data(8, 4);
  argsSizesGet(sizes, sizes + 4);
  const count = load<u32>(sizes);
  const pointers = new StaticArray<u32>(count);
  const texts = new ArrayBuffer(load<u32>(sizes, 4));
  argsGet(changetype<usize>(pointers), changetype<usize>(texts));
  const found: string[] = [];
  for (let i = 1; i < <i32>count; i++) {
    let end: usize = pointers[i];
    while (load<u8>(end) != 0) end++;
    found.push(String.UTF8.decodeUnsafe(pointers[i], end - pointers[i]));
  }
  return found;
}

export function _start(): void {
  const given = programArguments();
  const tool = given.length > 0 ? given[0] : "";
  if (tool == "ls" && given.length == 2) {
    list(given[1]);
  } else if (tool == "grep" && given.length == 3) {
    search(given[1], given[2]);
  } else if (tool == "cp" && given.length == 3) {
    copy(given[1], given[2]);
  } else if (tool == "rm" && given.length == 2) {
    remove(given[1]);
  } else {
    print("file_tools ls FOLDER          lists a tree");
    print("           grep TEXT FOLDER   prints the lines of a tree that contain a text");
    print("           cp FROM TO         copies a file, a link, or a tree");
    print("           rm PATH            removes a tree");
  }
}
