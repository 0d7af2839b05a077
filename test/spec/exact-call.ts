/**
 * Calls functions with every bit of their arguments and results kept: JavaScript cannot pass vectors, and may change
 * which NaN a number is.
 */
import { ByteWriter } from '../../runtime/wasm/byte-writer.ts';
import type { FuncType } from '../../runtime/wasm/index.ts';
import { Op } from '../../runtime/wasm/opcodes.ts';
import { SectionId } from '../../runtime/wasm/sections.ts';
import { FUNCTION_TYPE } from '../../runtime/wasm/value-type.ts';
import type { SpecValue } from './run-script.ts';

/** How each type is loaded and stored; behind the prefix of vectors if there is one. */
const TYPES: ReadonlyMap<string, { code: number; load: number[]; store: number[] }> = new Map([
  ['i32', { code: 0x7f, load: [0x28], store: [0x36] }],
  ['i64', { code: 0x7e, load: [0x29], store: [0x37] }],
  ['f32', { code: 0x7d, load: [0x2a], store: [0x38] }],
  ['f64', { code: 0x7c, load: [0x2b], store: [0x39] }],
  ['v128', { code: 0x7b, load: [0xfd, 0x00], store: [0xfd, 0x0b] }],
]);
/** Bytes that an argument or result has in memory. */
const SLOT = 16;
/** Results stand here, arguments at 0. */
const RESULTS_AT = 1024;

const memory = new WebAssembly.Memory({ initial: 1 });
const bytes = new Uint8Array(memory.buffer);
const callers = new Map<string, WebAssembly.Module>();

export function isNumeric({ params, results }: FuncType): boolean {
  return [...params, ...results].every((type) => TYPES.has(type));
}

/** Calls a function whose parameters and results are all numbers and vectors; gives the results' bytes. */
export function callExactly(
  target: WebAssembly.ImportValue,
  type: FuncType,
  args: readonly SpecValue[],
): string {
  const key = `${type.params}>${type.results}`;
  const caller = callers.get(key) ?? new WebAssembly.Module(callerModule(type));
  callers.set(key, caller);
  const { exports } = new WebAssembly.Instance(caller, { e: { f: target, m: memory } });
  bytes.fill(0, 0, RESULTS_AT + SLOT * type.results.length);
  args.forEach((arg, i) => {
    bytes.set(bytesOf(arg), i * SLOT);
  });
  const { call } = exports;
  if (typeof call !== 'function') throw new Error('the caller exports no function');
  call();
  return Buffer.from(bytes.subarray(RESULTS_AT, RESULTS_AT + SLOT * type.results.length)).toString('hex');
}

/** An argument, in little-endian bytes. The suite writes floats as the integers of their bits. */
function bytesOf({ type, value, ...rest }: SpecValue): Uint8Array {
  const lanes = typeof value === 'string' ? [value] : (value ?? []);
  const lane = type === 'v128' ? String(rest['lane_type']) : type;
  const size = Number(lane.slice(1)) / 8;
  const out = Buffer.alloc(size * lanes.length);
  lanes.forEach((text, i) => {
    let rest = BigInt.asUintN(size * 8, BigInt(text));
    for (let at = 0; at < size; at++, rest >>= 8n) out[i * size + at] = Number(rest & 0xffn);
  });
  return out;
}

/** Imports a function and a memory, and exports `call`, which takes arguments from the memory and stores the results. */
function callerModule({ params, results }: FuncType): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(256);
  const raw = (...values: number[]): void => {
    for (const value of values) out.u8(value);
  };
  const section = (id: number, write: () => void): void => {
    out.u8(id);
    const contents = out.openSize(2);
    write();
    out.closeSize(contents, 2);
  };
  const typesOf = (types: readonly string[]): void => {
    out.u32(types.length);
    for (const type of types) out.u8(TYPES.get(type)?.code ?? 0);
  };
  raw(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
  section(SectionId.type, () => {
    raw(2, FUNCTION_TYPE);
    typesOf(params);
    typesOf(results);
    raw(FUNCTION_TYPE, 0, 0);
  });
  section(SectionId.import, () => {
    out.u32(2);
    out.name('e');
    out.name('f');
    raw(0, 0);
    out.name('e');
    out.name('m');
    raw(2, 0, 1);
  });
  section(SectionId.function, () => raw(1, 1));
  section(SectionId.export, () => {
    out.u32(1);
    out.name('call');
    raw(0, 1);
  });
  section(SectionId.code, () => {
    out.u32(1);
    const body = out.openSize(3);
    out.u32(results.length);
    for (const type of results) {
      out.u32(1);
      out.u8(TYPES.get(type)?.code ?? 0);
    }
    params.forEach((type, i) => {
      raw(Op.i32Const, 0, ...(TYPES.get(type)?.load ?? []), 0);
      out.u32(i * SLOT);
    });
    raw(Op.call, 0);
    for (let i = results.length - 1; i >= 0; i--) {
      raw(Op.localSet);
      out.u32(i);
    }
    results.forEach((type, i) => {
      raw(Op.i32Const, 0, Op.localGet);
      out.u32(i);
      raw(...(TYPES.get(type)?.store ?? []), 0);
      out.u32(RESULTS_AT + i * SLOT);
    });
    out.u8(Op.end);
    out.closeSize(body, 3);
  });
  return new Uint8Array(out.finish());
}
