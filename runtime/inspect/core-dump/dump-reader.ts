import { ByteReader, WasmFormatError } from '../../wasm/index.ts';
import type { MessageInfo } from '../protocol.ts';
import { CoreDumpError } from './core-dump-error.ts';
import type { DumpBytes } from './dump-bytes.ts';
import { DUMP_VERSION, type DumpedFrame, type DumpedProcess, DumpSection } from './dump-content.ts';
import { MAX_EMBEDDED, MAX_LOCALS, MAX_VALUES } from './dump-limits.ts';
import { readMessages, readProcess } from './dump-schema.ts';
import { type DumpedNumber, readGlobals, readLocal, signed64, skipValue, vector } from './dump-values.ts';

/** Bytes of a section that is read as a whole, and of all of them. */
const MAX_SECTION = 2 ** 26;
const MAX_READ = 2 ** 27;
const MAX_SECTIONS = 10_000;
/** Calls of all stacks, and what a memory may be made of. */
const MAX_FRAMES = 100_000;
/** Modules, instances, memories. */
const MAX_PARTS = 10_000;
/** Bytes of a name or a path. */
const MAX_NAME = 2 ** 19;
const MAX_SEGMENTS = 2 ** 18;
/** Pages of the largest memory that there can be. */
const MAX_PAGES = 2 ** 18;
const PAGE_SIZE = 2 ** 16;
/** Bytes in which the head of a data segment has room, and the name of a section. */
const HEAD = 64;

/** A part of a memory, and where it is in the file. */
export interface DumpSegment {
  readonly memory: number;
  readonly address: number;
  readonly size: number;
  readonly at: number;
}

export interface DumpThread {
  readonly name: string;
  readonly frames: readonly (DumpedFrame & { readonly instance: number })[];
}

/** What is in a core dump, of whichever runtime. */
export interface ReadDump {
  readonly bytes: DumpBytes;
  readonly program: string;
  readonly modules: readonly string[];
  readonly instances: readonly {
    readonly module: number;
    readonly memories: readonly number[];
    readonly globals: readonly number[];
  }[];
  readonly threads: readonly DumpThread[];
  /** Bytes of each memory. */
  readonly memories: readonly number[];
  /** Ascending, by memory and address. */
  readonly segments: readonly DumpSegment[];
  /** Null for one that is no number. */
  readonly globals: readonly (DumpedNumber | null)[];
  /** Null in dumps of other runtimes. */
  readonly about: DumpedProcess | null;
  readonly messages: readonly MessageInfo[];
  /** Where the module is in the file; null if it is elsewhere. */
  readonly module: { readonly at: number; readonly size: number } | null;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * Reads a core dump but for what is in memory. The file may be anybody's: nothing of it is believed.
 * @throws CoreDumpError
 */
export function readDump(bytes: DumpBytes): ReadDump {
  try {
    return new DumpReader(bytes).read();
  } catch (error) {
    if (!(error instanceof WasmFormatError)) throw error;
    throw new CoreDumpError(`it is malformed: ${error.message}`, { cause: error });
  }
}

class DumpReader {
  readonly #bytes: DumpBytes;
  readonly #seen = new Set<string>();
  readonly #threads: DumpThread[] = [];
  #frames = 0;
  /** What may still come: locals of calls, values on their stacks, what instances have, and bytes that are read. */
  #locals = MAX_VALUES;
  #operands = MAX_VALUES;
  #members = MAX_VALUES;
  #room = MAX_READ;
  readonly #found: Writable<ReadDump>;

  constructor(bytes: DumpBytes) {
    this.#bytes = bytes;
    this.#found = {
      bytes,
      program: '',
      modules: [],
      instances: [],
      threads: this.#threads,
      memories: [],
      segments: [],
      globals: [],
      about: null,
      messages: [],
      module: null,
    };
  }

