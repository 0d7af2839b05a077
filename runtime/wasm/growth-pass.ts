import { GrowthCode, hasWideAddresses } from './growth-code.ts';
import { Op } from './opcodes.ts';
import type { Pass } from './pass.ts';

const I32_WRAP_I64 = 0xa7;
const I64_EXTEND_I32_S = 0xac;
const I64_SHR_U = 0x88;
const I64_EQZ = 0x50;

/**
 * Asks the host before each `memory.grow`, by calling `lunatic:kernel`.`grow: (pages: i32) -> i32`, which returns the number of
 * pages, or -1, by which no memory can grow. For a 64-bit memory it is called by
 *
 *     (func (param $pages i64) (result i64)
 *       (if (result i64) (i64.eqz (i64.shr_u (local.get $pages) (i64.const 31)))
 *         (then (i64.extend_i32_s (call $grow (i32.wrap_i64 (local.get $pages)))))
 *         (else (i64.const -1))))
 */
export const growthPass: Pass = {
  name: 'growth',
  declare(plan) {
    const { module } = plan;
    const grown = [...module.code.bulk].filter(({ opcode }) => opcode === Op.memoryGrow);
    if (grown.length === 0) return;
    const grow = plan.importFunction('grow', { params: ['i32'], results: ['i32'] });
    const hasWide = grown.some(({ index }) => hasWideAddresses(module, index));
    const wide = hasWide
      ? plan.addFunction({ params: ['i64'], results: ['i64'] }, (out) => {
          for (const byte of [0, Op.localGet, 0, Op.i64Const, 31, I64_SHR_U, I64_EQZ, Op.if, 0x7e])
            out.u8(byte);
          for (const byte of [Op.localGet, 0, I32_WRAP_I64, Op.call]) out.u8(byte);
          out.u32(grow.index);
          for (const byte of [I64_EXTEND_I32_S, Op.else, Op.i64Const, 0x7f, Op.end, Op.end]) out.u8(byte);
        })
      : grow;
    plan.editCode(() => new GrowthCode(grow, wide));
  },
};
