/**
 * A pass only for tests. It counts every instruction that is executed, every turn of a loop and every call, and it
 * brings something of each kind that a pass can bring. Whatever other passes do, the counts must be the same.
 */
import type { Added, CodePass, CodeWalk, Pass } from '../../../runtime/wasm/index.ts';
import { Op } from '../../../runtime/wasm/opcodes.ts';

const PAGE = { initial: 1, maximum: 1, shared: false, is64: false };
const I32_LOAD = 0x28;
const I32_STORE = 0x36;
const I64_ADD = 0x7c;
const FOUR_BYTES = 2;
const NAMES_MEMORY = 0x40;
/** Where turns and calls are counted, in the memory that is imported and in that of the pass. */
const TURNS_AT = 8;
const CALLS_AT = 16;
/** One in this many functions calls the host when it is entered: not every one, since that takes long. */
const FUNCTIONS_PER_HOST_CALL = 16;

export const countPass: Pass = {
  name: 'count',
  declare(plan) {
    const entered = plan.importFunction('entered', { params: ['i32'], results: [] });
    const counted = plan.importGlobal('counted', 'i64', true);
    const counts = plan.importMemory('counts', PAGE);
    plan.importTable('observers', 'funcref', { initial: 1, shared: false, is64: false });
    plan.addTable('externref', { initial: 1, shared: false, is64: false });
    const ownCounts = plan.addMemory(PAGE);
    const calls = plan.addGlobal('i32', 0);
    plan.addExport('lunatic:calls', 'global', calls);
    plan.exportStart();
    // Adds 1 to the number at an address, in both memories.
    const note = plan.addFunction({ params: ['i32'], results: [] }, (out) => {
      out.u32(0);
      for (const memory of [counts, ownCounts]) {
        const access = (opcode: number) => {
          for (const byte of [opcode, FOUR_BYTES | NAMES_MEMORY]) out.u8(byte);
          out.u32(memory.index);
          out.u32(0);
        };
        for (const byte of [Op.localGet, 0, Op.localGet, 0]) out.u8(byte);
        access(I32_LOAD);
        for (const byte of [Op.i32Const, 1, Op.i32Add]) out.u8(byte);
        access(I32_STORE);
      }
      out.u8(Op.end);
    });
    plan.editCode(() => new CountCode(entered, counted, calls, note));
  },
};

class CountCode implements CodePass {
  readonly #entered: Added;
  readonly #counted: Added;
  readonly #calls: Added;
  readonly #note: Added;
  /** A local that holds 1; -1 where no local could be added. */
  #one = -1;

  constructor(entered: Added, counted: Added, calls: Added, note: Added) {
    this.#entered = entered;
    this.#counted = counted;
    this.#calls = calls;
    this.#note = note;
  }

  begin(walk: CodeWalk): boolean {
    this.#one = walk.hasRoomForLocals(1) ? walk.addLocal('i64') : -1;
    return true;
  }

  enter({ emit, reader, functionIndex }: CodeWalk): void {
    emit.insert(reader.position);
    if (this.#one >= 0) {
      this.#pushOne(emit);
      emit.localSet(this.#one);
    }
    emit.globalGet(this.#calls.index);
    emit.constant(1);
    emit.u8(Op.i32Add);
    emit.globalSet(this.#calls.index);
    emit.constant(CALLS_AT);
    emit.call(this.#note.index);
    if (functionIndex % FUNCTIONS_PER_HOST_CALL === 0) {
      emit.constant(functionIndex);
      emit.call(this.#entered.index);
    }
    emit.resume(reader.position);
  }

  before({ emit, reader }: CodeWalk): void {
    emit.insert(reader.start);
    emit.globalGet(this.#counted.index);
    if (this.#one >= 0) emit.localGet(this.#one);
    else this.#pushOne(emit);
    emit.u8(I64_ADD);
    emit.globalSet(this.#counted.index);
    emit.resume(reader.start);
  }

  after({ emit, reader }: CodeWalk): void {
    if (reader.opcode !== Op.loop) return;
    emit.insert(reader.position);
    emit.constant(TURNS_AT);
    emit.call(this.#note.index);
    emit.resume(reader.position);
  }

  marks(): boolean {
    return true;
  }

  #pushOne(emit: CodeWalk['emit']): void {
    emit.u8(Op.i64Const);
    emit.s32(1);
  }
}

/** What the host provides for the pass, and reads its counts from. */
export class Counts {
  readonly #instructions = new WebAssembly.Global({ value: 'i64', mutable: true }, 0n);
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  readonly #turns = new Int32Array(this.#memory.buffer, TURNS_AT, 1);
  readonly #calls = new Int32Array(this.#memory.buffer, CALLS_AT, 1);
  #hostCalls = 0;

  get imports(): Record<string, WebAssembly.ImportValue> {
    return {
      entered: () => this.#hostCalls++,
      counted: this.#instructions,
      counts: this.#memory,
      observers: new WebAssembly.Table({ element: 'anyfunc', initial: 1 }),
    };
  }

  /** What was counted since the last call of this method. */
  take(): { instructions: number; turns: number; calls: number; hostCalls: number } {
    const taken = {
      instructions: Number(this.#instructions.value),
      turns: this.#turns[0] ?? 0,
      calls: this.#calls[0] ?? 0,
      hostCalls: this.#hostCalls,
    };
    this.#instructions.value = 0n;
    this.#turns[0] = 0;
    this.#calls[0] = 0;
    this.#hostCalls = 0;
    return taken;
  }
}