  read(): ReadDump {
    const { size } = this.#bytes;
    const magic = size < 8 ? null : Buffer.from(this.#bytes.read(0, 8)).toString('hex');
    if (magic !== '0061736d01000000') throw new CoreDumpError('it does not begin as a core dump does');
    let at = 8;
    for (let count = 0; at < size; count++) {
      if (count === MAX_SECTIONS) throw new CoreDumpError('it has too many sections');
      const head = this.#reader(at, Math.min(HEAD, size - at), 'head of a section');
      const id = head.u8('the id of a section');
      const length = head.u32('the size of a section');
      const start = at + head.position;
      const end = start + length;
      if (end > size) throw new CoreDumpError('it ends in the midst of a section');
      this.#section(id, start, end);
      at = end;
    }
    this.#check();
    return this.#found;
  }

  #section(id: number, start: number, end: number): void {
    const found = this.#found;
    switch (id) {
      case 0:
        this.#custom(start, end);
        return;
      case 5:
        this.#once('memory');
        found.memories = this.#whole(start, end, 'memory section', readMemories);
        return;
      case 6:
        this.#once('global');
        found.globals = this.#whole(start, end, 'global section', readGlobals);
        return;
      case 11:
        this.#once('data');
        found.segments = this.#segments(start, end);
        return;
      default:
        throw new CoreDumpError('it has code or other things that no core dump has');
    }
  }

  #custom(start: number, end: number): void {
    const head = this.#reader(start, Math.min(HEAD, end - start), 'name of a section');
    const length = head.u32('the length of a name');
    // Longer names are those of others.
    if (length > head.remaining) return;
    const name = Buffer.from(head.bytes.subarray(head.position, head.position + length)).toString();
    const at = start + head.position + length;
    const found = this.#found;
    switch (name) {
      case DumpSection.Core:
        this.#once(name);
        found.program = this.#whole(at, end, name, readName);
        return;
      case DumpSection.Modules:
        this.#once(name);
        found.modules = this.#whole(at, end, name, (reader) =>
          vector(reader, 'modules', 2, readName, MAX_PARTS),
        );
        return;
      case DumpSection.Instances:
        this.#once(name);
        found.instances = this.#whole(at, end, name, (reader) =>
          vector(reader, 'instances', 4, () => this.#instance(reader), MAX_PARTS),
        );
        return;
      case DumpSection.Stack:
        this.#threads.push(this.#whole(at, end, name, (reader) => this.#thread(reader)));
        return;
      case DumpSection.Process:
        this.#once(name);
        found.about = readProcess(this.#ours(at, end, name));
        return;
      case DumpSection.Mailbox:
        this.#once(name);
        found.messages = readMessages(this.#ours(at, end, name));
        return;
      case DumpSection.Module:
        this.#once(name);
        this.#version(at, end, name);
        if (end - at - 1 > MAX_EMBEDDED) throw new CoreDumpError('the module in it is too large');
        found.module = { at: at + 1, size: end - at - 1 };
        return;
    }
  }

  #once(name: string): void {
    if (this.#seen.has(name)) throw new CoreDumpError(`it has the section ${name} twice`);
    this.#seen.add(name);
  }

  #reader(at: number, size: number, place: string): ByteReader {
    return new ByteReader(this.#bytes.read(at, size), 0, size, place);
  }

