import type { CodeWalk } from './code-pass.ts';
import { InstructionReader } from './instruction-reader.ts';
import type { WasmModule } from './module.ts';
import { isBulk, op, shape } from './opcodes.ts';

/** Bytes of a body that is worth copying: in a longer one a count more or less is hardly seen. */
const bodyLimit = 40;
/** Bytes that all copies of a body may take. */
const copiesLimit = 128;
const mostCopies = 4;

/** Blocks that are written around a copy: those of the loop, and one that the copies jump out of. */
const blocksAround = 3;

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
 */
export class LoopCopies {
  readonly #reader: InstructionReader;

  constructor(module: WasmModule) {
    this.#reader = new InstructionReader(module.bytes, 0, module.bytes.length, 'code section');
  }

  /** How often the body of the loop at hand is to be written; the walk's reader stands behind its type. */
  count(walk: CodeWalk): number {
    const start = walk.reader.position;
    // A loop with results could not be left by a branch without them.
    if (walk.reader.bytes[start - 1] !== 0x40) return 1;
    const end = this.#bodyEnd(start);
    return end < 0 ? 1 : Math.min(mostCopies, Math.max(1, Math.floor(copiesLimit / (end - start))));
  }

  /** Where a loop ends whose body begins at `start`. */
  loopEnd(start: number): number {
    const reader = this.#reader;
    reader.position = start;
    for (let depth = 1; depth > 0; ) {
      reader.next();
      if (reader.shape === shape.blockType || reader.shape === shape.tryTable) depth++;
      else if (reader.opcode === op.end || reader.opcode === op.delegate) depth--;
    }
    return reader.position;
  }

  /** Where the `end` of a loop stands; -1 where its body cannot be copied. */
  #bodyEnd(start: number): number {
    const reader = this.#reader;
    reader.position = start;
    for (let depth = 1; ; ) {
      reader.next();
      if (reader.start - start > bodyLimit) return -1;
      switch (reader.shape) {
        case shape.blockType:
          if (reader.opcode === op.try) return -1;
          depth++;
          break;
        case shape.none:
          // A return must settle first.
          if (reader.opcode === op.return) return -1;
          if (reader.opcode === op.end && --depth === 0) return reader.start;
          break;
        case shape.function:
        case shape.tryTable:
          return -1;
        case shape.label:
          if (reader.opcode !== op.br && reader.opcode !== op.brIf) return -1;
          break;
        case shape.labelTable:
        case shape.castLabel:
          return -1;
        default:
          if (isCall(reader.opcode) || isBulk(reader.opcode)) return -1;
      }
    }
  }

  /** Writes a copy in its block; the blocks around it are open. */
  write(walk: CodeWalk): void {
    const { emit } = walk;
    const reader = this.#reader;
    const { bytes } = reader;
    let copied = walk.reader.position;
    reader.position = copied;
    emit.u8(op.block);
    emit.u8(0x40);
    emit.map.aside(emit.length, copied);
    for (let depth = 1; ; ) {
      reader.next();
      if (reader.shape === shape.blockType) depth++;
      else if (reader.opcode === op.end && --depth === 0) break;
      const label = reader.labels[0] ?? 0;
      if (reader.shape !== shape.label || label < depth) continue;
      const at = reader.labelsAt[0] ?? 0;
      emit.copy(bytes, copied, at);
      emit.u32(depth + blocksAround + walk.labels.translate(label - depth));
      copied = reader.position;
      emit.map.aside(emit.length, copied);
    }
    emit.copy(bytes, copied, reader.start);
    emit.map.asideEnds(emit.length);
    emit.branch(blocksAround);
    emit.u8(op.end);
  }
}

function isCall(opcode: number): boolean {
  switch (opcode) {
    case op.callIndirect:
    case op.returnCallIndirect:
    case op.callRef:
    case op.returnCallRef:
    case op.throw:
    case op.rethrow:
    case op.throwRef:
      return true;
    default:
      return false;
  }
}
