import { processName } from '../view/index.ts';
import {
  DUMP_VERSION,
  type DumpContent,
  type DumpedFrame,
  type DumpedGlobal,
  type DumpedMemory,
  DumpSection,
  MISSING_VALUE,
  VALUE_CODES,
} from './dump-content.ts';
import { MAX_VALUES } from './dump-limits.ts';

const MAGIC = Buffer.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
const CUSTOM = 0;
const MEMORY = 5;
const GLOBAL = 6;
const DATA = 11;

const END = 0x0b;
const CONSTANT = { i32: 0x41, i64: 0x42, f32: 0x43, f64: 0x44 } as const;
const V128 = 0x7b;
const FUNCREF = 0x70;

/**
 * Writes a core dump, in the format of the WebAssembly tool conventions (Coredump.md).
 * @returns pieces, which stand one behind the other; those of the memory are the ones of the content
 */
export function writeDump(content: DumpContent): Uint8Array[] {
  const { about, messages, frames, globals, memories, module } = content;
  const indices = globals.map((_, index) => index);
  return [
    MAGIC,
    ...custom(DumpSection.Core, [0, ...name(about.program)]),
    ...custom(DumpSection.Modules, [1, 0, ...name(about.module.file ?? 'compiled by the program')]),
    ...custom(DumpSection.Instances, [
      ...[1, 0, 0],
      ...vector(memories.map((_, index) => unsigned(index))),
      ...vector(indices.map(unsigned)),
    ]),
    ...custom(DumpSection.Stack, stack(processName(about.process), frames)),
    ...ours(DumpSection.Process, Buffer.from(JSON.stringify(about))),
    ...ours(DumpSection.Mailbox, Buffer.from(JSON.stringify(messages))),
    ...(module === null ? [] : ours(DumpSection.Module, module)),
    ...(memories.length === 0 ? [] : section(MEMORY, [Buffer.from(vector(memories.map(limits)))])),
    ...(globals.length === 0 ? [] : section(GLOBAL, [Buffer.from(vector(globals.map(global)))])),
    ...(memories.length === 0 ? [] : section(DATA, dataSection(memories))),
  ];
}

/** @param pieces the contents */
function section(id: number, pieces: readonly Uint8Array[]): Uint8Array[] {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [Buffer.from([id, ...unsigned(size)]), ...pieces];
}

function custom(title: string, bytes: readonly number[]): Uint8Array[] {
  return section(CUSTOM, [Buffer.from(name(title)), Buffer.from(bytes)]);
}

function ours(title: string, bytes: Uint8Array): Uint8Array[] {
  return section(CUSTOM, [Buffer.from([...name(title), DUMP_VERSION]), bytes]);
}

/** `thread-info vec(frame)` */
function stack(thread: string, frames: readonly DumpedFrame[]): number[] {
  let room = MAX_VALUES;
  const calls = frames.map(({ functionIndex, codeOffset, locals }) => {
    // Those of outer calls are left out if there are too many.
    const kept = locals.length > room ? [] : locals;
    room -= kept.length;
    const found = [0, 0, ...unsigned(functionIndex), ...unsigned(codeOffset)];
    append(found, vector(kept.map(value)));
    // Of the operand stack nothing is known.
    found.push(0);
    return found;
  });
  const found = [0, ...name(thread)];
  append(found, vector(calls));
  return found;
}

function value(local: DumpedFrame['locals'][number]): readonly number[] {
  if (local === null || !isNumeric(local.type)) return [MISSING_VALUE];
  return [VALUE_CODES[local.type], ...number(local.type, Buffer.from(local.data, 'base64'))];
}

/** A number as modules have it: integers as LEB128. @param bytes at least as many as it has, the lowest first */
function number(type: keyof typeof VALUE_CODES, bytes: Buffer): readonly number[] {
  switch (type) {
    case 'i32':
      return signed(BigInt(bytes.readInt32LE()));
    case 'i64':
      return signed(bytes.readBigInt64LE());
    case 'f32':
      return [...bytes.subarray(0, 4)];
    case 'f64':
      return [...bytes.subarray(0, 8)];
  }
}

function isNumeric(type: string): type is keyof typeof VALUE_CODES {
  return Object.hasOwn(VALUE_CODES, type);
}

/** Of a memory: it has as much as it may have. */
function limits({ pages, is64 }: DumpedMemory): number[] {
  return [is64 ? 4 : 0, ...unsigned(pages)];
}

/** A constant. One whose value is not known keeps its place: the reader is told in our own section. */
function global({ type, data }: DumpedGlobal): number[] {
  if (!isNumeric(type)) {
    if (type === 'v128') return [V128, 0, 0xfd, 12, ...new Uint8Array(16), END];
    return [FUNCREF, 0, 0xd0, FUNCREF, END];
  }
  const bytes = data === null ? Buffer.alloc(8) : Buffer.from(data, 'base64');
  return [VALUE_CODES[type], 0, CONSTANT[type], ...number(type, bytes), END];
}

function dataSection(memories: readonly DumpedMemory[]): Uint8Array[] {
  const segments = memories.flatMap(({ pieces, is64 }, memory) =>
    pieces.flatMap(({ address, bytes }) => {
      const constant = is64 ? CONSTANT.i64 : CONSTANT.i32;
      const at = is64 ? BigInt(address) : BigInt(address | 0);
      const kind = memory === 0 ? [0] : [2, ...unsigned(memory)];
      return [Buffer.from([...kind, constant, ...signed(at), END, ...unsigned(bytes.length)]), bytes];
    }),
  );
  return [Buffer.from(unsigned(segments.length / 2)), ...segments];
}

function vector(items: readonly (readonly number[])[]): number[] {
  const found = unsigned(items.length);
  for (const item of items) append(found, item);
  return found;
}

/** Adds bytes, of which there may be too many for one call. */
function append(to: number[], bytes: readonly number[]): void {
  for (const byte of bytes) to.push(byte);
}

function name(text: string): number[] {
  const bytes = Buffer.from(text);
  return [...unsigned(bytes.length), ...bytes];
}

function unsigned(number: number): number[] {
  const bytes: number[] = [];
  let rest = number;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return bytes;
}

function signed(number: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = number; ; ) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const isLast = rest === (byte & 0x40 ? -1n : 0n);
    bytes.push(isLast ? byte : byte | 0x80);
    if (isLast) return bytes;
  }
}
