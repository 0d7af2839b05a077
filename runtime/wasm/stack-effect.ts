import { signatureOf } from './signatures.ts';

/** Effects of those that have no signature, since their types depend on more; of the others not listed, 0. */
const OTHERS: ReadonlyMap<number, number> = new Map([
  // if, br_if, br_table; drop; select
  [0x04, -1],
  [0x0d, -1],
  [0x0e, -1],
  [0x1a, -1],
  [0x1b, -2],
  [0x1c, -2],
  // local.get, local.set; global.get, global.set; table.set
  [0x20, 1],
  [0x21, -1],
  [0x23, 1],
  [0x24, -1],
  [0x26, -2],
  // ref.null, ref.func; ref.eq
  [0xd0, 1],
  [0xd2, 1],
  [0xd3, -1],
  // memory.init, memory.copy, memory.fill; table.init, table.copy, table.grow, table.size, table.fill
  [0xfc008, -3],
  [0xfc00a, -3],
  [0xfc00b, -3],
  [0xfc00c, -3],
  [0xfc00e, -3],
  [0xfc00f, -1],
  [0xfc010, 1],
  [0xfc011, -3],
]);

/** More than there are instructions behind a prefix byte. */
const SIZE = 0x120;

/** Effects of instructions by their number, for each prefix byte, and 0 for none. They are collected when one is asked for. */
const byPrefix: Int8Array[] = [];

/**
 * By how many values an instruction changes the height of the stack, for those that do so in the same way each time: all but calls and
 * blocks. Those of garbage collection count as if they changed nothing.
 * Source: WebAssembly core specification, 3.4 "Instructions".
 */
export function stackEffect(opcode: number): number {
  const prefix = opcode >> 12;
  byPrefix[prefix] ??= effectsFrom(prefix << 12);
  return byPrefix[prefix]?.[opcode & 0xfff] ?? 0;
}

function effectsFrom(first: number): Int8Array {
  return Int8Array.from({ length: SIZE }, (_, i) => {
    const signature = signatureOf(first + i);
    return signature === undefined
      ? (OTHERS.get(first + i) ?? 0)
      : signature.results.length - signature.operands.length;
  });
}
