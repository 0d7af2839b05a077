import type { CodeWalk } from './code-pass.ts';
import type { FrameLayout } from './frame-layout.ts';
import { InstructionReader } from './instruction-reader.ts';
import { LocalSet } from './local-set.ts';
import { Op, Shape } from './opcodes.ts';

/** What is known of a loop before it is walked. */
interface LoopAhead {
  /** Locals that are set somewhere in it. */
  readonly set: LocalSet;
  calls: boolean;
}

/** An open block: what the frame had when it began, and the locals that were set in it so far. */
interface OpenBlock {
  readonly before: LocalSet;
  readonly set: LocalSet;
}

/**
 * Knows which locals the frame of a function has as they are, so that only others are written before a call. What holds where
 * several paths meet is what held where the block around them began, except for locals that are set in it.
 */
export class KeptLocals {
  /** The place of each local in the frame, by its index. */
  readonly #places = new Map<number, number>();
  readonly #kept = new LocalSet();
  readonly #blocks: OpenBlock[] = [];
  /** The loops of the function in the order in which they open. */
  #loops: LoopAhead[] = [];
  #nextLoop = 0;

  /** Begins a function. */
  begin({ module, definedIndex }: CodeWalk, layout: FrameLayout): void {
    this.#places.clear();
    for (const [place, { index }] of layout.locals.entries()) this.#places.set(index, place);
    this.#kept.clear();
    this.#blocks.length = 0;
    this.#nextLoop = 0;
    const { code } = module;
    const hasLoops = code.firstLoop[definedIndex] !== code.firstLoop[definedIndex + 1];
    const end = code.bodyEnd[definedIndex] ?? 0;
    this.#loops = hasLoops
      ? this.#lookAhead(
          new InstructionReader(module.bytes, code.codeStart[definedIndex] ?? 0, end, 'code section'),
        )
      : [];
  }

  has(place: number): boolean {
    return this.#kept.has(place);
  }

  /** Called when a local has been written to the frame. */
  keep(place: number): void {
    this.#kept.add(place);
  }

  /**
   * Called before each instruction.
   * @returns for a loop with calls, the locals that should be written before it, since its turns do not set them; else undefined
   */
  before({ opcode, shape, index }: InstructionReader): LocalSet | undefined {
    switch (opcode) {
      case Op.localSet:
      case Op.localTee:
        this.#set(index);
        return undefined;
      case Op.loop:
        return this.#loop();
      case Op.end:
      case Op.delegate:
        this.#end();
        return undefined;
      case Op.else: {
        const block = this.#blocks.at(-1);
        if (block !== undefined) this.#kept.become(block.before);
        return undefined;
      }
      case Op.catch:
      case Op.catchAll: {
        const block = this.#blocks.at(-1);
        if (block === undefined) return undefined;
        this.#kept.become(block.before);
        this.#kept.removeAll(block.set);
        return undefined;
      }
      default:
        if (shape === Shape.blockType || shape === Shape.tryTable) this.#open();
        return undefined;
    }
  }

  #set(index: number): void {
    const place = this.#places.get(index);
    if (place === undefined) return;
    this.#kept.remove(place);
    this.#blocks.at(-1)?.set.add(place);
  }

  #open(): void {
    this.#blocks.push({ before: LocalSet.copyOf(this.#kept), set: new LocalSet() });
  }

  #loop(): LocalSet | undefined {
    const loop = this.#loops[this.#nextLoop++];
    if (loop === undefined) return undefined;
    let wanted: LocalSet | undefined;
    if (loop.calls) {
      wanted = new LocalSet();
      for (const place of this.#places.values()) {
        if (loop.set.has(place) || this.#kept.has(place)) continue;
        wanted.add(place);
        this.#kept.add(place);
      }
    }
    this.#open();
    this.#kept.removeAll(loop.set);
    return wanted;
  }

  #end(): void {
    const block = this.#blocks.pop();
    if (block === undefined) return;
    this.#kept.become(block.before);
    this.#kept.removeAll(block.set);
    this.#blocks.at(-1)?.set.addAll(block.set);
  }

  #lookAhead(reader: InstructionReader): LoopAhead[] {
    const loops: LoopAhead[] = [];
    /** By open block, the innermost loop that it is or is in. */
    const open: (LoopAhead | undefined)[] = [];
    while (reader.position < reader.end) {
      reader.next();
      const { opcode, shape } = reader;
      if (opcode === Op.loop) {
        const loop = { set: new LocalSet(), calls: false };
        loops.push(loop);
        open.push(loop);
      } else if (shape === Shape.blockType || shape === Shape.tryTable) {
        open.push(open.at(-1));
      } else if (opcode === Op.end || opcode === Op.delegate) {
        const loop = open.pop();
        const around = open.at(-1);
        if (loop === undefined || around === undefined) continue;
        around.set.addAll(loop.set);
        around.calls ||= loop.calls;
      } else if (opcode === Op.localSet || opcode === Op.localTee) {
        const place = this.#places.get(reader.index);
        if (place !== undefined) open.at(-1)?.set.add(place);
      } else if (opcode === Op.call || opcode === Op.callIndirect || opcode === Op.callRef) {
        const loop = open.at(-1);
        if (loop !== undefined) loop.calls = true;
      }
    }
    return loops;
  }
}
