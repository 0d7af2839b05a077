/**
 * How the text format writes instructions, and the alignment that memory instructions have by nature.
 * Source: WebAssembly core specification, 6.5 "Instructions" and appendix "Index of Instructions"; legacy exception
 * handling and threads proposals.
 */

/** The first opcode, what the names begin with, and the names in order of opcode, with `-` for a gap. */
const ROWS: readonly (readonly [first: number, prefix: string, names: string])[] = [
  [0x00, '', 'unreachable nop block loop if else try catch throw rethrow throw_ref end'],
  [0x0c, '', 'br br_if br_table return'],
  [0x10, '', 'call call_indirect return_call return_call_indirect call_ref return_call_ref'],
  [0x18, '', 'delegate catch_all drop select select'],
  [0x1f, '', 'try_table'],
  [0x20, '', 'local.get local.set local.tee global.get global.set table.get table.set'],
  [0x28, '', 'i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u'],
  [0x30, 'i64.', 'load8_s load8_u load16_s load16_u load32_s load32_u'],
  [0x36, '', 'i32.store i64.store f32.store f64.store i32.store8 i32.store16'],
  [0x3c, 'i64.', 'store8 store16 store32'],
  [0x3f, 'memory.', 'size grow'],
  [0x41, '', 'i32.const i64.const f32.const f64.const'],
  [0x45, 'i32.', 'eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'],
  [0x50, 'i64.', 'eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'],
  [0x5b, 'f32.', 'eq ne lt gt le ge'],
  [0x61, 'f64.', 'eq ne lt gt le ge'],
  [0x67, 'i32.', 'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr'],
  [0x79, 'i64.', 'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr'],
  [0x8b, 'f32.', 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign'],
  [0x99, 'f64.', 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign'],
  [0xa7, 'i32.', 'wrap_i64 trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'],
  [0xac, 'i64.', 'extend_i32_s extend_i32_u trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'],
  [0xb2, 'f32.', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64'],
  [0xb7, 'f64.', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u promote_f32'],
  [0xbc, '', 'i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64'],
  [0xc0, '', 'i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s'],
  [0xd0, '', 'ref.null ref.is_null ref.func ref.eq ref.as_non_null br_on_null br_on_non_null'],

  [0xfb000, 'struct.', 'new new_default get get_s get_u set'],
  [0xfb006, 'array.', 'new new_default new_fixed new_data new_elem get get_s get_u set len'],
  [0xfb010, 'array.', 'fill copy init_data init_elem'],
  [0xfb014, '', 'ref.test ref.test ref.cast ref.cast br_on_cast br_on_cast_fail'],
  [0xfb01a, '', 'any.convert_extern extern.convert_any ref.i31 i31.get_s i31.get_u'],

  [0xfc000, 'i32.', 'trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u'],
  [0xfc004, 'i64.', 'trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u'],
  [0xfc008, '', 'memory.init data.drop memory.copy memory.fill'],
  [0xfc00c, '', 'table.init elem.drop table.copy table.grow table.size table.fill'],

  [0xfd000, 'v128.', 'load load8x8_s load8x8_u load16x4_s load16x4_u load32x2_s load32x2_u'],
  [0xfd007, 'v128.', 'load8_splat load16_splat load32_splat load64_splat store const'],
  [0xfd00d, '', 'i8x16.shuffle i8x16.swizzle'],
  [0xfd00f, '', 'i8x16.splat i16x8.splat i32x4.splat i64x2.splat f32x4.splat f64x2.splat'],
  [0xfd015, 'i8x16.', 'extract_lane_s extract_lane_u replace_lane'],
  [0xfd018, 'i16x8.', 'extract_lane_s extract_lane_u replace_lane'],
  [0xfd01b, '', 'i32x4.extract_lane i32x4.replace_lane i64x2.extract_lane i64x2.replace_lane'],
  [0xfd01f, '', 'f32x4.extract_lane f32x4.replace_lane f64x2.extract_lane f64x2.replace_lane'],
  [0xfd023, 'i8x16.', 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'],
  [0xfd02d, 'i16x8.', 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'],
  [0xfd037, 'i32x4.', 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'],
  [0xfd041, 'f32x4.', 'eq ne lt gt le ge'],
  [0xfd047, 'f64x2.', 'eq ne lt gt le ge'],
  [0xfd04d, 'v128.', 'not and andnot or xor bitselect any_true'],
  [0xfd054, 'v128.', 'load8_lane load16_lane load32_lane load64_lane'],
  [0xfd058, 'v128.', 'store8_lane store16_lane store32_lane store64_lane load32_zero load64_zero'],
  [0xfd05e, '', 'f32x4.demote_f64x2_zero f64x2.promote_low_f32x4'],
  [0xfd060, 'i8x16.', 'abs neg popcnt all_true bitmask narrow_i16x8_s narrow_i16x8_u'],
  [0xfd067, 'f32x4.', 'ceil floor trunc nearest'],
  [0xfd06b, 'i8x16.', 'shl shr_s shr_u add add_sat_s add_sat_u sub sub_sat_s sub_sat_u'],
  [0xfd074, 'f64x2.', 'ceil floor'],
  [0xfd076, 'i8x16.', 'min_s min_u max_s max_u'],
  [0xfd07a, '', 'f64x2.trunc i8x16.avgr_u'],
  [0xfd07c, 'i16x8.', 'extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u'],
  [0xfd07e, 'i32x4.', 'extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u'],
  [0xfd080, 'i16x8.', 'abs neg q15mulr_sat_s all_true bitmask narrow_i32x4_s narrow_i32x4_u'],
  [0xfd087, 'i16x8.', 'extend_low_i8x16_s extend_high_i8x16_s extend_low_i8x16_u extend_high_i8x16_u'],
  [0xfd08b, 'i16x8.', 'shl shr_s shr_u add add_sat_s add_sat_u sub sub_sat_s sub_sat_u'],
  [0xfd094, 'f64x2.', 'nearest'],
  [0xfd095, 'i16x8.', 'mul min_s min_u max_s max_u - avgr_u'],
  [0xfd09c, 'i16x8.', 'extmul_low_i8x16_s extmul_high_i8x16_s extmul_low_i8x16_u extmul_high_i8x16_u'],
  [0xfd0a0, 'i32x4.', 'abs neg - all_true bitmask'],
  [0xfd0a7, 'i32x4.', 'extend_low_i16x8_s extend_high_i16x8_s extend_low_i16x8_u extend_high_i16x8_u'],
  [0xfd0ab, 'i32x4.', 'shl shr_s shr_u add - - sub - - - mul min_s min_u max_s max_u dot_i16x8_s'],
  [0xfd0bc, 'i32x4.', 'extmul_low_i16x8_s extmul_high_i16x8_s extmul_low_i16x8_u extmul_high_i16x8_u'],
  [0xfd0c0, 'i64x2.', 'abs neg - all_true bitmask'],
  [0xfd0c7, 'i64x2.', 'extend_low_i32x4_s extend_high_i32x4_s extend_low_i32x4_u extend_high_i32x4_u'],
  [0xfd0cb, 'i64x2.', 'shl shr_s shr_u add - - sub - - - mul eq ne lt_s gt_s le_s ge_s'],
  [0xfd0dc, 'i64x2.', 'extmul_low_i32x4_s extmul_high_i32x4_s extmul_low_i32x4_u extmul_high_i32x4_u'],
  [0xfd0e0, 'f32x4.', 'abs neg - sqrt add sub mul div min max pmin pmax'],
  [0xfd0ec, 'f64x2.', 'abs neg - sqrt add sub mul div min max pmin pmax'],
  [0xfd0f8, 'i32x4.', 'trunc_sat_f32x4_s trunc_sat_f32x4_u'],
  [0xfd0fa, 'f32x4.', 'convert_i32x4_s convert_i32x4_u'],
  [0xfd0fc, '', 'i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero'],
  [0xfd0fe, '', 'f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u'],
  [0xfd100, '', 'i8x16.relaxed_swizzle i32x4.relaxed_trunc_f32x4_s i32x4.relaxed_trunc_f32x4_u'],
  [0xfd103, 'i32x4.', 'relaxed_trunc_f64x2_s_zero relaxed_trunc_f64x2_u_zero'],
  [0xfd105, '', 'f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd'],
  [0xfd109, '', 'i8x16.relaxed_laneselect i16x8.relaxed_laneselect i32x4.relaxed_laneselect'],
  [0xfd10c, 'i64x2.', 'relaxed_laneselect'],
  [0xfd10d, '', 'f32x4.relaxed_min f32x4.relaxed_max f64x2.relaxed_min f64x2.relaxed_max'],
  [0xfd111, 'i16x8.', 'relaxed_q15mulr_s relaxed_dot_i8x16_i7x16_s'],
  [0xfd113, 'i32x4.', 'relaxed_dot_i8x16_i7x16_add_s'],

  [0xfe000, '', 'memory.atomic.notify memory.atomic.wait32 memory.atomic.wait64 atomic.fence'],
  [0xfe010, '', 'i32.atomic.load i64.atomic.load i32.atomic.load8_u i32.atomic.load16_u'],
  [0xfe014, 'i64.atomic.', 'load8_u load16_u load32_u'],
  [0xfe017, '', 'i32.atomic.store i64.atomic.store i32.atomic.store8 i32.atomic.store16'],
  [0xfe01b, 'i64.atomic.', 'store8 store16 store32'],
];

/** The first opcode, and the binary logarithms of the alignments from there on, one digit each. */
const ALIGNMENTS: readonly (readonly [first: number, logarithms: string])[] = [
  [0x28, '23230011001122'],
  [0x36, '232301012'],
  [0xfd000, '433333301234'],
  [0xfd054, '0123012323'],
  [0xfe000, '223'],
  [0xfe010, '230101223010122301012230101223010122301012230101223010122301012'],
];

let byOpcode: ReadonlyMap<number, string> | undefined;
let words: readonly string[] | undefined;
let alignmentByOpcode: ReadonlyMap<number, number> | undefined;

/** The word that an instruction begins with; undefined if there is no such instruction. */
export function mnemonic(opcode: number): string | undefined {
  byOpcode ??= collect();
  return byOpcode.get(opcode);
}

/** The words that instructions begin with. */
export function mnemonics(): readonly string[] {
  byOpcode ??= collect();
  words ??= [...new Set(byOpcode.values())];
  return words;
}

let byMnemonic: ReadonlyMap<string, number> | undefined;

/** The opcode of the instruction that begins with this word, the last one if there are several; undefined if there is none. */
export function opcodeOf(word: string): number | undefined {
  byOpcode ??= collect();
  byMnemonic ??= new Map([...byOpcode].map(([opcode, name]) => [name, opcode]));
  return byMnemonic.get(word);
}

/** The binary logarithm of the alignment that the text leaves out; undefined for instructions without memory access. */
export function naturalAlignment(opcode: number): number | undefined {
  alignmentByOpcode ??= new Map(
    ALIGNMENTS.flatMap(([first, digits]) => [...digits].map((digit, i) => [first + i, Number(digit)])),
  );
  return alignmentByOpcode.get(opcode);
}

function collect(): Map<number, string> {
  const found = new Map<number, string>();
  for (const [i, name] of atomicOperations().entries()) found.set(0xfe01e + i, name);
  for (const [first, prefix, names] of ROWS) {
    for (const [i, name] of names.split(' ').entries()) {
      if (name !== '-') found.set(first + i, prefix + name);
    }
  }
  return found;
}

/** The atomic operations, each in seven widths. */
function atomicOperations(): string[] {
  return ['add', 'sub', 'and', 'or', 'xor', 'xchg', 'cmpxchg'].flatMap((operation) => [
    `i32.atomic.rmw.${operation}`,
    `i64.atomic.rmw.${operation}`,
    `i32.atomic.rmw8.${operation}_u`,
    `i32.atomic.rmw16.${operation}_u`,
    `i64.atomic.rmw8.${operation}_u`,
    `i64.atomic.rmw16.${operation}_u`,
    `i64.atomic.rmw32.${operation}_u`,
  ]);
}
