import type { CodeEmitter } from './code-emitter.ts';
import type { CodePass, CodeWalk } from './code-pass.ts';
import { type FrameLayout, type KeptLocal, NO_LOCALS } from './frame-layout.ts';
import { KeptLocals } from './kept-locals.ts';
import { liveLocals } from './live-locals.ts';
import { LocalSet } from './local-set.ts';
import { Op } from './opcodes.ts';
import {
  FRAMES_LIMIT,
  FRAMES_SIZE,
  type ProbeParts,
  writeByteLoad,
  writeLoad,
  writeStore,
} from './probe-parts.ts';
import { isHarmless } from './settled-locals.ts';

/** Locals that the pass adds to a function. */
const OWN_LOCALS = 2;
const I32_GE_U = 0x4f;
const I32_AND = 0x71;
const I32_OR = 0x72;

/** Writes the probes, and the frames before calls; see `probePass`. */
export class ProbeCode implements CodePass {
  readonly #parts: ProbeParts;
  /** The next site, a place in the list of all. */
  #next = 0;
  /** Whether the function has sites. */
  #hasSites = false;
  #layout: FrameLayout = NO_LOCALS;
  /** The local with the address of the function's frame. */
  #frame = -1;
  /** The local that tells whether sites probe. */
  #armed = -1;
  readonly #kept = new KeptLocals();
  /** By site, the locals that may still be read; null if all are handed over and taken back at each. */
  #live: Map<number, LocalSet> | null = null;
  /** Whether a handler may begin at any end of a block from here on. */
  #catches = false;
  /** Whether the code at hand is the beginning of the function; see `settledLocals`. */
  #begins = false;
  /** Places of the locals that have their values when that is over. */
  readonly #early = new LocalSet();

  constructor(parts: ProbeParts) {
    this.#parts = parts;
  }

