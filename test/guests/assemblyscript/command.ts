// `lunatic::command` for AssemblyScript: programs of the operating system. Upstream's runtime does not have it.
//
//     const cat = new Command("cat").connect(Stream.Input, Mode.Streamed).connect(Stream.Output, Mode.Streamed).start();
//     cat.write("hello\n");
//     print(cat.read(Stream.Output));

// @ts-ignore: decorator
@external("lunatic::command", "create")
declare function create(program: usize, length: u32, id: usize): u32;
// @ts-ignore: decorator
@external("lunatic::command", "drop_command")
declare function dropCommand(command: u64): void;
// @ts-ignore: decorator
@external("lunatic::command", "add_argument")
declare function addArgument(command: u64, argument: usize, length: u32): void;
// @ts-ignore: decorator
@external("lunatic::command", "add_environment_variable")
declare function addVariable(command: u64, key: usize, keyLength: u32, value: usize, valueLength: u32): void;
// @ts-ignore: decorator
@external("lunatic::command", "set_stream")
declare function setStream(command: u64, stream: u32, mode: u32): void;
// @ts-ignore: decorator
@external("lunatic::command", "spawn")
declare function spawnProgram(command: u64, id: usize): u32;
// @ts-ignore: decorator
@external("lunatic::command", "write")
declare function writeTo(program: u64, data: usize, length: u32, timeout: u64, out: usize): u32;
// @ts-ignore: decorator
@external("lunatic::command", "close_input")
declare function closeInput(program: u64): void;
// @ts-ignore: decorator
@external("lunatic::command", "read")
declare function readFrom(program: u64, stream: u32, buffer: usize, length: u32, timeout: u64, out: usize): u32;
// @ts-ignore: decorator
@external("lunatic::command", "wait")
declare function waitFor(program: u64, timeout: u64, status: usize): u32;
// @ts-ignore: decorator
@external("lunatic::command", "drop_program")
declare function dropProgram(program: u64): void;
// @ts-ignore: decorator
@external("lunatic::error", "string_size")
declare function errorSize(error: u64): u32;
// @ts-ignore: decorator
@external("lunatic::error", "to_string")
declare function errorToString(error: u64, text: usize): void;

export enum Stream { Input, Output, Error }
export enum Mode { Null, Inherited, Streamed, Captured }

const FOREVER = u64.MAX_VALUE;
const TIMEOUT: u32 = 9027;

/** What a call wrote: an id or a count, where it went well. */
function result(code: u32): u64 {
  const value = load<u64>(cell);
  if (code == 0) return value;
  const text = new ArrayBuffer(errorSize(value));
  errorToString(value, changetype<usize>(text));
  throw new Error(String.UTF8.decode(text));
}

/** What to run, and how. */
export class Command {
  private id: u64;

  constructor(program: string) {
    const name = String.UTF8.encode(program);
    this.id = result(create(changetype<usize>(name), name.byteLength, cell));
  }

  argument(text: string): this {
    const bytes = String.UTF8.encode(text);
    addArgument(this.id, changetype<usize>(bytes), bytes.byteLength);
    return this;
  }

  variable(key: string, value: string): this {
    const name = String.UTF8.encode(key);
    const bytes = String.UTF8.encode(value);
    addVariable(this.id, changetype<usize>(name), name.byteLength, changetype<usize>(bytes), bytes.byteLength);
    return this;
  }

  connect(stream: Stream, mode: Mode): this {
    setStream(this.id, stream, mode);
    return this;
  }

  /** Starts the program. The command is used up. */
  start(): Program {
    const program = new Program(result(spawnProgram(this.id, cell)));
    dropCommand(this.id);
    return program;
  }
}

/** A program that was started. */
export class Program {
  constructor(private id: u64) {}

  /** Writes to its standard input, and waits while it does not read. */
  write(text: string): void {
    const bytes = String.UTF8.encode(text);
    let done = 0;
    while (done < bytes.byteLength) {
      done += <i32>result(writeTo(this.id, changetype<usize>(bytes) + done, bytes.byteLength - done, FOREVER, cell));
    }
  }

  closeInput(): void {
    closeInput(this.id);
  }

  /** What it has printed since, after waiting for something; empty at the end. */
  read(stream: Stream): string {
    const buffer = new ArrayBuffer(4096);
    const count = result(readFrom(this.id, stream, changetype<usize>(buffer), buffer.byteLength, FOREVER, cell));
    return String.UTF8.decode(buffer.slice(0, <i32>count));
  }

  /** Its exit code, or the signal that ended it, negative; -1000 if it still runs after so many milliseconds. */
  wait(milliseconds: u64 = FOREVER): i32 {
    const code = waitFor(this.id, milliseconds, cell);
    if (code == TIMEOUT) return -1000;
    result(code);
    const signal = load<i32>(cell, 4);
    return signal == 0 ? load<i32>(cell) : -signal;
  }

  /** Kills it if it still runs. */
  drop(): void {
    dropProgram(this.id);
  }
}

// Memory for the host to write, out of the garbage collector's reach.
const cell: usize = memory.data(8, 8);
