import { type BulkKind, bulkKey } from './bulk-kind.ts';
import { type BulkHelper, BulkPieces, type WriteCharge } from './bulk-pieces.ts';
import { type CodeEmitter, NO_TYPE } from './code-emitter.ts';
import type { CodeWalk } from './code-pass.ts';
import { BodyFlag } from './code-survey.ts';
import type { ModulePlan } from './module-plan.ts';
import { Op } from './opcodes.ts';

/** How a kind of bulk instruction is charged for. */
interface Helper extends BulkHelper {
  /** A type that takes its parameters; -1 if it is given the length alone. */
  readonly typeIndex: number;
  readonly isWide: boolean;
}

/**
 * Charges instructions that fill, copy or allocate by how much they do, and has long ones done in pieces, between which
 * others may run. Short ones are part of the path that they lie on:
 *
 *     local.tee $length
 *     (if (i32.ge_u (local.get $length) (i32.const 1024))       with the operands as parameters
 *       (then (call $helper) (memory.fill))                     charges, and leaves the last piece to do
 *       (else (memory.fill)))                                   the engine still sees a length that is constant
 *
 * Where no local could be added, the helper is always called. If the whole is out of bounds, nothing is done before the trap.
 */
export class BulkWork {
  readonly #helpers = new Map<string, Helper>();
  #hasWide = false;
  /** Locals for a length; -1 where none could be added. */
  #scratch = -1;
  #wideScratch = -1;

  /** @param shortest bytes of memory from which on an instruction is worth a charge of its own */
  constructor(plan: ModulePlan, charge: WriteCharge, shortest: number) {
    const pieces = new BulkPieces(plan, charge);
    for (const kind of plan.module.code.bulk)
      this.#helpers.set(bulkKey(kind), this.#add(plan, pieces, kind, shortest));
  }

  #add(plan: ModulePlan, pieces: BulkPieces, kind: BulkKind, shortest: number): Helper {
    const helper = pieces.add(kind, shortest);
    const isWide = helper.params.at(-1) === 'i64';
    this.#hasWide ||= isWide;
    const typeIndex =
      helper.write === undefined ? -1 : plan.typeIndex({ params: helper.params, results: [] });
    return { ...helper, typeIndex, isWide };
  }

  /** Called when a function begins. */
  begin(walk: CodeWalk): void {
    const flags = walk.module.code.flags[walk.definedIndex] ?? 0;
    const hasRoom = (flags & BodyFlag.bulk) !== 0 && walk.hasRoomForLocals(2);
    this.#scratch = hasRoom ? walk.addLocal('i32') : -1;
    this.#wideScratch = hasRoom && this.#hasWide ? walk.addLocal('i64') : -1;
  }

  /** Called before a bulk instruction. Charges by the length alone, where nothing is done in its place. */
  before(walk: CodeWalk): void {
    const { reader, emit } = walk;
    const helper = this.#helpers.get(bulkKey(reader));
    if (helper === undefined || helper.write !== undefined) return;
    const scratch = this.#scratchOf(helper);
    emit.insert(reader.start);
    if (helper.from === 0 || scratch < 0) {
      emit.call(helper.target.index);
    } else {
      emit.localTee(scratch);
      this.#ifLong(emit, helper, NO_TYPE);
      emit.localGet(scratch);
      emit.call(helper.target.index);
      emit.localSet(scratch);
      emit.u8(Op.end);
      emit.localGet(scratch);
    }
    emit.resume(reader.start);
  }

  /** Writes what stands in place of a bulk instruction, or returns false. */
  replace(walk: CodeWalk): boolean {
    const { reader, emit } = walk;
    const helper = this.#helpers.get(bulkKey(reader));
    if (helper?.write === undefined) return false;
    const scratch = this.#scratchOf(helper);
    emit.insert(reader.start);
    if (helper.from === 0 || scratch < 0) {
      emit.call(helper.target.index);
      helper.write(emit);
    } else {
      emit.localTee(scratch);
      emit.localGet(scratch);
      this.#ifLong(emit, helper, helper.typeIndex);
      emit.call(helper.target.index);
      helper.write(emit);
      emit.u8(Op.else);
      helper.write(emit);
      emit.u8(Op.end);
    }
    emit.resume(reader.position);
    return true;
  }

  #scratchOf({ isWide }: Helper): number {
    return isWide ? this.#wideScratch : this.#scratch;
  }

  /** Opens an `if` that takes the length from the stack. */
  #ifLong(emit: CodeEmitter, { isWide, from }: Helper, type: number): void {
    emit.u8(isWide ? Op.i64Const : Op.i32Const);
    emit.s32(from);
    emit.u8(isWide ? Op.i64GeU : Op.i32GeU);
    emit.unlikelyIf(type);
  }
}
