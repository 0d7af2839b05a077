/**
 * By how many values an instruction changes the height of the stack, for those that do so in the same way each time: all but calls and
 * blocks. Those of garbage collection count as if they changed nothing.
 * Source: WebAssembly core specification, 3.4 "Instructions".
 */
export function stackEffect(opcode: number): number {
  if (opcode < 0x100) return PLAIN[opcode] ?? 0;
  const number = opcode & 0xfff;
  switch (opcode >> 12) {
    case 0xfc:
      return BULK[number] ?? 0;
    case 0xfd:
      return VECTOR[number] ?? 0;
    case 0xfe:
      return ATOMIC[number] ?? 0;
    default:
      return 0;
  }
}

type Range = readonly [first: number, last: number, effect: number];

function table(size: number, otherwise: number, ranges: readonly Range[]): Int8Array {
  const effects = new Int8Array(size).fill(otherwise);
  for (const [first, last, effect] of ranges) effects.fill(effect, first, last + 1);
  return effects;
}

const PLAIN = table(256, 0, [
  // if, br_if, br_table; drop; select
  [0x04, 0x04, -1],
  [0x0d, 0x0e, -1],
  [0x1a, 0x1a, -1],
  [0x1b, 0x1c, -2],
  // local.get, local.set; global.get, global.set; table.set
  [0x20, 0x20, 1],
  [0x21, 0x21, -1],
  [0x23, 0x23, 1],
  [0x24, 0x24, -1],
  [0x26, 0x26, -2],
  // Stores; memory.size; constants
  [0x36, 0x3e, -2],
  [0x3f, 0x3f, 1],
  [0x41, 0x44, 1],
  // Comparisons
  [0x46, 0x4f, -1],
  [0x51, 0x66, -1],
  // Binary operations on i32, i64, f32, f64
  [0x6a, 0x78, -1],
  [0x7c, 0x8a, -1],
  [0x92, 0x98, -1],
  [0xa0, 0xa6, -1],
  // ref.null, ref.func; ref.eq
  [0xd0, 0xd0, 1],
  [0xd2, 0xd2, 1],
  [0xd3, 0xd3, -1],
]);

const BULK = table(0x12, 0, [
  [0x08, 0x08, -3],
  [0x0a, 0x0c, -3],
  [0x0e, 0x0e, -3],
  [0x0f, 0x0f, -1],
  [0x10, 0x10, 1],
  [0x11, 0x11, -3],
]);

/** Binary operations, which most are, and the others. */
const VECTOR = table(0x114, -1, [
  // Loads; store; constant
  [0x00, 0x0a, 0],
  [0x0b, 0x0b, -2],
  [0x0c, 0x0c, 1],
  // Splats; lanes that are extracted
  [0x0f, 0x14, 0],
  [0x15, 0x16, 0],
  [0x18, 0x19, 0],
  [0x1b, 0x1b, 0],
  [0x1d, 0x1d, 0],
  [0x1f, 0x1f, 0],
  [0x21, 0x21, 0],
  // not; bitselect; any_true; lanes that are stored; loads with zeros
  [0x4d, 0x4d, 0],
  [0x52, 0x52, -2],
  [0x53, 0x53, 0],
  [0x58, 0x5b, -2],
  [0x5c, 0x5d, 0],
  // Unary operations
  [0x5e, 0x64, 0],
  [0x67, 0x6a, 0],
  [0x74, 0x75, 0],
  [0x7a, 0x7a, 0],
  [0x7c, 0x81, 0],
  [0x83, 0x84, 0],
  [0x87, 0x8a, 0],
  [0x94, 0x94, 0],
  [0xa0, 0xa1, 0],
  [0xa3, 0xa4, 0],
  [0xa7, 0xaa, 0],
  [0xc0, 0xc1, 0],
  [0xc3, 0xc4, 0],
  [0xc7, 0xca, 0],
  [0xe0, 0xe1, 0],
  [0xe3, 0xe3, 0],
  [0xec, 0xed, 0],
  [0xef, 0xef, 0],
  [0xf8, 0xff, 0],
  // Relaxed: truncations; multiply and add, select lanes; dot product with a sum
  [0x101, 0x104, 0],
  [0x105, 0x10c, -2],
  [0x113, 0x113, -2],
]);

/** Read-modify-write operations, which most are, and the others. */
const ATOMIC = table(0x4f, -1, [
  [0x01, 0x02, -2],
  [0x03, 0x03, 0],
  [0x10, 0x16, 0],
  [0x17, 0x1d, -2],
  [0x48, 0x4e, -2],
]);
