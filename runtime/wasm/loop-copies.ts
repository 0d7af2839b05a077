import type { CodeWalk } from './code-pass.ts';
import { NO_LOOP } from './code-survey.ts';
import { InstructionReader } from './instruction-reader.ts';
import type { LabelStack } from './label-stack.ts';
import type { WasmModule } from './module.ts';
import { isBulk, Op, Shape } from './opcodes.ts';

/** The most bytes of a body that is worth copying. In longer ones, the time to count a turn hardly shows. */
const BODY_LIMIT = 40;
/** Bytes that all copies of a body may take. */
const COPIES_LIMIT = 128;
const MOST_COPIES = 4;

/**
 * Writes the body of a small loop several times, so that its turns are counted once for all of them:
 *
 *     block $exit
 *       loop $outer
 *         loop $inner
 *           block $next                 where the body jumped back, a copy goes on with the next
 *             ... body ...
 *             br $exit
 *           end
 *           ... body ...                the last one counts, and jumps back to $inner
 *         end
 *       end
 *     end
 *
 * Where the first thing that a turn does is a call that closes a recursion, the call pays for the turn. The copies then
 * have one loop around them, at whose head all of them are paid for.
 */
export class LoopCopies {
  readonly #reader: InstructionReader;

  constructor(module: WasmModule) {
    this.#reader = new InstructionReader(module.bytes, 0, module.bytes.length, 'code section');
  }

  /**
   * How often to write the body of the loop at hand. The walk's reader stands behind the loop's type.
   * @param calls the calls that a body may have, all of them before control merges
   */
  count(walk: CodeWalk, calls = 0): number {
    const start = walk.reader.position;
    // A branch without results could not leave a loop with results.
    if (walk.reader.bytes[start - 1] !== 0x40) return 1;
    const end = this.#bodyEnd(walk, start, calls);
    return end < 0 ? 1 : Math.min(MOST_COPIES, Math.max(1, Math.floor(COPIES_LIMIT / (end - start))));
  }

  /** Where the loop whose body begins at `start` ends. */
  loopEnd(start: number): number {
    const reader = this.#reader;
    reader.position = start;
    for (let depth = 1; depth > 0; ) {
      reader.next();
      if (reader.shape === Shape.blockType || reader.shape === Shape.tryTable) depth++;
      else if (reader.opcode === Op.end || reader.opcode === Op.delegate) depth--;
    }
    return reader.position;
  }

  /** Where the `end` of a loop stands; -1 where its body cannot be copied. */
  #bodyEnd({ labels }: CodeWalk, start: number, calls: number): number {
    const reader = this.#reader;
    reader.position = start;
    let callsLeft = calls;
    for (let depth = 1; ; ) {
      reader.next();
      if (reader.start - start > BODY_LIMIT) return -1;
      switch (reader.shape) {
        case Shape.blockType:
          if (reader.opcode === Op.try || callsLeft > 0) return -1;
          depth++;
          break;
        case Shape.none:
          // A return must first take what was spent from the budget.
          if (reader.opcode === Op.return) return -1;
          if (reader.opcode === Op.end && --depth === 0) return callsLeft > 0 ? -1 : reader.start;
          break;
        case Shape.function:
          if (reader.opcode !== Op.call || --callsLeft < 0) return -1;
          break;
        case Shape.tryTable:
          return -1;
        case Shape.label:
          if (reader.opcode !== Op.br && reader.opcode !== Op.brIf) return -1;
          if (mustCount(labels, (reader.labels[0] ?? 0) - depth)) return -1;
          break;
        case Shape.labelTable:
        case Shape.castLabel:
          return -1;
        default:
          if (isCall(reader.opcode) || isBulk(reader.opcode)) return -1;
      }
    }
  }

  /**
   * Writes a copy in its block.
   * @param blocksAround how many blocks are open around it, of which the outermost is what the copies jump out of
   */
  write(walk: CodeWalk, blocksAround: number): void {
    const { emit } = walk;
    const reader = this.#reader;
    const { bytes } = reader;
    let copied = walk.reader.position;
    reader.position = copied;
    emit.u8(Op.block);
    emit.u8(0x40);
    emit.map.aside(emit.length, copied);
    for (let depth = 1; ; ) {
      reader.next();
      if (reader.shape === Shape.blockType) depth++;
      else if (reader.opcode === Op.end && --depth === 0) break;
      const label = reader.labels[0] ?? 0;
      if (reader.shape === Shape.function) {
        emit.copy(bytes, copied, reader.indexAt);
        emit.u32(walk.moveFunction(reader.index));
      } else if (reader.shape === Shape.label && label >= depth) {
        emit.copy(bytes, copied, reader.labelsAt[0] ?? 0);
        emit.u32(depth + blocksAround + walk.labels.translate(label - depth));
      } else {
        continue;
      }
      copied = reader.position;
      emit.map.aside(emit.length, copied);
    }
    emit.copy(bytes, copied, reader.start);
    emit.map.asideEnds(emit.length);
    emit.branch(blocksAround);
    emit.u8(Op.end);
  }
}

/**
 * Whether a branch out of the loop has to count, which copies do not: it begins a turn of another loop, or leaves the function.
 * @param label as it counts outside of the loop; negative for branches inside
 */
function mustCount(labels: LabelStack, label: number): boolean {
  return label >= 0 && (labels.loopAt(label) !== NO_LOOP || label === labels.depth - 1);
}

function isCall(opcode: number): boolean {
  switch (opcode) {
    case Op.callIndirect:
    case Op.returnCallIndirect:
    case Op.callRef:
    case Op.returnCallRef:
    case Op.throw:
    case Op.rethrow:
    case Op.throwRef:
      return true;
    default:
      return false;
  }
}
