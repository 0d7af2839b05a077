// The Lunatic host API for AssemblyScript: declarations of the host functions that the guests here use, and
// short functions on top of them.
//
// A program exports `_start`, where its first process begins, and `runProcess`, where all others begin:
//
//     export { runProcess } from "./lunatic";
//
// Top-level code is no main program: it runs in every process, before the process begins.

// --- what the host offers -------------------------------------------------------------------------------------

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
@external("lunatic::message", "data_size")
declare function dataSize(): u64;
// @ts-ignore: decorator
@external("lunatic::message", "send")
declare function sendMessage(process: u64): u32;
// @ts-ignore: decorator
@external("lunatic::message", "send_receive_skip_search")
declare function sendReceive(process: u64, tag: i64, timeout: u64): u32;
// @ts-ignore: decorator
@external("lunatic::message", "receive")
declare function receiveMessage(tags: usize, count: u32, timeout: u64): u32;
// @ts-ignore: decorator
@external("lunatic::timer", "send_after")
declare function sendMessageAfter(process: u64, delay: u64): u64;
// @ts-ignore: decorator
@external("lunatic::timer", "cancel_timer")
declare function cancelTimerById(timer: u64): u32;
// @ts-ignore: decorator
@external("lunatic::process", "spawn")
declare function spawnProcess(
  link: i64, config: i64, module: i64, name: usize, nameLength: u32, parameters: usize, length: u32, id: usize,
): u32;
// @ts-ignore: decorator
@external("lunatic::process", "compile_module")
declare function compileBytes(data: usize, length: u32, id: usize): i32;
// @ts-ignore: decorator
@external("lunatic::process", "exists")
declare function processExists(process: u64): i32;
// @ts-ignore: decorator
@external("lunatic::process", "die_when_link_dies")
declare function dieWhenLinkDies(die: u32): void;
// @ts-ignore: decorator
@external("lunatic::registry", "put")
declare function registryPut(name: usize, length: u32, node: u64, process: u64): void;
// @ts-ignore: decorator
@external("lunatic::registry", "get")
declare function registryGet(name: usize, length: u32, node: usize, process: usize): u32;
// @ts-ignore: decorator
@external("lunatic::registry", "remove")
declare function registryRemove(name: usize, length: u32): void;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_write")
declare function fdWrite(fd: u32, vectors: usize, count: u32, written: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "proc_exit")
declare function procExit(code: u32): void;

// @ts-ignore: decorator
@external("lunatic::test", "set_name")
declare function testSetName(name: usize, length: u32): void;
// @ts-ignore: decorator
@external("lunatic::test", "should_trap")
declare function testShouldTrap(message: usize, length: u32): void;
// @ts-ignore: decorator
@external("lunatic::test", "fail")
declare function testFail(message: usize, length: u32): void;
// @ts-ignore: decorator
@external("lunatic::test", "fail_comparison")
declare function testFailComparison(
  message: usize, messageLength: u32, expected: usize, expectedLength: u32, actual: usize, actualLength: u32,
): void;

/** The tag of the received message; of a link death, the tag of the link. */
// @ts-ignore: decorator
@external("lunatic::message", "get_tag")
export declare function tag(): i64;

/** Who died, after `receive` answered `PROCESS_DIED`. */
// @ts-ignore: decorator
@external("lunatic::message", "get_process_id")
export declare function diedProcess(): u64;

/** Puts a module into the message that is being built, and answers its place there. */
// @ts-ignore: decorator
@external("lunatic::message", "push_module")
export declare function pushModule(module: u64): u64;

/** Takes a module out of the received message. */
// @ts-ignore: decorator
@external("lunatic::message", "take_module")
export declare function takeModule(place: u64): u64;

/** The id of this process. */
// @ts-ignore: decorator
@external("lunatic::process", "process_id")
export declare function self(): u64;

/** Waits. */
// @ts-ignore: decorator
@external("lunatic::process", "sleep_ms")
export declare function sleep(milliseconds: u64): void;

/** Ends a process, from outside. */
// @ts-ignore: decorator
@external("lunatic::process", "kill")
export declare function kill(process: u64): void;

