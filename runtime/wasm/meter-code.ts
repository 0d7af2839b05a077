import type { BulkWork } from './bulk-work.ts';
import type { CodePass, CodeWalk } from './code-pass.ts';
import { frameCost } from './frame-cost.ts';
import { isBulk, Op, Shape } from './opcodes.ts';
import { objectCost } from './plain-instructions.ts';

/**
 * Makes a module count its fuel exactly: every instruction and every entry into a function costs one tick, but block
 * structure costs nothing. So does a call of a function with few locals; hundreds of them are charged. Instructions that fill, copy or allocate much cost more, by their length: see `BulkWork`.
 *
 * Costs are added up along straight code and charged to a global where control may leave it. So at every call, branch
 * and loop head, exactly what was executed has been charged. Function entries and loop heads look at the tank. When it
 * is empty, `refuel` returns how much to add, or does not return.
 * Source: Wasmtime's default cost model (`func_environ.rs`, `fuel_before_op`).
 */
export class MeterCode implements CodePass {
  readonly #refuel: number;
  readonly #tank: number;
  readonly #bulk: BulkWork;
  #pending = 0;

  /**
   * @param refuel function index, in the rewritten module, of `() -> i32`
   * @param tank global index, in the rewritten module, of a mutable i32: ticks left
   * @param bulk charges for bulk instructions
   */
  constructor(refuel: number, tank: number, bulk: BulkWork) {
    this.#refuel = refuel;
    this.#tank = tank;
    this.#bulk = bulk;
  }

  begin(walk: CodeWalk): boolean {
    this.#bulk.begin(walk);
    this.#pending = 1 + frameCost(walk.module.code.localCount[walk.definedIndex] ?? 0);
    return true;
  }

  enter(walk: CodeWalk): void {
    const { emit, reader } = walk;
    emit.insert(reader.position);
    this.#check(walk);
    emit.resume(reader.position);
  }

  before(walk: CodeWalk): void {
    const { emit, reader } = walk;
    if (!isFree(reader.opcode)) this.#pending++;
    if (reader.opcode >> 12 === 0xfb) this.#pending += objectCost(walk.module.types, reader);
    if (isBulk(reader.opcode)) this.#bulk.before(walk);
    if (this.#pending > 0 && endsStraightCode(reader.opcode, reader.shape)) {
      emit.insert(reader.start);
      emit.globalGet(this.#tank);
      emit.constant(this.#pending);
      emit.u8(Op.i32Sub);
      emit.globalSet(this.#tank);
      emit.resume(reader.start);
      this.#pending = 0;
    }
  }

  replace(walk: CodeWalk): boolean {
    return isBulk(walk.reader.opcode) && this.#bulk.replace(walk);
  }

  after(walk: CodeWalk): void {
    const { emit, reader } = walk;
    if (reader.opcode !== Op.loop) return;
    emit.insert(reader.position);
    this.#check(walk);
    emit.resume(reader.position);
  }

  /** All code is marked, since the pass charges in every block. */
  marks(): boolean {
    return true;
  }

  #check(walk: CodeWalk): void {
    const { emit } = walk;
    emit.globalGet(this.#tank);
    emit.constant(0);
    emit.u8(Op.i32LeS);
    emit.unlikelyIf();
    emit.call(this.#refuel);
    emit.globalGet(this.#tank);
    emit.u8(Op.i32Add);
    emit.globalSet(this.#tank);
    emit.u8(Op.end);
  }
}

function isFree(opcode: number): boolean {
  switch (opcode) {
    case Op.nop:
    case Op.drop:
    case Op.block:
    case Op.loop:
    case Op.unreachable:
    case Op.return:
    case Op.else:
    case Op.end:
    case Op.try:
    case Op.catch:
    case Op.catchAll:
    case Op.delegate:
    case Op.tryTable:
      return true;
    default:
      return false;
  }
}

function endsStraightCode(opcode: number, kind: number): boolean {
  switch (opcode) {
    case Op.unreachable:
    case Op.loop:
    case Op.if:
    case Op.else:
    case Op.catch:
    case Op.catchAll:
    case Op.end:
    case Op.return:
    case Op.throw:
    case Op.throwRef:
    case Op.call:
    case Op.callIndirect:
    case Op.callRef:
    case Op.returnCall:
    case Op.returnCallIndirect:
    case Op.returnCallRef:
      return true;
    default:
      return kind === Shape.label || kind === Shape.labelTable || kind === Shape.castLabel;
  }
}
