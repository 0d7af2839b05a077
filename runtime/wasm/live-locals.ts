import { InstructionReader } from './instruction-reader.ts';
import { LocalSet } from './local-set.ts';
import type { WasmModule } from './module.ts';
import { Op, Shape } from './opcodes.ts';

/** A block, found by its `end` before it is known what is in it. */
interface Closed {
  /** What opens it. */
  readonly opcode: number;
  /** Locals that are read in it. */
  readonly read: LocalSet;
  /** Of a `try_table`: where exceptions go, counted from the block around it. */
  readonly handlers: readonly number[];
}

/** An open block of the walk backwards. */
interface OpenBlock {
  /** What is live behind its end. */
  readonly after: LocalSet;
  /** What is live where branches to it go. */
  readonly label: LocalSet;
  /** What is live where branches to it or to a block around it go. */
  readonly labels: LocalSet;
  /** What is live where exceptions of its instructions may go; what its own `catch` clauses find is added once these are known. */
  readonly handlers: LocalSet;
  /** What is live where its `else` begins. */
  other?: LocalSet;
}

/**
 * Which locals of a function are live before its instructions: may be read later, before they are set again. Some are said to
 * be live that are not: at the branches back of a loop, those that are read anywhere in it or where branches out of it go, and of
 * handlers, all that they read is before each instruction that they guard.
 * @param defined number of the function, counted from the first defined one
 * @param placeOf the place in a set of each local that matters, by its index
 * @param offsets of the instructions
 */
export function liveLocals(
  module: WasmModule,
  defined: number,
  placeOf: ReadonlyMap<number, number>,
  offsets: Uint32Array,
): Map<number, LocalSet> {
  const { code } = module;
  const from = code.codeStart[defined] ?? 0;
  const reader = new InstructionReader(module.bytes, from, code.bodyEnd[defined] ?? 0, 'code section');
  const walk = new WalkBack(reader, placeOf);
  const found = new Map<number, LocalSet>();
  let last = offsets.length - 1;
  for (const start of walk.starts.toReversed()) {
    const live = walk.at(start);
    if (offsets[last] !== start) continue;
    found.set(start, LocalSet.copyOf(live));
    last--;
  }
  return found;
}

class WalkBack {
  /** Where the instructions of the function begin. */
  readonly starts: number[] = [];
  readonly #reader: InstructionReader;
  readonly #placeOf: ReadonlyMap<number, number>;
  /** By the offset of its end. */
  readonly #closed = new Map<number, Closed>();
  readonly #blocks: OpenBlock[] = [];
  /** Locals that are read anywhere. */
  readonly #read = new LocalSet();
  /** Before the instruction at hand. */
  readonly #live = new LocalSet();

  constructor(reader: InstructionReader, placeOf: ReadonlyMap<number, number>) {
    this.#reader = reader;
    this.#placeOf = placeOf;
    this.#lookAhead(reader);
  }

  #lookAhead(reader: InstructionReader): void {
    const open: Closed[] = [{ opcode: Op.block, read: new LocalSet(), handlers: [] }];
    while (reader.position < reader.end) {
      reader.next();
      this.starts.push(reader.start);
      const { opcode, shape } = reader;
      if (shape === Shape.blockType || shape === Shape.tryTable) {
        const handlers = shape === Shape.tryTable ? [...reader.labels.subarray(0, reader.labelCount)] : [];
        open.push({ opcode, read: new LocalSet(), handlers });
      } else if (opcode === Op.end || opcode === Op.delegate) {
        const block = open.pop();
        if (block === undefined) continue;
        this.#closed.set(reader.start, block);
        open.at(-1)?.read.addAll(block.read);
      } else if (opcode === Op.localGet) {
        const place = this.#placeOf.get(reader.index);
        if (place === undefined) continue;
        open.at(-1)?.read.add(place);
        this.#read.add(place);
      }
    }
  }

  /** Goes back to the instruction at `start`, from the one behind it. */
  at(start: number): LocalSet {
    const reader = this.#reader;
    reader.position = start;
    reader.next();
    const handlers = this.#blocks.at(-1)?.handlers;
    this.#follow(reader);
    if (handlers !== undefined) this.#live.addAll(handlers);
    return this.#live;
  }

  #follow(reader: InstructionReader): void {
    const live = this.#live;
    switch (reader.opcode) {
      case Op.localGet:
      case Op.localSet:
      case Op.localTee: {
        const place = this.#placeOf.get(reader.index);
        if (place === undefined) return;
        if (reader.opcode === Op.localGet) live.add(place);
        else live.remove(place);
        return;
      }
      case Op.end:
      case Op.delegate:
        this.#enterFromEnd(reader);
        return;
      case Op.else: {
        const block = this.#blocks.at(-1);
        if (block === undefined) return;
        block.other = LocalSet.copyOf(live);
        live.become(block.after);
        return;
      }
      case Op.catch:
      case Op.catchAll: {
        const block = this.#blocks.at(-1);
        if (block === undefined) return;
        block.handlers.addAll(live);
        live.become(block.after);
        return;
      }
      case Op.br:
      case Op.brTable:
      case Op.return:
      case Op.returnCall:
      case Op.returnCallIndirect:
      case Op.returnCallRef:
      case Op.throw:
      case Op.rethrow:
      case Op.throwRef:
      case Op.unreachable:
        live.clear();
        break;
    }
    this.#followLabels(reader);
  }

  #followLabels(reader: InstructionReader): void {
    switch (reader.shape) {
      case Shape.label:
      case Shape.labelTable:
      case Shape.castLabel:
        for (let i = 0; i < reader.labelCount; i++) this.#live.addAll(this.#labelAt(reader.labels[i] ?? 0));
        return;
      case Shape.blockType:
      case Shape.tryTable: {
        const block = this.#blocks.pop();
        if (reader.opcode === Op.if && block !== undefined) this.#live.addAll(block.other ?? block.after);
      }
    }
  }

  #enterFromEnd({ start, opcode: closing }: InstructionReader): void {
    const live = this.#live;
    const closed = this.#closed.get(start);
    const around = this.#blocks.at(-1);
    const label = LocalSet.copyOf(live);
    const labels = LocalSet.copyOf(around?.labels ?? new LocalSet());
    if (closed?.opcode === Op.loop) {
      label.addAll(closed.read);
      label.addAll(labels);
    }
    labels.addAll(label);
    const handlers = LocalSet.copyOf(around?.handlers ?? new LocalSet());
    if (closing === Op.delegate) handlers.addAll(this.#read);
    for (const index of closed?.handlers ?? []) handlers.addAll(this.#labelAt(index));
    this.#blocks.push({ after: LocalSet.copyOf(live), label, labels, handlers });
  }

  /** What is live where a branch to a label goes. */
  #labelAt(label: number): LocalSet {
    return this.#blocks.at(-1 - label)?.label ?? new LocalSet();
  }
}
