import { InstructionReader } from './instruction-reader.ts';
import type { WasmModule } from './module.ts';
import { readValueType, type ValueType } from './value-type.ts';

/** The most locals that a frame keeps. */
export const MOST_KEPT = 64;

/** Bytes before the first local: the offset of the instruction that the function is at, and four that are not used. */
const HEADER_SIZE = 8;

/** The types of locals that can be kept: those of numbers and vectors, not references. */
export const KEPT_TYPES = ['i32', 'i64', 'f32', 'f64', 'v128'] as const;
export type KeptType = (typeof KEPT_TYPES)[number];

/** A local in a frame. */
export interface KeptLocal {
  /** Its index in the function. */
  readonly index: number;
  readonly type: KeptType;
  /** Bytes from the start of the frame. */
  readonly at: number;
}

/**
 * How a call of a function is kept in the memory of frames (`probe-pass.ts`): its header, then its locals.
 *
 *     at  0          4           8          8 + size of the first local
 *         | site u32 | (unused)  | local    | local ...
 */
export interface FrameLayout {
  readonly locals: readonly KeptLocal[];
  /** Bytes, a multiple of eight. */
  readonly size: number;
}

/**
 * @param defined number of the function, counted from the first defined one
 * @param wanted indices of the locals to keep; default: all. The first ones of those that can be kept are
 * @param most how many are kept at most. Default: as many as a frame can keep
 */
export function frameLayout(
  module: WasmModule,
  defined: number,
  wanted?: readonly number[],
  most = MOST_KEPT,
): FrameLayout {
  const groups = localGroups(module, defined);
  const kept: Omit<KeptLocal, 'at'>[] = [];
  for (const index of wanted ?? keepable(groups)) {
    if (kept.length === most) break;
    const type = groups.find(({ end }) => index < end)?.type;
    if (isKept(type)) kept.push({ index, type });
  }
  return layoutOf(kept);
}

/** The layout of a frame that keeps these locals, in this order. */
export function layoutOf(kept: readonly Omit<KeptLocal, 'at'>[]): FrameLayout {
  const locals: KeptLocal[] = [];
  let at = HEADER_SIZE;
  for (const { index, type } of kept) {
    locals.push({ index, type, at });
    at += type === 'v128' ? 16 : 8;
  }
  return { locals, size: at };
}

/** Of functions without locals, and of what keeps none. */
export const NO_LOCALS: FrameLayout = layoutOf([]);

/** Locals of one type, up to an index. A function may have 50,000 locals, and a module as many functions. */
interface LocalGroup {
  readonly type: ValueType;
  readonly end: number;
}

/** The parameters of a function and its other locals. */
function localGroups(module: WasmModule, defined: number): LocalGroup[] {
  const { code } = module;
  const parameters = module.functionType(module.importedFunctions + defined)?.params ?? [];
  const groups = parameters.map((type, i) => ({ type, end: i + 1 }));
  let end = groups.length;
  const reader = new InstructionReader(
    module.bytes,
    code.bodyStart[defined] ?? 0,
    code.codeStart[defined] ?? 0,
    'local declarations',
  );
  for (let left = reader.u32('groups of locals'); left > 0; left--) {
    end += reader.u32('a number of locals');
    groups.push({ type: readValueType(reader), end });
  }
  return groups;
}

/** The indices of the locals that can be kept. */
function* keepable(groups: readonly LocalGroup[]): Generator<number> {
  let index = 0;
  for (const { type, end } of groups) {
    if (isKept(type)) while (index < end) yield index++;
    index = end;
  }
}

function isKept(type: ValueType | undefined): type is KeptType {
  return KEPT_TYPES.some((kept) => kept === type);
}
