import type { ByteWriter } from './byte-writer.ts';
import type { FrameLayout, KeptType } from './frame-layout.ts';
import type { Added } from './index-space.ts';
import { Op } from './opcodes.ts';

/** A global of the module that a debugger can look at. */
export interface ShownGlobal {
  /** Index in the module as its author built it. */
  readonly index: number;
  readonly type: 'i32' | 'i64' | 'f32' | 'f64';
  readonly mutable: boolean;
  /** The name under which it is exported. */
  readonly name: string;
}

/** The names under which globals are exported. */
export interface ProbeGlobals {
  /** Those of the module itself whose values JavaScript knows. */
  readonly own: readonly ShownGlobal[];
  /** The address of the next frame, an i32. */
  readonly frame: string;
  /** Other than 0 if all sites probe; an i32. */
  readonly step: string;
}

/** Bytes of the memory of frames that one process has, at a multiple of this. */
export const FRAMES_SIZE = 0x1_0000;

/** From here on in them, the frames of calls that nest too deeply are written over each other. */
export const FRAMES_LIMIT = 0xf000;

/** Pages of the memory `armed` of a module that defines so many functions. */
export function armedPages(functions: number): number {
  return Math.ceil((functions + 1) / 0x1_0000);
}

/** What a pass for one module brings; the indices are known once all passes have declared theirs. */
export interface ProbeParts {
  readonly frames: Added;
  readonly armed: Added;
  readonly frame: Added;
  readonly step: Added;
  /** Offsets of the sites, ascending. */
  readonly offsets: Uint32Array;
  /** By function, counted from the first defined one. */
  readonly layouts: readonly FrameLayout[];
  /** From how many sites times locals on a function hands over no more of its locals than it must at each site. */
  readonly mostHanded: number;
  /** The function that keeps a frame of this layout and asks the host what to do there. */
  helperOf(layout: FrameLayout): Added;
}

/** Loads and stores by type, behind the prefix of vectors where there is one. */
const ACCESS: Readonly<Record<KeptType, { load: readonly number[]; store: readonly number[] }>> = {
  i32: { load: [0x28], store: [0x36] },
  i64: { load: [0x29], store: [0x37] },
  f32: { load: [0x2a], store: [0x38] },
  f64: { load: [0x2b], store: [0x39] },
  v128: { load: [0xfd, 0x00], store: [0xfd, 0x0b] },
};

/** Stores the value on the stack at the address below it, plus `at`. */
export function writeStore(out: ByteWriter, type: KeptType, memory: number, at: number): void {
  writeAccess(out, ACCESS[type].store, memory, at);
}

/** Loads a value from the address on the stack, plus `at`. */
export function writeLoad(out: ByteWriter, type: KeptType, memory: number, at: number): void {
  writeAccess(out, ACCESS[type].load, memory, at);
}

/** Loads the byte at `at` as an i32. */
export function writeByteLoad(out: ByteWriter, memory: number, at: number): void {
  out.u8(Op.i32Const);
  out.s32(0);
  writeAccess(out, [0x2d], memory, at);
}

function writeAccess(out: ByteWriter, opcode: readonly number[], memory: number, at: number): void {
  for (const byte of opcode) out.u8(byte);
  // The alignment of one byte is always right. Engines do not use it. The bit says that the memory's index follows.
  out.u8(0x40);
  out.u32(memory);
  out.u32(at);
}
