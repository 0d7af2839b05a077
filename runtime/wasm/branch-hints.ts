import { ByteWriter } from './byte-writer.ts';
import type { CodeEmitter } from './code-emitter.ts';
import { WasmFormatError } from './format-error.ts';
import { IntList } from './int-list.ts';
import { customSection, type WasmModule } from './module.ts';
import { customReader } from './sections.ts';

export const BRANCH_HINT_SECTION = 'metadata.code.branch_hint';

/**
 * The branch hint section of a rewritten module: the original's hints, moved, and those of the branches that passes
 * add. Without the latter the engine would keep registers free for calls that are hardly ever made.
 * Source: the branch hinting proposal.
 */
export class BranchHints {
  readonly #writer = new ByteWriter(256);
  readonly #originals: Map<number, IntList>;
  #functions = 0;

  constructor(module: WasmModule) {
    this.#originals = readHints(module);
  }

  /**
   * Notes a function's hints; functions come in ascending order.
   * @param emit has the hints that passes added, and the offset map
   * @param originalStart offset of the body in the original
   * @param bodyStart offset of the body in the rewritten code
   */
  add(
    index: number,
    originalIndex: number,
    emit: CodeEmitter,
    originalStart: number,
    bodyStart: number,
  ): void {
    const inserted = emit.hints;
    const original = this.#originals.get(originalIndex);
    if (original === undefined && inserted.length === 0) return;
    const entries: [offset: number, likely: number][] = [];
    for (let i = 0; i < inserted.length; i += 2)
      entries.push([inserted.at(i) - bodyStart, inserted.at(i + 1)]);
    if (original !== undefined) {
      for (let i = 0; i < original.length; i += 2) {
        const moved = emit.map.toRewritten(originalStart + original.at(i)) - bodyStart;
        entries.push([moved, original.at(i + 1)]);
      }
      entries.sort((a, b) => a[0] - b[0]);
    }
    const writer = this.#writer;
    this.#functions++;
    writer.u32(index);
    writer.u32(entries.length);
    for (const [offset, likely] of entries) {
      writer.u32(offset);
      writer.u8(1);
      writer.u8(likely);
    }
  }

  /** The section's contents; undefined when there are no hints. */
  finish(): Uint8Array | undefined {
    if (this.#functions === 0) return undefined;
    const section = new ByteWriter(this.#writer.length + 5);
    section.u32(this.#functions);
    section.copy(this.#writer.bytes, 0, this.#writer.length);
    return section.finish();
  }
}

/** Hints by function index: pairs of offset in the body and 0 or 1. A broken section gives none. */
function readHints(module: WasmModule): Map<number, IntList> {
  const hints = new Map<number, IntList>();
  const custom = customSection(module, BRANCH_HINT_SECTION);
  if (custom === undefined) return hints;
  const reader = customReader(module, custom);
  try {
    const functions = reader.count('functions', 2);
    for (let i = 0; i < functions; i++) {
      const list = new IntList();
      hints.set(reader.u32('a function index'), list);
      const count = reader.count('hints', 3);
      for (let j = 0; j < count; j++) {
        list.push(reader.u32('an offset'));
        if (reader.u32('a hint size') !== 1) throw reader.fail(reader.position - 1, 'a hint size of 1');
        list.push(reader.u8('a hint') & 1);
      }
    }
  } catch (error) {
    if (error instanceof WasmFormatError) return new Map();
    throw error;
  }
  return hints;
}
