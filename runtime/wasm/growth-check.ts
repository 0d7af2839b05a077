import type { ByteWriter } from './byte-writer.ts';
import { GrowthCode, hasWideAddresses } from './growth-code.ts';
import type { Added } from './index-space.ts';
import type { ModulePlan } from './module-plan.ts';
import { Op } from './opcodes.ts';

const I64_LE_U = 0x58;
const I64_ADD = 0x7c;
const I64_SUB = 0x7d;
const I64_EXTEND_I32_U = 0xad;

/**
 * Holds all memories of a module together to a number of pages. Before each `memory.grow` it calls a function that returns the
 * number of pages on the stack, or one that no memory can grow by:
 *
 *     (func (param $pages i32) (result i32)
 *       (select (local.get $pages) (i32.const -1)
 *         (i64.le_u (i64.extend_i32_u (local.get $pages))
 *           (i64.sub (i64.extend_i32_u (global.get $limit)) (i64.add ... the sizes of all memories)))))
 *
 * The sum never exceeds the limit: the kernel makes no instance whose memories begin larger.
 */
export function checkGrowth(plan: ModulePlan): void {
  const limit = plan.importGlobal('pages', 'i32', false);
  const allow = (type: 'i32' | 'i64'): Added =>
    plan.addFunction({ params: [type], results: [type] }, (out) => writeBody(out, plan, type, limit.index));
  const narrow = allow('i32');
  const wide = allow('i64');
  const code = new GrowthCode((opcode, index) => {
    if (opcode !== Op.memoryGrow) return undefined;
    return hasWideAddresses(plan.module, index) ? wide : narrow;
  });
  plan.editCode(() => code);
}

function writeBody(
  out: ByteWriter,
  { module, spaces }: ModulePlan,
  type: 'i32' | 'i64',
  limit: number,
): void {
  const code = (...bytes: number[]): void => {
    for (const byte of bytes) out.u8(byte);
  };
  const constant = type === 'i32' ? Op.i32Const : Op.i64Const;
  code(0, Op.localGet, 0, constant);
  out.s32(-1);
  code(Op.localGet, 0);
  if (type === 'i32') code(I64_EXTEND_I32_U);
  code(Op.globalGet);
  out.u32(limit);
  code(I64_EXTEND_I32_U);
  for (const [index, { is64 }] of module.memories.entries()) {
    code(Op.memorySize);
    out.u32(spaces.memory.move(index));
    if (!is64) code(I64_EXTEND_I32_U);
    if (index > 0) code(I64_ADD);
  }
  code(I64_SUB, I64_LE_U, Op.select, Op.end);
}
