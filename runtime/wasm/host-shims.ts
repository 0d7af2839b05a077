import { ByteWriter } from './byte-writer.ts';
import { DRAFT_AT, DraftState } from './draft-layout.ts';
import { Op } from './opcodes.ts';
import { SectionId } from './sections.ts';
import { FUNCTION_TYPE } from './value-type.ts';

/**
 * The value types of host functions, as binaries write them: those that JavaScript has as numbers and bigints. A `v128`
 * cannot be passed to JavaScript, and a reference would outlive the process that it belongs to.
 */
export const HOST_TYPES = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c } as const;

export type HostType = keyof typeof HOST_TYPES;

/** A host function as guests import it. */
export interface HostShim {
  readonly params: readonly HostType[];
  readonly results: readonly HostType[];
  /** It may be resumed with `WAIT_AGAIN`, which is no result yet. Its result is an i32. */
  readonly waits: boolean;
  /** The host takes each i64 parameter as two i32 halves, the low one first. */
  readonly split: boolean;
  /**
   * `host`.`n` returns at once. If it has set `DRAFT_AT.waits`, `host`.`wait`, `() -> i32`, waits for the result, which is an i32.
   */
  readonly defers: boolean;
  /** What a call takes from the work of a turn. With 0 it does not end a turn either. */
  readonly work: number;
  /**
   * If the parameters have these values, null for any, and the guest has just sent a draft, `host`.`n usual` is called without
   * parameters. Its result is an i32. Each parameter costs, even one that nobody reads.
   */
  readonly usual?: readonly (number | null)[] | undefined;
}

/** Name of the module between guests and host functions, as it stands in stack traces. */
export const HOST_SHIM_MODULE = 'lunatic-host';
/**
 * The value with which a waiting function is resumed when its result is to be read from `DRAFT_AT.answer`. If that is the same
 * value, the function asks `host`.`again`, which returns the result or waits again.
 */
export const WAIT_AGAIN = -0x7fff_ffff;
/** The module its functions are imported from. */
export const HOST_SHIM_IMPORTS = 'host';

const I32_WRAP_I64 = 0xa7;
const I64_SHR_U = 0x88;
const I32_EQ = 0x46;
const I64_EQ = 0x51;
const I32_AND = 0x71;
const I32_LOAD = 0x28;
const I32_STORE = 0x36;
const MEMORY = 0x02;
/** The type of a block that leaves nothing on the stack. */
const NO_RESULT = 0x40;
/** The alignment of an i32, as a power of two. */
const ALIGNED = 2;

/**
 * A module that stands between guests and host functions, one instance for all processes. The n-th function is
 * imported as `host`.`n` and exported as `n`; those that wait share `host`.`again` and `host`.`wait`, `() -> i32`. One that is
 * nearly always called with the same parameters has `host`.`n usual`, `() -> i32`, for them.
 *
 * V8 keeps what it needs to call an imported JavaScript function for each instance, and that is cold when thousands
 * take turns. A call from wasm to wasm needs next to nothing. And an i64 would reach JavaScript as a BigInt, which is
 * an allocation.
 *
 * After each call, what it costs is taken from the work that is left of the turn, in the memory `host`.`draft`. If nothing is
 * left, `host`.`tick`, `() -> ()`, is called, which gives way to others.
 */
