import type { CodeEmitter } from './code-emitter.ts';
import type { CodePass, CodeWalk } from './code-pass.ts';
import type { CoverMap } from './cover-map.ts';
import type { Added } from './index-space.ts';
import { Op } from './opcodes.ts';

const I32_STORE8 = 0x3a;
/** The bit of an alignment that says that a memory's index follows. */
const HAS_MEMORY = 0x40;

/**
 * Sets the flags of a `CoverMap`.
 *
 *     at a site                   before a branch of two ways        before a branch table of n ways
 *
 *     i32.const 0                 local.tee $way                     local.tee $way
 *     i32.const 1                 local.get $way                     i32.const n-1
 *     i32.store8 cover flag       i32.eqz                            local.get $way
 *                                 i32.const 1                        i32.const n-1
 *                                 i32.store8 cover flag              i32.lt_u
 *                                                                    select
 *                                                                    i32.const 1
 *                                                                    i32.store8 cover flag
 */
export class CoverCode implements CodePass {
  readonly allowsTurns = true;
  readonly #map: CoverMap;
  readonly #cover: Added;
  #nextSite = 0;
  #nextBranch = 0;
  /** A local for the operand of a branch; -1 if there is no room for one. */
  #way = -1;

  constructor(map: CoverMap, cover: Added) {
    this.#map = map;
    this.#cover = cover;
  }

  begin(walk: CodeWalk): boolean {
    const { code } = walk.module;
    const end = code.bodyEnd[walk.definedIndex] ?? 0;
    const hasBranches = (this.#map.branches[this.#nextBranch]?.offset ?? end) < end;
    this.#way = hasBranches && walk.hasRoomForLocals(1) ? walk.addLocal('i32') : -1;
    return hasBranches || (this.#map.sites[this.#nextSite] ?? end) < end;
  }

  before({ emit, reader }: CodeWalk): void {
    const { sites, siteFlags, branches } = this.#map;
    const { start } = reader;
    if (sites[this.#nextSite] === start) {
      emit.insert(start);
      emit.constant(0);
      this.#set(emit, siteFlags[this.#nextSite] ?? 0);
      emit.resume(start);
      this.#nextSite++;
    }
    const branch = branches[this.#nextBranch];
    if (branch?.offset !== start) return;
    this.#nextBranch++;
    if (this.#way < 0) return;
    emit.insert(start);
    emit.localTee(this.#way);
    if (reader.opcode === Op.brTable) {
      emit.localGet(this.#way);
      emit.constant(branch.ways - 1);
      emit.localGet(this.#way);
      emit.constant(branch.ways - 1);
      emit.u8(Op.i32LtU);
      emit.u8(Op.select);
    } else {
      emit.localGet(this.#way);
      emit.u8(Op.i32Eqz);
    }
    this.#set(emit, branch.flag);
    emit.resume(start);
  }

  /** Copies of code would lack what sets the flags. */
  marks(_start: number, end: number): boolean {
    const { sites, branches } = this.#map;
    return (sites[this.#nextSite] ?? end) < end || (branches[this.#nextBranch]?.offset ?? end) < end;
  }

  /** Sets the flag whose number is the sum of `flag` and the operand. */
  #set(emit: CodeEmitter, flag: number): void {
    emit.constant(1);
    emit.u8(I32_STORE8);
    emit.u8(HAS_MEMORY);
    emit.u32(this.#cover.index);
    emit.u32(flag);
  }
}