  begin(walk: CodeWalk): boolean {
    const { code } = walk.module;
    const i = walk.definedIndex;
    const { offsets } = this.#parts;
    while ((offsets[this.#next] ?? Number.POSITIVE_INFINITY) < (code.codeStart[i] ?? 0)) this.#next++;
    this.#hasSites = (offsets[this.#next] ?? Number.POSITIVE_INFINITY) < (code.bodyEnd[i] ?? 0);
    this.#layout = this.#parts.layouts[i] ?? NO_LOCALS;
    const calls = code.firstCall[i] !== code.firstCall[i + 1];
    const isWorth = this.#hasSites || calls || this.#layout.locals.length > 0;
    if (!isWorth || !walk.hasRoomForLocals(OWN_LOCALS)) return false;
    this.#frame = walk.addLocal('i32');
    if (this.#hasSites) this.#armed = walk.addLocal('i32');
    this.#catches = false;
    this.#kept.begin(walk, this.#layout);
    this.#live = this.#liveLocals(walk);
    this.#begins = true;
    this.#early.clear();
    const parameters = walk.module.functionType(walk.functionIndex)?.params.length ?? 0;
    for (const [place, { index }] of this.#layout.locals.entries())
      if (index < parameters) this.#early.add(place);
    return true;
  }

  #liveLocals({ module, definedIndex }: CodeWalk): Map<number, LocalSet> | null {
    const { offsets, mostHanded } = this.#parts;
    const { locals } = this.#layout;
    const end = module.code.bodyEnd[definedIndex] ?? 0;
    let last = this.#next;
    while ((offsets[last] ?? Number.POSITIVE_INFINITY) < end) last++;
    if ((last - this.#next) * locals.length <= mostHanded) return null;
    const placeOf = new Map(locals.map(({ index }, place) => [index, place]));
    return liveLocals(module, definedIndex, placeOf, offsets.subarray(this.#next, last));
  }

  enter(walk: CodeWalk): void {
    // Without sites, many small functions need no frame.
    if (!this.#hasSites) return;
    const { emit, reader } = walk;
    emit.insert(reader.position);
    this.#findFrame(walk);
    this.#readArmed(walk);
    emit.resume(reader.position);
  }

  #findFrame({ emit }: CodeWalk): void {
    const { frame } = this.#parts;
    emit.globalGet(frame.index);
    emit.localTee(this.#frame);
    emit.constant(FRAMES_SIZE - 1);
    emit.u8(I32_AND);
    emit.constant(FRAMES_LIMIT);
    emit.u8(I32_GE_U);
    emit.unlikelyIf();
    emit.localGet(this.#frame);
    emit.constant(-FRAMES_SIZE);
    emit.u8(I32_AND);
    emit.constant(FRAMES_LIMIT);
    emit.u8(I32_OR);
    emit.localSet(this.#frame);
    emit.u8(Op.end);
  }

  before(walk: CodeWalk): void {
    const { reader } = walk;
    const { offsets } = this.#parts;
    // What is not the offset of an instruction is no site.
    while ((offsets[this.#next] ?? Number.POSITIVE_INFINITY) < reader.start) this.#next++;
    if (offsets[this.#next] === reader.start) this.#probe(walk);
    if (this.#begins) this.#begin(walk);
    const wanted = this.#kept.before(reader);
    if (wanted !== undefined) this.#keepLocals(walk, wanted);
    switch (reader.opcode) {
      case Op.call:
      case Op.callIndirect:
      case Op.callRef:
        this.#keepFrame(walk);
        return;
      case Op.returnCall:
      case Op.returnCallIndirect:
      case Op.returnCallRef:
        this.#giveFrame(walk);
        return;
    }
  }

  /** At the end of the function's beginning, writes what is known by then: the function may trap anywhere behind it. */
  #begin(walk: CodeWalk): void {
    const { emit, reader } = walk;
    const { opcode, index, start } = reader;
    if (isHarmless(opcode)) {
      if (opcode !== Op.localSet && opcode !== Op.localTee) return;
      const place = this.#layout.locals.findIndex((local) => local.index === index);
      if (place >= 0) this.#early.add(place);
      return;
    }
    this.#begins = false;
    emit.insert(start);
    if (!this.#hasSites) this.#findFrame(walk);
    for (const [place, local] of this.#layout.locals.entries()) {
      if (!this.#early.has(place)) continue;
      this.#writeLocal(emit, local);
      this.#kept.keep(place);
    }
    emit.resume(start);
  }

  after(walk: CodeWalk): void {
    if (!this.#hasSites) return;
    const { emit, reader } = walk;
    switch (reader.opcode) {
      case Op.tryTable:
        this.#catches = true;
        return;
      case Op.end:
        if (!this.#catches || walk.labels.depth === 0) return;
        break;
      case Op.call:
      case Op.callIndirect:
      case Op.callRef:
      case Op.loop:
      case Op.catch:
      case Op.catchAll:
        break;
      default:
        return;
    }
    emit.insert(reader.position);
    this.#readArmed(walk);
    emit.resume(reader.position);
  }

  /**
   * All code of a function with sites is marked: a loop that is copied would pass them unseen. In other functions, nothing is written
   * into loops without calls, and no others are copied.
   */
  marks(): boolean {
    return this.#hasSites;
  }

  #readArmed({ emit, definedIndex }: CodeWalk): void {
    if (!this.#hasSites) return;
    const { armed, step } = this.#parts;
    writeByteLoad(emit, armed.index, definedIndex);
    emit.globalGet(step.index);
    emit.u8(I32_OR);
    emit.localSet(this.#armed);
  }

  #probe(walk: CodeWalk): void {
    const { emit, reader } = walk;
    emit.insert(reader.start);
    emit.localGet(this.#armed);
    emit.unlikelyIf();
    if (this.#live === null) this.#handAll(walk);
    else this.#handChanged(walk, this.#live.get(reader.start));
    emit.u8(Op.end);
    emit.resume(reader.start);
  }

  #handAll({ emit, reader }: CodeWalk): void {
    const { locals } = this.#layout;
    emit.localGet(this.#frame);
    emit.constant(reader.start);
    for (const { index } of locals) emit.localGet(index);
    emit.call(this.#parts.helperOf(this.#layout).index);
    for (const { index } of locals.toReversed()) emit.localSet(index);
  }

  #handChanged({ emit, reader }: CodeWalk, live: LocalSet | undefined): void {
    const { frames, helperOf } = this.#parts;
    for (const [place, local] of this.#layout.locals.entries())
      if (!this.#kept.has(place)) this.#writeLocal(emit, local);
    emit.localGet(this.#frame);
    emit.constant(reader.start);
    emit.call(helperOf(NO_LOCALS).index);
    for (const [place, { index, type, at }] of this.#layout.locals.entries()) {
      if (live?.has(place) !== true) continue;
      emit.localGet(this.#frame);
      writeLoad(emit, type, frames.index, at);
      emit.localSet(index);
    }
  }

  /** Writes the frame as it is before the call at hand, behind which the callee's frame begins. */
  #keepFrame({ emit, reader }: CodeWalk): void {
    const { frames, frame } = this.#parts;
    const { locals, size } = this.#layout;
    emit.insert(reader.start);
    emit.localGet(this.#frame);
    emit.constant(reader.start);
    writeStore(emit, 'i32', frames.index, 0);
    for (const [place, local] of locals.entries()) {
      if (this.#kept.has(place)) continue;
      this.#writeLocal(emit, local);
      this.#kept.keep(place);
    }
    emit.localGet(this.#frame);
    emit.constant(size);
    emit.u8(Op.i32Add);
    emit.globalSet(frame.index);
    emit.resume(reader.start);
  }

  /** Writes locals before a loop whose turns would write them again and again. */
  #keepLocals({ emit, reader }: CodeWalk, wanted: LocalSet): void {
    emit.insert(reader.start);
    for (const [place, local] of this.#layout.locals.entries())
      if (wanted.has(place)) this.#writeLocal(emit, local);
    emit.resume(reader.start);
  }

  #writeLocal(emit: CodeEmitter, { index, type, at }: KeptLocal): void {
    emit.localGet(this.#frame);
    emit.localGet(index);
    writeStore(emit, type, this.#parts.frames.index, at);
  }

  /** The callee of a tail call takes the place of this function. */
  #giveFrame({ emit, reader }: CodeWalk): void {
    emit.insert(reader.start);
    emit.localGet(this.#frame);
    emit.globalSet(this.#parts.frame.index);
    emit.resume(reader.start);
  }
}