/** Links this process to another one: when one of them fails, the other learns of it under the tag. */
// @ts-ignore: decorator
@external("lunatic::process", "link")
export declare function link(tag: i64, process: u64): void;

/** Takes a link away. */
// @ts-ignore: decorator
@external("lunatic::process", "unlink")
export declare function unlink(process: u64): void;

/** Asks for a `PROCESS_DIED` when the process ends, however it does. */
// @ts-ignore: decorator
@external("lunatic::process", "monitor")
export declare function monitor(process: u64): void;

// --- receiving ------------------------------------------------------------------------------------------------

/** `receive` found a message with data. */
export const DATA: u32 = 0;
/** `receive` found that a linked process failed. */
export const LINK_DIED: u32 = 1;
/** `receive` found that a monitored process ended. */
export const PROCESS_DIED: u32 = 2;
/** `receive` waited long enough. */
export const TIMEOUT: u32 = 9027;

/** A timeout that never comes. */
export const FOREVER: u64 = u64.MAX_VALUE;

/** Waits for the next message of any kind. */
export function receive(timeout: u64 = FOREVER): u32 {
  return receiveMessage(0, 0, timeout);
}

/** Waits for a message, or a link death, with one of the tags. Others stay in the mailbox, in their order. */
export function receiveTagged(tags: StaticArray<i64>, timeout: u64 = FOREVER): u32 {
  return receiveMessage(changetype<usize>(tags), tags.length, timeout);
}

/** The rest of the received message as a number. */
export function number(): i64 {
  store<i64>(cell, 0);
  readData(cell, 8);
  return load<i64>(cell);
}

/** The rest of the received message as a text. */
export function text(): string {
  const buffer = new ArrayBuffer(<i32>dataSize());
  const length = readData(changetype<usize>(buffer), buffer.byteLength);
  return String.UTF8.decodeUnsafe(changetype<usize>(buffer), length);
}

// --- sending --------------------------------------------------------------------------------------------------

/** Begins a message without sending it; a tag of 0 is no tag. */
export function newMessage(tag: i64 = 0): void {
  createData(tag, 0);
}

/** Sends the message that was begun with `newMessage`. */
export function sendIt(to: u64): void {
  sendMessage(to);
}

/** Appends a number to the message. */
export function writeNumber(value: i64): void {
  store<i64>(cell, value);
  writeData(cell, 8);
}

/** Sends a number. */
export function sendNumber(to: u64, value: i64, tag: i64 = 0): void {
  createData(tag, 8);
  writeNumber(value);
  sendMessage(to);
}

/** Sends a text. */
export function sendText(to: u64, value: string, tag: i64 = 0): void {
  const bytes = String.UTF8.encode(value);
  createData(tag, bytes.byteLength);
  writeData(changetype<usize>(bytes), bytes.byteLength);
  sendMessage(to);
}

/** Sends a number later, and answers the timer's id. */
export function sendNumberAfter(to: u64, value: i64, delay: u64, tag: i64 = 0): u64 {
  createData(tag, 8);
  writeNumber(value);
  return sendMessageAfter(to, delay);
}

/** Stops a timer; false when it was stopped or has fired before. */
export function cancelTimer(timer: u64): bool {
  return cancelTimerById(timer) != 0;
}

/**
 * Sends the message that was begun with `newMessage` and waits for an answer with the tag among the messages
 * that come from now on. Answers `DATA` or `TIMEOUT`.
 */
export function request(to: u64, answerTag: i64, timeout: u64 = FOREVER): u32 {
  return sendReceive(to, answerTag, timeout);
}

// --- processes ------------------------------------------------------------------------------------------------

/** Where a process begins: a function with one number, of which the program makes what it likes. */
export type Entry = (argument: i64) => void;

/** The export at which every spawned process begins. Functions have the same index in all of them. */
export function runProcess(entry: u32, argument: i64): void {
  call_indirect<void>(entry, argument);
}

