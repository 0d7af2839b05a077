import { BranchHints } from './branch-hints.ts';
import { CodeEmitter } from './code-emitter.ts';
import type { CodePass, CodeWalk } from './code-pass.ts';
import { BodyFlag, NO_LOOP } from './code-survey.ts';
import type { IndexSpace } from './index-space.ts';
import { InstructionReader } from './instruction-reader.ts';
import { LabelStack } from './label-stack.ts';
import type { WasmModule } from './module.ts';
import type { ModulePlan } from './module-plan.ts';
import { InstructionMover } from './move-indices.ts';
import { Op, Shape } from './opcodes.ts';
import { passedAccesses, pastPlain } from './plain-instructions.ts';
import { type SimpleType, VALUE_CODE } from './value-type.ts';

const LOCAL_LIMIT = 50_000;

/** Walks every body once: moves indices, keeps labels right, and lets passes edit. */
export class CodeWalker implements CodeWalk {
  readonly module: WasmModule;
  readonly emit: CodeEmitter;
  readonly reader: InstructionReader;
  readonly labels = new LabelStack();
  functionIndex = 0;
  definedIndex = 0;
  nextLoop = 0;
  stopAt = -1;
  passedAccesses = 0;
  /** Parameters and locals of the original function. */
  ownLocals = 0;
  readonly #passes: readonly CodePass[];
  /** The passes that have something to do in the function at hand. */
  readonly #active: CodePass[] = [];
  readonly #functions: IndexSpace;
  /** By function index of an import: what direct calls of it call in its place, and what references to it refer to. */
  readonly #calls = new Map<number, number>();
  readonly #references = new Map<number, number>();
  readonly #mover: InstructionMover | undefined;
  readonly #newLocals: number[] = [];

  /**
   * @param plan a plan in which everything has its index
   * @param capacity about how many bytes will be written into `emit`
   */
  constructor(plan: ModulePlan, capacity: number) {
    const { module } = plan;
    this.module = module;
    this.#functions = plan.spaces.function;
    for (const [index, target] of plan.calls) this.#calls.set(index, target.index);
    for (const [index, target] of plan.references) this.#references.set(index, target.index);
    this.#mover = plan.movesOthers ? new InstructionMover(plan) : undefined;
    const { code } = module;
    const start = code.sizeAt[0] ?? 0;
    const end = code.bodyEnd[code.functionCount - 1] ?? start;
    this.emit = new CodeEmitter(module.bytes, start, capacity);
    this.reader = new InstructionReader(module.bytes, start, end, 'code section');
    this.#passes = plan.codeEdits.map((create) => create(this));
  }

  hasRoomForLocals(count: number): boolean {
    return this.ownLocals + this.#newLocals.length + count <= LOCAL_LIMIT;
  }

  addLocal(type: SimpleType): number {
    this.#newLocals.push(VALUE_CODE[type]);
    return this.ownLocals + this.#newLocals.length - 1;
  }

