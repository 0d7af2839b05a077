import { GrowthCode, hasWideAddresses } from './growth-code.ts';
import type { Added } from './index-space.ts';
import type { TableType } from './module.ts';
import type { ModulePlan } from './module-plan.ts';
import { Op } from './opcodes.ts';
import type { Pass } from './pass.ts';

const I32_WRAP_I64 = 0xa7;
const I64_EXTEND_I32_S = 0xac;
const I64_SHR_U = 0x88;
const I64_EQZ = 0x50;
const LE_U = { i32: 0x4d, i64: 0x58 } as const;
const SUB = { i32: 0x6b, i64: 0x7d } as const;

/** Elements that no table can have more of, in any engine. */
const MOST_ELEMENTS = 10_000_000;

/**
 * Asks the host before memories and tables grow, by the imports of `lunatic:kernel` that a module needs:
 *
 *  - `grow: (pages: i32) -> i32` before each `memory.grow`. It returns the number of pages, or -1, by which no memory can grow.
 *  - `growTable: (elements: i32)` before each `table.grow` that can succeed.
 */
export const growthPass: Pass = {
  name: 'growth',
  declare(plan) {
    const grown = [...plan.module.code.bulk];
    const memories = grown.filter(({ opcode }) => opcode === Op.memoryGrow).map(({ index }) => index);
    const tables = grown.filter(({ opcode }) => opcode === Op.tableGrow).map(({ index }) => index);
    if (memories.length === 0 && tables.length === 0) return;
    const ofMemory = memories.length === 0 ? () => undefined : askForMemories(plan, memories);
    const ofTable = tables.length === 0 ? () => undefined : askForTables(plan, tables);
    plan.editCode(
      () => new GrowthCode((opcode, index) => (opcode === Op.memoryGrow ? ofMemory(index) : ofTable(index))),
    );
  },
};

/**
 * For a 64-bit memory the host is asked by
 *
 *     (func (param $pages i64) (result i64)
 *       (if (result i64) (i64.eqz (i64.shr_u (local.get $pages) (i64.const 31)))
 *         (then (i64.extend_i32_s (call $grow (i32.wrap_i64 (local.get $pages)))))
 *         (else (i64.const -1))))
 */
function askForMemories(plan: ModulePlan, indexes: readonly number[]): (index: number) => Added {
  const { module } = plan;
  const grow = plan.importFunction('grow', { params: ['i32'], results: ['i32'] });
  if (!indexes.some((index) => hasWideAddresses(module, index))) return () => grow;
  const wide = plan.addFunction({ params: ['i64'], results: ['i64'] }, (out) => {
    for (const byte of [0, Op.localGet, 0, Op.i64Const, 31, I64_SHR_U, I64_EQZ, Op.if, 0x7e]) out.u8(byte);
    for (const byte of [Op.localGet, 0, I32_WRAP_I64, Op.call]) out.u8(byte);
    out.u32(grow.index);
    for (const byte of [I64_EXTEND_I32_S, Op.else, Op.i64Const, 0x7f, Op.end, Op.end]) out.u8(byte);
  });
  return (index) => (hasWideAddresses(module, index) ? wide : grow);
}

/**
 * For each table that grows, a function of the type of its addresses:
 *
 *     (func (param $elements i32) (result i32)
 *       (if (i32.le_u (local.get $elements) (i32.sub (i32.const the most elements) (table.size)))
 *         (then (call $growTable (local.get $elements))))
 *       (local.get $elements))
 *
 * With more elements `table.grow` fails, and costs nothing.
 */
function askForTables(plan: ModulePlan, indexes: readonly number[]): (index: number) => Added | undefined {
  const { module, spaces } = plan;
  const growTable = plan.importFunction('growTable', { params: ['i32'], results: [] });
  const types: TableType[] = module.imports.flatMap((entry) => (entry.kind === 'table' ? [entry.table] : []));
  types.push(...module.tables);
  const checks = new Map<number, Added>();
  for (const index of indexes) {
    const table = types[index];
    if (table === undefined) continue;
    const type = table.is64 ? 'i64' : 'i32';
    const check = plan.addFunction({ params: [type], results: [type] }, (out) => {
      for (const byte of [0, Op.localGet, 0, table.is64 ? Op.i64Const : Op.i32Const]) out.u8(byte);
      out.s32(Math.min(plan.maximumOf(table) ?? MOST_ELEMENTS, MOST_ELEMENTS));
      for (const byte of [Op.tableSize >> 12, Op.tableSize & 0xfff]) out.u8(byte);
      out.u32(spaces.table.move(index));
      for (const byte of [SUB[type], LE_U[type], Op.if, 0x40, Op.localGet, 0]) out.u8(byte);
      if (table.is64) out.u8(I32_WRAP_I64);
      out.u8(Op.call);
      out.u32(growTable.index);
      for (const byte of [Op.end, Op.localGet, 0, Op.end]) out.u8(byte);
    });
    checks.set(index, check);
  }
  return (index) => checks.get(index);
}
