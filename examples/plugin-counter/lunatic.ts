// The part of Lunatic's host API that the example needs, in AssemblyScript.
//
// Host functions are imports of the program. Those of `lunatic::message` work on one message of each process: build
// it with `create_data` and `write_data`, and `send` takes it away; `receive` puts one there, and `read_data`
// reads on from where the last read ended.

// @ts-ignore: decorator
@external("lunatic::message", "create_data")
declare function createData(tag: i64, capacity: u64): void;
// @ts-ignore: decorator
@external("lunatic::message", "write_data")
declare function writeData(data: usize, length: u32): u32;
// @ts-ignore: decorator
@external("lunatic::message", "read_data")
declare function readData(data: usize, length: u32): u32;
// @ts-ignore: decorator
@external("lunatic::message", "send")
declare function sendMessage(process: u64): u32;
// @ts-ignore: decorator
@external("lunatic::message", "receive")
declare function receiveMessage(tags: usize, count: u32, timeout: u64): u32;
// @ts-ignore: decorator
@external("lunatic::process", "spawn")
declare function spawnProcess(
  link: i64, config: i64, module: i64, name: usize, nameLength: u32, parameters: usize, length: u32, id: usize,
): u32;
// @ts-ignore: decorator
@external("lunatic::process", "die_when_link_dies")
declare function dieWhenLinkDies(die: u32): void;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_write")
declare function fdWrite(fd: u32, vectors: usize, count: u32, written: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "proc_exit")
declare function procExit(code: u32): void;

/** Returns the tag of the received message, which for a link death is the tag of the link. */
// @ts-ignore: decorator
@external("lunatic::message", "get_tag")
export declare function tag(): i64;

/** Returns the id of this process. */
// @ts-ignore: decorator
@external("lunatic::process", "process_id")
export declare function self(): u64;

/** Waits. Other processes run meanwhile. */
// @ts-ignore: decorator
@external("lunatic::process", "sleep_ms")
export declare function sleep(milliseconds: u64): void;

/** `receive` returns this when a linked process has failed. */
export const LINK_DIED: u32 = 1;

/** Waits for the next message. Returns 0 if it carries data, and `LINK_DIED` if it reports a death. */
export function receive(): u32 {
  return receiveMessage(0, 0, u64.MAX_VALUE);
}

/** Returns the next number in the received message. */
export function number(): i64 {
  store<i64>(cell, 0);
  readData(cell, 8);
  return load<i64>(cell);
}

/** Sends some numbers to a process. It never waits, and does not fail when the process is gone. */
export function sendNumbers(to: u64, tag: i64, numbers: i64[]): void {
  createData(tag, 8 * numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    store<i64>(cell, numbers[i]);
    writeData(cell, 8);
  }
  sendMessage(to);
}

/** The function at which a process begins. It gets one number. */
export type Entry = (argument: i64) => void;

/** The export at which each process begins. A function has the same index in all of them. */
export function runProcess(entry: u32, argument: i64): void {
  call_indirect<void>(entry, argument);
}

/** Starts a process that is linked to this one under the tag, and returns its id. */
export function spawn(entry: Entry, argument: i64, linkTag: i64): u64 {
  // Parameters of `runProcess`, in records of 17 bytes: a type, then the value in 16 bytes, low byte first.
  memory.fill(records, 0, 34);
  store<u8>(records, 0x7f); // i32
  store<u32>(records, entry.index, 1);
  store<u8>(records, 0x7e, 17); // i64
  store<i64>(records, argument, 18);
  const name = String.UTF8.encode("runProcess");
  // -1, -1: with the same permissions as this process, and from the same module.
  const code = spawnProcess(linkTag, -1, -1, changetype<usize>(name), name.byteLength, records, 34, cell);
  assert(code == 0, "the process could not be started");
  return load<u64>(cell);
}

/** From now on, failures of linked processes are messages and no longer end this one. */
export function catchLinkDeaths(): void {
  dieWhenLinkDies(0);
}

/** Writes a line to standard output. */
export function print(line: string): void {
  write(1, line + "\n");
}

/**
 * Replaces the `abort` of AssemblyScript, which `throw` and `assert` call: it writes the reason to standard error
 * and ends the process with a failure.
 */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const where = (file ? file : "?") + `(${line}:${column})`;
  write(2, "abort: " + (message ? message : "") + " in " + where + "\n");
  procExit(1);
}

function write(fd: u32, value: string): void {
  const bytes = String.UTF8.encode(value);
  store<u32>(cell, changetype<usize>(bytes));
  store<u32>(cell, bytes.byteLength, 4);
  fdWrite(fd, cell, 1, cell + 8);
}

// Memory that the host reads and writes, out of reach of the garbage collector.
const cell: usize = memory.data(16, 8);
const records: usize = memory.data(34, 8);