export function hostShimModule(shims: readonly HostShim[]): Uint8Array {
  const out = new ByteWriter(64 + 48 * shims.length);
  for (const byte of [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]) out.u8(byte);
  const section = (id: number, count: number, write: (i: number) => void): void => {
    out.u8(id);
    const contents = out.openSize(2);
    out.u32(count);
    for (let i = 0; i < count; i++) write(i);
    out.closeSize(contents, 2);
  };
  const count = shims.length;
  section(SectionId.type, 2 * count + 2, (i) => {
    const shim = i === 2 * count + 1 ? TICK : (shims[i >> 1] ?? AGAIN);
    const hostParams = shim.params.flatMap((type) => (shim.split && type === 'i64' ? [...HALVES] : [type]));
    out.u8(FUNCTION_TYPE);
    for (const types of [i % 2 === 0 ? shim.params : hostParams, shim.results]) {
      out.u32(types.length);
      for (const type of types) out.u8(HOST_TYPES[type]);
    }
  });
  // The imports after those of the shims: `again`, `tick`, `wait`, and the usual ones.
  const usual = shims.flatMap((shim, i) => (shim.usual === undefined ? [] : [i]));
  const imported = count + COMMON.length + usual.length;
  section(SectionId.import, imported + 1, (i) => {
    out.name(HOST_SHIM_IMPORTS);
    if (i === imported) {
      out.name('draft');
      out.u8(MEMORY);
      out.u8(1);
      out.u32(1);
      out.u32(1);
      return;
    }
    const own = i - count;
    out.name(own < 0 ? String(i) : (COMMON[own] ?? `${usual[own - COMMON.length]} usual`));
    out.u8(0);
    out.u32(own < 0 ? 2 * i + 1 : 2 * count + (COMMON[own] === 'tick' ? 1 : 0));
  });
  section(SectionId.function, count, (i) => out.u32(2 * i));
  section(SectionId.export, count, (i) => {
    out.name(String(i));
    out.u8(0);
    out.u32(imported + i);
  });
  section(SectionId.code, count, (i) => {
    writeBody(out, i, shims[i] ?? AGAIN, count, count + COMMON.length + usual.indexOf(i));
  });
  out.u8(SectionId.custom);
  const contents = out.openSize(1);
  out.name('name');
  out.u8(0);
  out.u32(HOST_SHIM_MODULE.length + 1);
  out.name(HOST_SHIM_MODULE);
  out.closeSize(contents, 1);
  return out.finish();
}

/** The imports that all functions share. */
const COMMON = ['again', 'tick', 'wait'];
const HALVES = ['i32', 'i32'] as const;
const AGAIN: HostShim = { params: [], results: ['i32'], split: false, waits: false, defers: false, work: 0 };
const TICK: HostShim = { ...AGAIN, results: [] };

/**
 * @param again function index of the import that waits again
 * @param usual the same of the one for the usual parameters
 */
function writeBody(out: ByteWriter, i: number, shim: HostShim, again: number, usual: number): void {
  const contents = out.openSize(2);
  const local = shim.params.length;
  out.u32(1);
  out.u32(1);
  out.u8(HOST_TYPES.i32);
  if (shim.usual !== undefined) writeIsUsual(out, shim.params, shim.usual, usual);
  shim.params.forEach((type, param) => {
    out.u8(Op.localGet);
    out.u32(param);
    if (!shim.split || type !== 'i64') return;
    out.u8(I32_WRAP_I64);
    out.u8(Op.localGet);
    out.u32(param);
    out.u8(Op.i64Const);
    out.s32(32);
    out.u8(I64_SHR_U);
    out.u8(I32_WRAP_I64);
  });
  out.u8(Op.call);
  out.u32(i);
  if (shim.defers) writeDeferred(out, local, again + 2);
  if (shim.usual !== undefined) out.u8(Op.end);
  if (shim.waits) writeWaitLoop(out, local, again);
  if (shim.work > 0) writeCharge(out, local, shim.work, again + 1);
  out.u8(Op.end);
  out.closeSize(contents, 2);
}

/** Waits for the result if the one on the stack is none yet. */
function writeDeferred(out: ByteWriter, local: number, wait: number): void {
  const waits = (opcode: number): void => {
    out.u8(opcode);
    out.u8(ALIGNED);
    out.u32(DRAFT_AT.waits);
  };
  const zero = (): void => {
    out.u8(Op.i32Const);
    out.s32(0);
  };
  out.u8(Op.localSet);
  out.u32(local);
  zero();
  waits(I32_LOAD);
  out.u8(Op.if);
  out.u8(NO_RESULT);
  zero();
  zero();
  waits(I32_STORE);
  out.u8(Op.call);
  out.u32(wait);
  out.u8(Op.localSet);
  out.u32(local);
  out.u8(Op.end);
  out.u8(Op.localGet);
  out.u32(local);
}