  isMarked(asking: CodePass, start: number, end: number, copies: boolean): boolean {
    if (this.#mover !== undefined) return true;
    for (const pass of this.#active) {
      if (pass === asking || (!copies && pass.allowsTurns)) continue;
      if (pass.marks(start, end)) return true;
    }
    return false;
  }

  get isUnmarked(): boolean {
    return this.#mover === undefined && this.#active.length <= 1;
  }

  /**
   * Writes all bodies into `emit`.
   * @returns the contents of a section of branch hints; undefined if there are none
   */
  run(): Uint8Array | undefined {
    const { code } = this.module;
    const hints = new BranchHints(this.module);
    for (let i = 0; i < code.functionCount; i++) this.#body(i, hints);
    return hints.finish();
  }

  #body(i: number, hints: BranchHints): void {
    const { module, emit, reader } = this;
    const { code } = module;
    this.definedIndex = i;
    this.functionIndex = module.importedFunctions + i;
    this.nextLoop = code.firstLoop[i] ?? 0;
    this.#newLocals.length = 0;
    this.ownLocals =
      (module.functionType(this.functionIndex)?.params.length ?? 0) + (code.localCount[i] ?? 0);
    this.#active.length = 0;
    for (const pass of this.#passes) if (pass.begin(this)) this.#active.push(pass);
    const namesFunctions = ((code.flags[i] ?? 0) & BodyFlag.namesFunctions) !== 0;
    const walked =
      this.#active.length > 0 ||
      this.#mover !== undefined ||
      (namesFunctions && (this.#functions.moves || this.#calls.size + this.#references.size > 0));
    const sizeAt = code.sizeAt[i] ?? 0;
    const bodyStart = code.bodyStart[i] ?? 0;
    const end = code.bodyEnd[i] ?? 0;
    emit.copyTo(sizeAt);
    emit.map.copied(emit.length, sizeAt);
    if (!walked) {
      emit.copyTo(end);
      this.#addHints(hints, emit.length - (end - bodyStart));
      return;
    }
    const room = bodyStart - sizeAt;
    const contents = emit.openSize(room);
    emit.resume(bodyStart);
    const firstRun = emit.map.cut(contents, bodyStart);
    reader.position = bodyStart;
    this.#declareLocals(bodyStart, code.codeStart[i] ?? 0);
    reader.position = code.codeStart[i] ?? 0;
    reader.end = end;
    this.#instructions();
    emit.copyTo(end);
    const shift = emit.closeSize(contents, room);
    if (shift !== 0) {
      emit.map.shift(firstRun, shift);
      for (let h = 0; h < emit.hints.length; h += 2) emit.hints.values[h] = emit.hints.at(h) + shift;
    }
    this.#addHints(hints, contents + shift);
    emit.hints.length = 0;
  }

  #addHints(hints: BranchHints, bodyStart: number): void {
    const { functionIndex, emit } = this;
    const originalStart = this.module.code.bodyStart[this.definedIndex] ?? 0;
    hints.add(this.#functions.move(functionIndex), functionIndex, emit, originalStart, bodyStart);
  }

  #declareLocals(bodyStart: number, codeStart: number): void {
    const { reader, emit } = this;
    if (this.#newLocals.length === 0) return;
    reader.end = codeStart;
    const groups = reader.u32('groups of locals');
    emit.patch(bodyStart, reader.position, groups + this.#newLocals.length);
    emit.insert(codeStart);
    for (const type of this.#newLocals) {
      emit.u32(1);
      emit.u8(type);
    }
    emit.resume(codeStart);
  }

  #instructions(): void {
    const { reader, labels } = this;
    const active = this.#active;
    const count = active.length;
    let skipsPlain = this.#mover === undefined;
    for (const pass of active) skipsPlain &&= pass.skipsPlain === true;
    labels.reset();
    this.stopAt = -1;
    this.passedAccesses = 0;
    for (const pass of active) pass.enter?.(this);
    while (labels.depth > 0) {
      if (skipsPlain) {
        reader.position = pastPlain(reader.bytes, reader.position, this.stopAt);
        this.passedAccesses = passedAccesses;
      }
      reader.next();
      for (let p = 0; p < count; p++) active[p]?.before?.(this);
      let replaced = false;
      for (let p = 0; p < count && !replaced; p++) replaced = active[p]?.replace?.(this) ?? false;
      if (!replaced) this.#own();
      for (let p = 0; p < count; p++) active[p]?.after?.(this);
    }
  }

  /** Makes the walk's own edits: those to indices and labels. */
  #own(): void {
    const { reader, labels, emit } = this;
    this.#mover?.move(reader, emit);
    switch (reader.shape) {
      case Shape.none:
        if (reader.opcode === Op.end) labels.close();
        return;
      case Shape.function: {
        const moved = this.#callee() ?? this.#functions.move(reader.index);
        if (moved !== reader.index) emit.patch(reader.indexAt, reader.indexEnd, moved);
        return;
      }
      case Shape.blockType:
        if (reader.opcode === Op.loop) this.openLoop(1);
        else labels.open(NO_LOOP, 1);
        return;
      case Shape.tryTable:
        // Catch clauses branch from outside of the block.
        this.#moveLabels();
        labels.open(NO_LOOP, 1);
        return;
      case Shape.label:
        // A delegate ends its block and counts from outside of it.
        if (reader.opcode === Op.delegate) labels.close();
        this.#moveLabels();
        return;
      case Shape.labelTable:
      case Shape.castLabel:
        this.#moveLabels();
        return;
    }
  }

  moveFunction(index: number): number {
    return this.#functions.move(index);
  }

  openLoop(blocks: number): void {
    this.labels.open(this.nextLoop++, blocks);
  }

  /** What an instruction names in place of an import: a direct call or a reference. */
  #callee(): number | undefined {
    const { opcode, index } = this.reader;
    if (index >= this.module.importedFunctions) return undefined;
    const isCall = opcode === Op.call || opcode === Op.returnCall;
    return (isCall ? this.#calls : this.#references).get(index);
  }

  #moveLabels(): void {
    const { reader, labels, emit } = this;
    for (let i = 0; i < reader.labelCount; i++) {
      const label = reader.labels[i] ?? 0;
      const moved = labels.translate(label);
      if (moved !== label) emit.patch(reader.labelsAt[i] ?? 0, reader.labelsEnd[i] ?? 0, moved);
    }
  }
}
