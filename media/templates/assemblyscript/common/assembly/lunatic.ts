// Lunatic for AssemblyScript: processes, messages, links, supervisors, names and TCP.
//
// A process is an instance of this module with a memory of its own. Processes share nothing: what they tell each other they
// copy into messages. Only ids of processes mean the same everywhere.
//
// The entry of a program exports `runProcess`, at which its processes begin:
//
//     export { runProcess } from "./lunatic";

// ---- Host functions ---------------------------------------------------------------------------------------------------

// @ts-ignore: decorator
@external("lunatic::error", "string_size")
declare function errorSize(error: u64): u32;
// @ts-ignore: decorator
@external("lunatic::error", "to_string")
declare function errorText(error: u64, text: usize): void;
// @ts-ignore: decorator
@external("lunatic::message", "create_data")
declare function createData(tag: i64, capacity: u64): void;
// @ts-ignore: decorator
@external("lunatic::message", "write_data")
declare function writeData(data: usize, size: u32): u32;
// @ts-ignore: decorator
@external("lunatic::message", "read_data")
declare function readData(data: usize, size: u32): u32;
// @ts-ignore: decorator
@external("lunatic::message", "data_size")
declare function dataSize(): u64;
// @ts-ignore: decorator
@external("lunatic::message", "get_tag")
declare function getTag(): i64;
// @ts-ignore: decorator
@external("lunatic::message", "get_process_id")
declare function getProcessId(): u64;
// @ts-ignore: decorator
@external("lunatic::message", "send")
declare function sendMessage(process: u64): u32;
// @ts-ignore: decorator
@external("lunatic::message", "receive")
declare function receiveMessage(tags: usize, count: u32, timeout: u64): u32;
// @ts-ignore: decorator
@external("lunatic::message", "push_tcp_stream")
declare function pushTcpStream(stream: u64): u64;
// @ts-ignore: decorator
@external("lunatic::message", "take_tcp_stream")
declare function takeTcpStream(index: u64): u64;
// @ts-ignore: decorator
@external("lunatic::process", "spawn")
declare function spawnProcess(
  link: i64, config: i64, module: i64, name: usize, nameSize: u32, parameters: usize, size: u32, id: usize,
): u32;
// @ts-ignore: decorator
@external("lunatic::process", "process_id")
declare function processId(): u64;
// @ts-ignore: decorator
@external("lunatic::process", "exists")
declare function processExists(process: u64): i32;
// @ts-ignore: decorator
@external("lunatic::process", "die_when_link_dies")
declare function dieWhenLinkDies(die: u32): void;
// @ts-ignore: decorator
@external("lunatic::process", "link")
declare function linkProcess(tag: i64, process: u64): void;
// @ts-ignore: decorator
@external("lunatic::process", "unlink")
declare function unlinkProcess(process: u64): void;
// @ts-ignore: decorator
@external("lunatic::process", "monitor")
declare function monitorProcess(process: u64): void;
// @ts-ignore: decorator
@external("lunatic::process", "kill")
declare function killProcess(process: u64): void;
// @ts-ignore: decorator
@external("lunatic::registry", "put")
declare function putName(name: usize, size: u32, node: u64, process: u64): void;
// @ts-ignore: decorator
@external("lunatic::registry", "get")
declare function getName(name: usize, size: u32, node: usize, process: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "tcp_bind")
declare function tcpBind(type: u32, address: usize, port: u32, flow: u32, scope: u32, id: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "tcp_local_addr")
declare function tcpLocalAddress(listener: u64, id: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "resolve_next")
declare function resolveNext(addresses: u64, type: usize, address: usize, port: usize, flow: usize, scope: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "drop_dns_iterator")
declare function dropAddresses(addresses: u64): void;
// @ts-ignore: decorator
@external("lunatic::networking", "tcp_accept")
declare function tcpAccept(listener: u64, stream: usize, peer: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "tcp_read")
declare function tcpRead(stream: u64, data: usize, size: u32, count: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "tcp_write_vectored")
declare function tcpWrite(stream: u64, buffers: usize, count: u32, written: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "clone_tcp_stream")
declare function cloneTcpStream(stream: u64): u64;
// @ts-ignore: decorator
@external("lunatic::networking", "drop_tcp_stream")
declare function dropTcpStream(stream: u64): void;
// @ts-ignore: decorator
@external("lunatic::test", "fail")
declare function failTest(message: usize, size: u32): void;
// @ts-ignore: decorator
@external("lunatic::test", "fail_comparison")
declare function failComparison(
  message: usize, size: u32, expected: usize, expectedSize: u32, actual: usize, actualSize: u32,
): void;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "args_sizes_get")
declare function argsSizesGet(count: usize, size: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "args_get")
declare function argsGet(pointers: usize, texts: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_write")
declare function fdWrite(fd: u32, buffers: usize, count: u32, written: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "proc_exit")
declare function procExit(code: u32): void;

// Memory that the host reads and writes, out of reach of the garbage collector.
const cell: usize = memory.data(48, 8);
const parameters: usize = memory.data(34, 8);

// ---- Processes --------------------------------------------------------------------------------------------------------

/** A function at which a process begins. The process ends normally when it returns. */
export type Entry = (argument: u64) => void;

/** The export at which each process begins. A function has the same place in the table of each process. */
export function runProcess(entry: u32, argument: u64): void {
  call_indirect<void>(entry, argument);
}

/** Another process, or this one. */
export class Process {
  constructor(readonly id: u64) {}

  /** This process. */
  static self(): Process {
    return new Process(processId());
  }

  /** Starts a process. Nobody is told if it fails. */
  static spawn(entry: Entry, argument: u64 = 0): Process {
    return Process.spawnLink(entry, argument, 0);
  }

  /**
   * Starts a process that is linked to this one: if one of them fails, so does the other. The tag says which link it is if
   * this process catches failures (see `catchFailures`); 0 makes no link.
   */
  static spawnLink(entry: Entry, argument: u64 = 0, tag: i64 = 1): Process {
    // Parameters are records of 17 bytes: the type (7F for i32, 7E for i64), then the value in 16, the low byte first.
    memory.fill(parameters, 0, 34);
    store<u8>(parameters, 0x7f);
    store<u32>(parameters, <u32>entry.index, 1);
    store<u8>(parameters, 0x7e, 17);
    store<u64>(parameters, argument, 18);
    const name = String.UTF8.encode("runProcess");
    const code = spawnProcess(tag, -1, -1, changetype<usize>(name), name.byteLength, parameters, 34, cell);
    if (code != 0) fail("a process could not be started", load<u64>(cell));
    return new Process(load<u64>(cell));
  }

  /** The process with a name, or null if none has it. The process may have ended: a name stays. */
  static lookup(name: string): Process | null {
    const text = String.UTF8.encode(name);
    if (getName(changetype<usize>(text), text.byteLength, cell, cell + 8) != 0) return null;
    return new Process(load<u64>(cell, 8));
  }

  /** Gives the process a name. If another one has it, the name changes hands. */
  register(name: string): void {
    const text = String.UTF8.encode(name);
    putName(changetype<usize>(text), text.byteLength, 0, this.id);
  }

  /** Sends a message. Never waits; a message to a process that has ended is lost. */
  send(message: Message): void {
    message.sendTo(this);
  }

  get isAlive(): bool {
    return processExists(this.id) != 0;
  }

  /** Links this process and the other one, under a tag. */
  link(tag: i64): void {
    linkProcess(tag, this.id);
  }

  unlink(): void {
    unlinkProcess(this.id);
  }

  /** Asks for a message of the kind `Kind.ProcessDied` when the process ends, however it ends. */
  monitor(): void {
    monitorProcess(this.id);
  }

  kill(): void {
    killProcess(this.id);
  }
}

/** From now on, the failure of a linked process is a message (`Kind.LinkDied`) and no longer ends this one. */
export function catchFailures(): void {
  dieWhenLinkDies(0);
}

/** Waits. Other processes run meanwhile. */
// @ts-ignore: decorator
@external("lunatic::process", "sleep_ms")
export declare function sleep(milliseconds: u64): void;

// ---- Messages ---------------------------------------------------------------------------------------------------------

export enum Kind {
  /** A message with data. */
  Data = 0,
  /** A linked process has failed; the tag is that of the link. */
  LinkDied = 1,
  /** A process that this one monitors has ended. */
  ProcessDied = 2,
  /** Nothing has come in time. */
  TimedOut = 9027,
}

export const FOREVER: u64 = u64.MAX_VALUE;

/** A message: its values are read in the order in which they were written. */
export class Message {
  kind: Kind = Kind.Data;
  /** The process that has ended, if the kind is `ProcessDied`. */
  process: Process | null = null;
  private bytes: Array<u8> = [];
  private place: i32 = 0;
  private streams: Array<TcpStream> = [];

  /** @param tag what the message is about; 0 for none */
  constructor(public tag: i64 = 0) {}

  write(value: u64): Message {
    for (let i = 0; i < 8; i++) this.bytes.push(<u8>(value >> (8 * i)));
    return this;
  }

  writeText(value: string): Message {
    const text = Uint8Array.wrap(String.UTF8.encode(value));
    this.write(text.length);
    for (let i = 0; i < text.length; i++) this.bytes.push(text[i]);
    return this;
  }

  /** Puts a connection into the message. After that has been sent, this process does not have it any more. */
  writeStream(value: TcpStream): Message {
    this.write(this.streams.length);
    this.streams.push(value);
    return this;
  }

  read(): u64 {
    let value: u64 = 0;
    for (let i = 0; i < 8; i++) value |= <u64>this.bytes[this.place++] << (8 * i);
    return value;
  }

  readText(): string {
    const length = <i32>this.read();
    const text = new Uint8Array(length);
    for (let i = 0; i < length; i++) text[i] = this.bytes[this.place++];
    return String.UTF8.decode(text.buffer);
  }

  /** Takes a connection out. This must happen before the next message is received or sent. */
  readStream(): TcpStream {
    return new TcpStream(takeTcpStream(this.read()));
  }

  sendTo(process: Process): void {
    createData(this.tag, this.bytes.length);
    writeData(this.bytes.dataStart, this.bytes.length);
    for (let i = 0; i < this.streams.length; i++) pushTcpStream(this.streams[i].id);
    sendMessage(process.id);
  }

  /** What the host has received. */
  static received(kind: Kind): Message {
    const message = new Message(kind == Kind.TimedOut ? 0 : getTag());
    message.kind = kind;
    if (kind == Kind.ProcessDied) message.process = new Process(getProcessId());
    if (kind == Kind.Data) {
      message.bytes = new Array<u8>(<i32>dataSize());
      readData(message.bytes.dataStart, message.bytes.length);
    }
    return message;
  }
}

/** Waits for the next message, at most for some milliseconds. */
export function receive(timeout: u64 = FOREVER): Message {
  return Message.received(receiveMessage(0, 0, timeout));
}

/** Waits for the next message with this tag, and leaves all others in the mailbox. */
export function receiveTag(tag: i64, timeout: u64 = FOREVER): Message {
  store<i64>(cell, tag);
  return Message.received(receiveMessage(cell, 1, timeout));
}

// ---- Supervisors ------------------------------------------------------------------------------------------------------

/** A process that a supervisor starts, and starts again when it has failed. Others find it under its name. */
export class Child {
  constructor(readonly name: string, readonly entry: Entry, readonly argument: u64 = 0) {}

  start(tag: i64): void {
    Process.spawnLink(this.entry, this.argument, tag).register(this.name);
  }
}

/**
 * A supervisor's life: starts the children in order and keeps them alive. One that ends normally stays ended. If more than
 * `most` fail within some milliseconds, the supervisor gives up and fails itself, and whoever supervises it decides.
 */
export function supervise(children: Child[], most: i32 = 5, milliseconds: u64 = 10000): void {
  catchFailures();
  for (let i = 0; i < children.length; i++) children[i].start(i + 1);
  let failures = 0;
  while (true) {
    // A time without a failure makes up for those before.
    const message = receive(failures == 0 ? FOREVER : milliseconds);
    if (message.kind == Kind.TimedOut) failures = 0;
    if (message.kind != Kind.LinkDied || message.tag < 1 || message.tag > children.length) continue;
    const child = children[<i32>message.tag - 1];
    if (++failures > most) throw new Error(`${child.name} has failed too often`);
    print(`supervisor: ${child.name} has failed and is started again`);
    child.start(message.tag);
  }
}

// ---- TCP --------------------------------------------------------------------------------------------------------------

/** Waits for connections at a port of this machine. */
export class TcpListener {
  private constructor(readonly id: u64) {}

  /** Listens at a port of 127.0.0.1. Port 0 takes any that is free. */
  static bind(port: u16): TcpListener {
    store<u32>(cell, 0x0100007f, 8);
    if (tcpBind(4, cell + 8, port, 0, 0, cell) != 0) fail("the port cannot be used", load<u64>(cell));
    return new TcpListener(load<u64>(cell));
  }

  get port(): u16 {
    if (tcpLocalAddress(this.id, cell) != 0) fail("the port is not known", load<u64>(cell));
    const addresses = load<u64>(cell);
    resolveNext(addresses, cell, cell + 8, cell + 24, cell + 32, cell + 40);
    dropAddresses(addresses);
    return load<u16>(cell, 24);
  }

  accept(): TcpStream {
    if (tcpAccept(this.id, cell, cell + 8) != 0) fail("no connection could be accepted", load<u64>(cell));
    dropAddresses(load<u64>(cell, 8));
    return new TcpStream(load<u64>(cell));
  }
}

/** A connection. It is closed when its last reference is closed, or the last process that has one ends. */
export class TcpStream {
  private unread: Array<u8> = [];

  constructor(readonly id: u64) {}

  /** Waits for the next line, and returns it without its end, or null if there is none any more. */
  readLine(): string | null {
    const block = new Uint8Array(512);
    while (true) {
      const end = this.unread.indexOf(10);
      if (end >= 0) {
        const line = new Uint8Array(end > 0 && this.unread[end - 1] == 13 ? end - 1 : end);
        for (let i = 0; i < line.length; i++) line[i] = this.unread[i];
        this.unread = this.unread.slice(end + 1);
        return String.UTF8.decode(line.buffer);
      }
      if (tcpRead(this.id, block.dataStart, block.length, cell) != 0) return null;
      const count = <i32>load<u64>(cell);
      if (count == 0) return null;
      for (let i = 0; i < count; i++) this.unread.push(block[i]);
    }
  }

  /** Writes all of a text. Returns false if the connection is broken. */
  write(text: string): bool {
    const bytes = String.UTF8.encode(text);
    let written = 0;
    while (written < bytes.byteLength) {
      store<u32>(cell, <u32>changetype<usize>(bytes) + written);
      store<u32>(cell, bytes.byteLength - written, 4);
      if (tcpWrite(this.id, cell, 1, cell + 8) != 0) return false;
      written += <i32>load<u64>(cell, 8);
    }
    return true;
  }

  /** Makes another reference to the connection: one process may read while another one writes. */
  clone(): TcpStream {
    return new TcpStream(cloneTcpStream(this.id));
  }

  close(): void {
    dropTcpStream(this.id);
  }
}

// ---- Tests ------------------------------------------------------------------------------------------------------------

/** Reports a failure of the running test if a condition does not hold. The test goes on. */
export function expect(condition: bool, what: string): void {
  if (condition) return;
  const text = String.UTF8.encode(what);
  failTest(changetype<usize>(text), text.byteLength);
}

/** Reports a failure of the running test if two values differ. The test goes on. */
export function expectEqual<T>(expected: T, actual: T, what: string): void {
  if (expected == actual) return;
  const text = String.UTF8.encode(what);
  const left = String.UTF8.encode(`${expected}`);
  const right = String.UTF8.encode(`${actual}`);
  failComparison(
    changetype<usize>(text), text.byteLength,
    changetype<usize>(left), left.byteLength,
    changetype<usize>(right), right.byteLength,
  );
}

// ---- The program ------------------------------------------------------------------------------------------------------

/** The arguments of the program, without its name. */
export function programArguments(): string[] {
  argsSizesGet(cell, cell + 4);
  const count = load<u32>(cell);
  const texts = new ArrayBuffer(load<u32>(cell, 4));
  const pointers = new StaticArray<u32>(count);
  argsGet(changetype<usize>(pointers), changetype<usize>(texts));
  const result: string[] = [];
  for (let i: u32 = 1; i < count; i++) {
    // Each ends with a zero.
    let end = <usize>pointers[i];
    while (load<u8>(end) != 0) end++;
    result.push(String.UTF8.decodeUnsafe(pointers[i], end - pointers[i]));
  }
  return result;
}

/** Writes a line to the standard output. */
export function print(line: string): void {
  writeTo(1, line + "\n");
}

/** What `throw` and a failed `assert` call: it writes the reason to the standard error and ends the process with a failure. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  writeTo(2, `abort: ${message ? message : ""} in ${file ? file : "?"}(${line}:${column})\n`);
  procExit(1);
}

function writeTo(fd: u32, text: string): void {
  const bytes = String.UTF8.encode(text);
  store<u32>(cell, <u32>changetype<usize>(bytes));
  store<u32>(cell, bytes.byteLength, 4);
  fdWrite(fd, cell, 1, cell + 8);
}

function fail(what: string, error: u64): void {
  const text = new ArrayBuffer(errorSize(error));
  errorText(error, changetype<usize>(text));
  throw new Error(`${what}: ${String.UTF8.decode(text)}`);
}
