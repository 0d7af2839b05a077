import type { WriteCharge } from './bulk-pieces.ts';
import type { Added } from './index-space.ts';
import { Op } from './opcodes.ts';

/**
 * Returns what writes code that charges an account.
 * @param account a mutable i32 global
 * @param isOver an instruction that compares what is left with zero
 * @param refill opcodes and operands, of which the last leaves on the stack what the account has from then on
 */
export function writeChargeTo(
  account: Added,
  isOver: number,
  refill: () => readonly [opcode: number, operand?: number][],
): WriteCharge {
  return (out, pushUnits) => {
    out.u8(Op.globalGet);
    out.u32(account.index);
    pushUnits();
    out.u8(Op.i32Sub);
    out.u8(Op.globalSet);
    out.u32(account.index);
    out.u8(Op.globalGet);
    out.u32(account.index);
    out.u8(Op.i32Const);
    out.s32(0);
    out.u8(isOver);
    out.u8(Op.if);
    out.u8(0x40);
    for (const [opcode, operand] of refill()) {
      out.u8(opcode);
      if (operand === undefined) continue;
      if (opcode === Op.i32Const) out.s32(operand);
      else out.u32(operand);
    }
    out.u8(Op.globalSet);
    out.u32(account.index);
    out.u8(Op.end);
  };
}