/** Starts a process. With a link tag other than 0 it is linked to this one. */
export function spawn(entry: Entry, argument: i64 = 0, linkTag: i64 = 0): u64 {
  // Parameters travel in records of 17 bytes: a type, then the value in 16 bytes, low byte first.
  memory.fill(records, 0, 34);
  store<u8>(records, 0x7f); // i32
  store<u32>(records, entry.index, 1);
  store<u8>(records, 0x7e, 17); // i64
  store<i64>(records, argument, 18);
  const name = String.UTF8.encode("runProcess");
  const code = spawnProcess(
    linkTag, -1, -1, changetype<usize>(name), name.byteLength, records, 34, cell,
  );
  assert(code == 0, "the process could not be started");
  return load<u64>(cell);
}

/** Starts a process at an export of another module that takes no parameters. */
export function spawnFrom(module: u64, name: string, linkTag: i64 = 0): u64 {
  const bytes = String.UTF8.encode(name);
  const code = spawnProcess(
    linkTag, -1, module, changetype<usize>(bytes), bytes.byteLength, records, 0, cell,
  );
  assert(code == 0, "the process could not be started");
  return load<u64>(cell);
}

/** Compiles a module from bytes. Answers -1 when they are no module that can be linked. */
export function compile(data: usize, length: u32): i64 {
  return compileBytes(data, length, cell) == 0 ? load<i64>(cell) : -1;
}

/** True while the process lives. */
export function exists(process: u64): bool {
  return processExists(process) != 0;
}

/** From now on, failures of linked processes are messages and no longer end this one. */
export function catchLinkDeaths(): void {
  dieWhenLinkDies(0);
}

/** Gives a process a name that all processes see. */
export function register(name: string, process: u64): void {
  const bytes = String.UTF8.encode(name);
  registryPut(changetype<usize>(bytes), bytes.byteLength, 0, process);
}

/** The process of that name, or 0. Names outlive their processes. */
export function whereIs(name: string): u64 {
  const bytes = String.UTF8.encode(name);
  return registryGet(changetype<usize>(bytes), bytes.byteLength, records, cell) == 0 ? load<u64>(cell) : 0;
}

/** Takes a name away. */
export function unregister(name: string): void {
  const bytes = String.UTF8.encode(name);
  registryRemove(changetype<usize>(bytes), bytes.byteLength);
}

// --- tests ----------------------------------------------------------------------------------------------------
// Of the test that this process belongs to. Outside of `lunatic test` these do nothing.

/** Names the test, for people. */
export function setTestName(name: string): void {
  const bytes = String.UTF8.encode(name);
  testSetName(changetype<usize>(bytes), bytes.byteLength);
}

/** The test passes only if it fails, with a message that contains this. */
export function shouldTrap(message: string = ""): void {
  const bytes = String.UTF8.encode(message);
  testShouldTrap(changetype<usize>(bytes), bytes.byteLength);
}

/** The test has failed, and goes on. */
export function fail(message: string): void {
  const bytes = String.UTF8.encode(message);
  testFail(changetype<usize>(bytes), bytes.byteLength);
}

/** The test has failed where the texts differ, and goes on. */
export function expectEqual(message: string, actual: string, expected: string): void {
  if (actual == expected) return;
  const texts = [String.UTF8.encode(message), String.UTF8.encode(expected), String.UTF8.encode(actual)];
  testFailComparison(
    changetype<usize>(texts[0]), texts[0].byteLength, changetype<usize>(texts[1]), texts[1].byteLength,
    changetype<usize>(texts[2]), texts[2].byteLength,
  );
}

// --- output ---------------------------------------------------------------------------------------------------

/** Writes a line to standard output. */
export function print(line: string): void {
  write(1, line + "\n");
}

/** Takes the place of AssemblyScript's own `abort`: writes why to standard error, and ends the process. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const where = (file ? file : "?") + "(" + line.toString() + ":" + column.toString() + ")";
  write(2, "abort: " + (message ? message : "") + " in " + where + "\n");
  procExit(1);
}

function write(fd: u32, value: string): void {
  const bytes = String.UTF8.encode(value);
  store<u32>(cell, changetype<usize>(bytes));
  store<u32>(cell, bytes.byteLength, 4);
  fdWrite(fd, cell, 1, cell + 8);
}

// Memory for results of host functions and for spawn parameters, outside the garbage collector's reach.
const cell: usize = memory.data(16, 8);
const records: usize = memory.data(34, 8);