  #whole<Found>(at: number, end: number, place: string, read: (reader: ByteReader) => Found): Found {
    this.#take(end - at, place);
    const reader = this.#reader(at, end - at, place);
    const found = read(reader);
    if (reader.remaining > 0) throw new CoreDumpError(`there is more in its section ${place} than should be`);
    return found;
  }

  /** Called before a section is read as a whole. */
  #take(size: number, place: string): void {
    this.#room -= size;
    if (size > MAX_SECTION || this.#room < 0)
      throw new CoreDumpError(`its section ${place} is too large, or all of them are`);
  }

  /** The text of one of our own sections. */
  #ours(at: number, end: number, name: string): string {
    this.#version(at, end, name);
    this.#take(end - at, name);
    return Buffer.from(this.#bytes.read(at + 1, end - at - 1)).toString();
  }

  #version(at: number, end: number, name: string): void {
    const version = end > at ? (this.#bytes.read(at, 1)[0] ?? 0) : 0;
    if (version === DUMP_VERSION) return;
    throw new CoreDumpError(
      `its section ${name} has the version ${version}, and this Lunatic knows ${DUMP_VERSION}: use the version that wrote it`,
    );
  }

  #thread(reader: ByteReader): DumpThread {
    const name = readName(reader);
    const frames = vector(reader, 'frames', 6, (): DumpThread['frames'][number] => {
      if (++this.#frames > MAX_FRAMES) throw new CoreDumpError('it has too many calls');
      expectZero(reader, 'a frame');
      const instance = reader.u32('an instance');
      const functionIndex = reader.u32('a function');
      const codeOffset = reader.u32('an offset in code');
      const locals = vector(reader, 'locals', 1, readLocal, Math.min(MAX_LOCALS, this.#locals));
      this.#locals -= locals.length;
      // What is on the operand stack has no names.
      const operands = reader.count('values on the stack', 1, this.#operands);
      this.#operands -= operands;
      for (let i = 0; i < operands; i++) skipValue(reader);
      return { instance, functionIndex, codeOffset, locals };
    });
    return { name, frames };
  }

  #instance(reader: ByteReader): ReadDump['instances'][number] {
    expectZero(reader, 'an instance');
    const module = reader.u32('a module');
    const memories = vector(reader, 'memories', 1, () => reader.u32('a memory'), this.#members);
    this.#members -= memories.length;
    const globals = vector(reader, 'globals', 1, () => reader.u32('a global'), this.#members);
    this.#members -= globals.length;
    return { module, memories, globals };
  }

  #segments(start: number, end: number): DumpSegment[] {
    const found: DumpSegment[] = [];
    const first = this.#reader(start, Math.min(HEAD, end - start), 'data section');
    const count = first.u32('the number of data segments');
    if (count > MAX_SEGMENTS) throw new CoreDumpError('its memory is in too many parts');
    let at = start + first.position;
    for (let i = 0; i < count; i++) {
      const head = this.#reader(at, Math.min(HEAD, end - at), 'data segment');
      const kind = head.u32('a kind of data segment');
      if (kind !== 0 && kind !== 2) throw head.fail(0, 'an active data segment');
      const memory = kind === 2 ? head.u32('a memory') : 0;
      const address = readAddress(head);
      const size = head.u32('the size of a data segment');
      at += head.position;
      if (at + size > end) throw new CoreDumpError('a data segment ends behind its section');
      if (size > 0) found.push({ memory, address, size, at });
      at += size;
    }
    if (at !== end) throw new CoreDumpError('there is more in its data section than should be');
    return found.sort((a, b) => a.memory - b.memory || a.address - b.address);
  }

  /** What each part says of others. */
  #check(): void {
    const { modules, instances, memories, globals, segments, threads, about } = this.#found;
    for (const [i, { memory, address, size }] of segments.entries()) {
      const next = segments[i + 1];
      const isBehind = next?.memory === memory && address + size > next.address;
      if (isBehind || address + size > (memories[memory] ?? 0))
        throw new CoreDumpError('its data segments are not in its memories, or lie over each other');
    }
    for (const instance of instances) {
      const isWrong =
        instance.module >= modules.length ||
        instance.memories.some((memory) => memory >= memories.length) ||
        instance.globals.some((global) => global >= globals.length);
      if (isWrong) throw new CoreDumpError('an instance has what is not there');
    }
    for (const { frames } of threads)
      if (frames.some(({ instance }) => instance >= instances.length))
        throw new CoreDumpError('a call is of an instance that is not there');
    if (threads.length === 0) throw new CoreDumpError('it has no stack: it is no core dump');
    if (about === null) return;
    if (threads.length !== 1 || instances.length !== 1 || threads[0]?.frames.length !== about.frames.length)
      throw new CoreDumpError('its parts do not belong together');
  }
}

function readMemories(reader: ByteReader): number[] {
  const read = () => {
    const flags = reader.u8('limits');
    const initial = flags & 4 ? reader.u64('a number of pages') : reader.u32('a number of pages');
    if (flags & 1) reader.skipU64('a number of pages');
    if (flags > 7 || initial > MAX_PAGES) throw new CoreDumpError('it has a memory that is too large');
    return initial * PAGE_SIZE;
  };
  return vector(reader, 'memories', 2, read, MAX_PARTS);
}

/** Where a data segment is: a constant. */
function readAddress(reader: ByteReader): number {
  const opcode = reader.u8('an address');
  const address =
    opcode === 0x41
      ? reader.s32('an address') >>> 0
      : opcode === 0x42
        ? Number(BigInt.asUintN(64, signed64(reader)))
        : -1;
  if (address < 0 || reader.u8('the end of an address') !== 0x0b)
    throw reader.fail(reader.position - 1, 'a constant address');
  return address;
}

/** What begins with a zero and a name: process, module or thread. */
function readName(reader: ByteReader): string {
  expectZero(reader, 'a name');
  const length = reader.count('bytes of a name', 1, MAX_NAME);
  const start = reader.position;
  reader.skip(length, 'a name');
  return Buffer.from(reader.bytes.subarray(start, start + length)).toString();
}

function expectZero(reader: ByteReader, what: string): void {
  if (reader.u8(what) !== 0) throw reader.fail(reader.position - 1, what);
}
