import type { ByteWriter } from './byte-writer.ts';
import { CodeEmitter } from './code-emitter.ts';
import { bodyFlag, noLoop } from './code-survey.ts';
import { InstructionReader } from './instruction-reader.ts';
import type { IntList } from './int-list.ts';
import { LabelStack } from './label-stack.ts';
import type { WasmModule } from './module.ts';
import { op, shape } from './opcodes.ts';
import { pastPlain } from './plain-instructions.ts';

/**
 * A pass over code. The walk calls it with the reader on an instruction whose predecessors are written; the pass
 * writes through `walk.emit` and may have the walk write the instruction itself by not touching it.
 */
export interface CodePass {
  /** Whether `before` need not see the plain instructions (`pastPlain`), except for one at `walk.stopAt`. */
  readonly skipsPlain?: boolean;
  /** Whether this function is to be walked for the pass. Locals are declared here, with `walk.addLocals`. */
  begin(walk: CodeWalk): boolean;
  /** Before the first instruction. */
  enter?(walk: CodeWalk): void;
  /**
   * Before each instruction. A pass that writes the instruction itself returns true: then neither the walk nor
   * later passes do, and the pass has brought `walk.labels` up to date.
   */
  before(walk: CodeWalk): boolean;
  /** After the instruction, which the walk wrote. */
  after?(walk: CodeWalk): void;
}

/** Types a pass may declare locals of. */
export const valueCode = { i32: 0x7f, i64: 0x7e } as const;

/** The hints of one function: index in the rewritten module, then pairs of (offset in the body, likely). */
export type HintSink = (definedFunction: number, walk: CodeWalk, bodyStart: number, hints: IntList) => void;

/** Walks every body once: moves function indices, keeps labels right, lets passes edit. */
export class CodeWalk {
  readonly module: WasmModule;
  readonly emit: CodeEmitter;
  readonly reader: InstructionReader;
  readonly labels = new LabelStack();
  /** The function being walked, in the function index space of the original. */
  functionIndex = 0;
  /** The same, counted from the first defined one. */
  definedIndex = 0;
  /** Loops opened so far, counted over the module as the survey does: the next one's number. */
  nextLoop = 0;
  /** Calls before the instruction at hand, counted over the module as the survey does. */
  nextCall = 0;
  /** An instruction that a pass wants to see even where it is a plain one; -1 for none. */
  stopAt = -1;
  readonly #passes: CodePass[] = [];
  #skipsPlain = true;
  /** Functions inserted behind the module's own imports. */
  readonly #insertedFunctions: number;
  readonly #calls: ReadonlyMap<number, number>;
  /** Parameters and locals of the original function. */
  ownLocals = 0;
  readonly #newLocals: number[] = [];

  /** @param calls by function index, as the module has it: what direct calls of an import call in its place */
  constructor(module: WasmModule, insertedFunctions: number, calls: ReadonlyMap<number, number> = new Map()) {
    this.module = module;
    this.#insertedFunctions = insertedFunctions;
    this.#calls = calls;
    const { code } = module;
    const start = code.sizeAt[0] ?? 0;
    const end = code.bodyEnd[code.functionCount - 1] ?? start;
    this.emit = new CodeEmitter(module.bytes, start, end);
    this.reader = new InstructionReader(module.bytes, start, end, 'code section');
  }

  /** Adds a pass; each sees an instruction after those added before it. */
  use(pass: CodePass): void {
    this.#passes.push(pass);
    this.#skipsPlain &&= pass.skipsPlain === true;
  }

  /** What a function index of the original is now. */
  moveFunction(index: number): number {
    return index < this.module.importedFunctions ? index : index + this.#insertedFunctions;
  }

  /**
   * Declares a local, zero at entry, for the function at hand.
   * @returns its index
   */
  addLocal(type: number): number {
    this.#newLocals.push(type);
    return this.ownLocals + this.#newLocals.length - 1;
  }

