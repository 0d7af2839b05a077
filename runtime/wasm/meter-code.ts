import type { CodePass, CodeWalk } from './code-pass.ts';
import { op, shape } from './opcodes.ts';

/**
 * Exact fuel: every instruction costs one tick, structure nothing, and entering a function one.
 *
 * Costs are added up along straight code and charged to a global where control may leave it, so what was charged
 * at any call, branch or loop head is what was executed. The tank is looked at on function entry and at loop heads;
 * when it is empty, `refuel` says how much is added, or does not return.
 * Source: Wasmtime's default cost model (`func_environ.rs`, `fuel_before_op`).
 */
export class MeterCode implements CodePass {
  readonly #refuel: number;
  readonly #tank: number;
  #pending = 0;

  /**
   * @param refuel function index, in the rewritten module, of `() -> i32`
   * @param tank global index, in the rewritten module, of a mutable i32: ticks left
   */
  constructor(refuel: number, tank: number) {
    this.#refuel = refuel;
    this.#tank = tank;
  }

  begin(): boolean {
    this.#pending = 1;
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
    if (this.#pending > 0 && endsStraightCode(reader.opcode, reader.shape)) {
      emit.insert(reader.start);
      emit.globalGet(this.#tank);
      emit.constant(this.#pending);
      emit.u8(op.i32Sub);
      emit.globalSet(this.#tank);
      emit.resume(reader.start);
      this.#pending = 0;
    }
  }

  after(walk: CodeWalk): void {
    const { emit, reader } = walk;
    if (reader.opcode !== op.loop) return;
    emit.insert(reader.position);
    this.#check(walk);
    emit.resume(reader.position);
  }

  /** It charges in every block. */
  marks(): boolean {
    return true;
  }

  #check(walk: CodeWalk): void {
    const { emit } = walk;
    emit.globalGet(this.#tank);
    emit.constant(0);
    emit.u8(op.i32LeS);
    emit.unlikelyIf();
    emit.call(this.#refuel);
    emit.globalGet(this.#tank);
    emit.u8(op.i32Add);
    emit.globalSet(this.#tank);
    emit.u8(op.end);
  }
}

function isFree(opcode: number): boolean {
  switch (opcode) {
    case op.nop:
    case op.drop:
    case op.block:
    case op.loop:
    case op.unreachable:
    case op.return:
    case op.else:
    case op.end:
    case op.try:
    case op.catch:
    case op.catchAll:
    case op.delegate:
    case op.tryTable:
      return true;
    default:
      return false;
  }
}

function endsStraightCode(opcode: number, kind: number): boolean {
  switch (opcode) {
    case op.unreachable:
    case op.loop:
    case op.if:
    case op.else:
    case op.catch:
    case op.catchAll:
    case op.end:
    case op.return:
    case op.throw:
    case op.throwRef:
    case op.call:
    case op.callIndirect:
    case op.callRef:
    case op.returnCall:
    case op.returnCallIndirect:
    case op.returnCallRef:
      return true;
    default:
      return kind === shape.label || kind === shape.labelTable || kind === shape.castLabel;
  }
}