/** Calls the function for the usual parameters if they are that; what is written next is done otherwise. */
function writeIsUsual(
  out: ByteWriter,
  params: readonly HostType[],
  values: readonly (number | null)[],
  usual: number,
): void {
  out.u8(Op.i32Const);
  out.s32(0);
  out.u8(I32_LOAD);
  out.u8(ALIGNED);
  out.u32(DRAFT_AT.state);
  out.u8(Op.i32Const);
  out.s32(DraftState.Sent);
  out.u8(I32_EQ);
  values.forEach((value, param) => {
    if (value === null) return;
    const isLong = params[param] === 'i64';
    out.u8(Op.localGet);
    out.u32(param);
    out.u8(isLong ? Op.i64Const : Op.i32Const);
    out.s32(value);
    out.u8(isLong ? I64_EQ : I32_EQ);
    out.u8(I32_AND);
  });
  out.u8(Op.if);
  out.u8(HOST_TYPES.i32);
  out.u8(Op.call);
  out.u32(usual);
  out.u8(Op.else);
}

/** Takes units from the work that is left of the turn. What is on the stack stays there. */
function writeCharge(out: ByteWriter, local: number, units: number, tick: number): void {
  const access = (opcode: number): void => {
    out.u8(opcode);
    out.u8(ALIGNED);
    out.u32(DRAFT_AT.work);
  };
  const zero = (): void => {
    out.u8(Op.i32Const);
    out.s32(0);
  };
  zero();
  zero();
  access(I32_LOAD);
  out.u8(Op.i32Const);
  out.s32(units);
  out.u8(Op.i32Sub);
  out.u8(Op.localTee);
  out.u32(local);
  access(I32_STORE);
  out.u8(Op.localGet);
  out.u32(local);
  zero();
  out.u8(Op.i32LtS);
  out.u8(Op.if);
  out.u8(NO_RESULT);
  out.u8(Op.call);
  out.u32(tick);
  out.u8(Op.end);
}

/**
 * Leaves a result on the stack in place of `WAIT_AGAIN`:
 *
 *     (local.set $result)
 *     (loop $again
 *       (if (i32.eq (local.get $result) (i32.const WAIT_AGAIN))
 *         (then
 *           (if (i32.eq (local.tee $result (i32.load $answer (i32.const 0))) (i32.const WAIT_AGAIN))
 *             (then (local.set $result (call $again)))
 *             (else (i32.store $answer (i32.const 0) (i32.const WAIT_AGAIN))))
 *           (br $again))))
 *     (local.get $result)
 */
function writeWaitLoop(out: ByteWriter, local: number, again: number): void {
  const noResult = (): void => {
    out.u8(Op.i32Const);
    out.s32(WAIT_AGAIN);
  };
  const answer = (opcode: number): void => {
    out.u8(opcode);
    out.u8(ALIGNED);
    out.u32(DRAFT_AT.answer);
  };
  const zero = (): void => {
    out.u8(Op.i32Const);
    out.s32(0);
  };
  out.u8(Op.localSet);
  out.u32(local);
  out.u8(Op.loop);
  out.u8(NO_RESULT);
  out.u8(Op.localGet);
  out.u32(local);
  noResult();
  out.u8(I32_EQ);
  out.u8(Op.if);
  out.u8(NO_RESULT);
  zero();
  answer(I32_LOAD);
  out.u8(Op.localTee);
  out.u32(local);
  noResult();
  out.u8(I32_EQ);
  out.u8(Op.if);
  out.u8(NO_RESULT);
  out.u8(Op.call);
  out.u32(again);
  out.u8(Op.localSet);
  out.u32(local);
  out.u8(Op.else);
  zero();
  noResult();
  answer(I32_STORE);
  out.u8(Op.end);
  out.u8(Op.br);
  out.u32(1);
  out.u8(Op.end);
  out.u8(Op.end);
  out.u8(Op.localGet);
  out.u32(local);
}