  run(onHints: HintSink): void {
    const { code } = this.module;
    for (let i = 0; i < code.functionCount; i++) this.#body(i, onHints);
  }

  #body(i: number, onHints: HintSink): void {
    const { module, emit, reader } = this;
    const { code } = module;
    this.definedIndex = i;
    this.functionIndex = module.importedFunctions + i;
    this.nextLoop = code.firstLoop[i] ?? 0;
    this.nextCall = code.firstCall[i] ?? 0;
    this.#newLocals.length = 0;
    this.ownLocals =
      (module.functionType(this.functionIndex)?.params.length ?? 0) + (code.localCount[i] ?? 0);
    let walked = this.#insertedFunctions > 0 && ((code.flags[i] ?? 0) & bodyFlag.namesFunctions) !== 0;
    for (const pass of this.#passes) walked = pass.begin(this) || walked;
    const sizeAt = code.sizeAt[i] ?? 0;
    const bodyStart = code.bodyStart[i] ?? 0;
    const end = code.bodyEnd[i] ?? 0;
    emit.copyTo(sizeAt);
    emit.map.copied(emit.length, sizeAt);
    if (!walked) {
      emit.copyTo(end);
      onHints(i, this, emit.length - (end - bodyStart), emit.hints);
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
    onHints(i, this, contents + shift, emit.hints);
    emit.hints.length = 0;
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
    const passes = this.#passes;
    labels.reset();
    for (const pass of passes) pass.enter?.(this);
    this.stopAt = -1;
    while (labels.depth > 0) {
      if (this.#skipsPlain) reader.position = pastPlain(reader.bytes, reader.position, this.stopAt);
      reader.next();
      let written = false;
      for (let p = 0; p < passes.length && !written; p++) written = passes[p]?.before(this) ?? false;
      if (written) continue;
      this.#own();
      for (let p = 0; p < passes.length; p++) passes[p]?.after?.(this);
    }
  }

  /** The walk's own edits: indices and labels. */
  #own(): void {
    const { reader, labels, emit } = this;
    switch (reader.shape) {
      case shape.none:
        if (reader.opcode === op.end) labels.close();
        return;
      case shape.function: {
        const moved = this.#callee() ?? this.moveFunction(reader.index);
        if (moved !== reader.index) emit.patch(reader.indexAt, reader.indexEnd, moved);
        return;
      }
      case shape.blockType:
        labels.open(reader.opcode === op.loop ? this.nextLoop++ : noLoop, 1);
        return;
      case shape.tryTable:
        // Catch clauses branch from outside of the block.
        this.#moveLabels();
        labels.open(noLoop, 1);
        return;
      case shape.label:
        // A delegate ends its block and counts from outside of it.
        if (reader.opcode === op.delegate) labels.close();
        this.#moveLabels();
        return;
      case shape.labelTable:
      case shape.castLabel:
        this.#moveLabels();
        return;
    }
  }

  /** What a direct call calls in place of an import. A reference to the import stays one. */
  #callee(): number | undefined {
    const { opcode, index } = this.reader;
    if (opcode !== op.call && opcode !== op.returnCall) return undefined;
    return index < this.module.importedFunctions ? this.#calls.get(index) : undefined;
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

/** Copies `start..end` of a module with every function index at one of `sites` moved. */
export function copyMoved(
  writer: ByteWriter,
  reader: InstructionReader,
  sites: IntList,
  start: number,
  end: number,
  move: (index: number) => number,
): void {
  let copied = start;
  for (let i = firstAtLeast(sites, start); i < sites.length && sites.at(i) < end; i++) {
    const at = sites.at(i);
    reader.position = at;
    reader.end = end;
    const index = reader.u32('a function index');
    writer.copy(reader.bytes, copied, at);
    writer.u32(move(index));
    copied = reader.position;
  }
  writer.copy(reader.bytes, copied, end);
}

function firstAtLeast(list: IntList, limit: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list.at(middle) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
