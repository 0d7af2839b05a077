import { ByteReader } from '../wasm/byte-reader.ts';
import type { InstructionReader } from '../wasm/instruction-reader.ts';
import type { WasmModule } from '../wasm/module.ts';
import { Op, Shape } from '../wasm/opcodes.ts';
import { readHeapType, readValueType } from '../wasm/value-type.ts';
import { type Counted, indexSpace, secondSpace } from './index-spaces.ts';
import { mnemonic, naturalAlignment } from './mnemonics.ts';
import type { ModuleIdentifiers } from './module-identifiers.ts';
import { f32Text, f64Text, leb64Text } from './number-text.ts';
import type { UniqueNames } from './quoted-text.ts';
import { typeUseText } from './type-text.ts';

/** How much of a list of labels, catch clauses or types is written. Engines take at most 65,520 labels. */
const LONGEST_LIST = 4096;

const CATCH_CLAUSES = ['catch', 'catch_ref', 'catch_all', 'catch_all_ref'] as const;

/** Writes the instruction that a reader has just read as text. */
export class InstructionText {
  readonly #module: WasmModule;
  readonly #identifiers: ModuleIdentifiers;
  readonly #locals: UniqueNames;
  readonly #reader: InstructionReader;
  /** Reads the immediates that `#reader` has checked and skipped. */
  readonly #cursor: ByteReader;
  /** Open labels, the function's among them, as they are before the instruction; `delegate` has closed its own. */
  #depth = 0;

  constructor(
    module: WasmModule,
    identifiers: ModuleIdentifiers,
    locals: UniqueNames,
    reader: InstructionReader,
  ) {
    this.#module = module;
    this.#identifiers = identifiers;
    this.#locals = locals;
    this.#reader = reader;
    this.#cursor = new ByteReader(reader.bytes, reader.position, reader.end, reader.place);
  }

  /** @param depth labels that are open before the instruction, the function's own among them */
  read(depth: number): string {
    const { opcode } = this.#reader;
    const name = mnemonic(opcode);
    if (name === undefined) return `;; unknown instruction 0x${opcode.toString(16)}`;
    this.#depth = depth;
    const immediates = this.#reader.shape === Shape.none ? '' : this.#immediates();
    const words = immediates === '' ? name : `${name} ${immediates}`;
    const opens = this.#reader.shape === Shape.blockType || this.#reader.shape === Shape.tryTable;
    return opens ? `${words} ;; label = @${depth}` : words;
  }

  #immediates(): string {
    const { opcode, index, index2 } = this.#reader;
    switch (this.#reader.shape) {
      case Shape.function:
        return this.#reference('function', index);
      case Shape.index:
        if (opcode === 0x3f || opcode === Op.memoryGrow || opcode === Op.memoryFill)
          return this.#memory(index);
        return this.#reference(indexSpace(opcode), index);
      case Shape.twoIndices:
        return this.#twoIndices(index, index2);
      case Shape.i32:
        return String(index);
      case Shape.label:
        return this.#label(0);
      case Shape.labelTable:
        return listText(this.#reader.labelCount, 'labels', (i) => this.#label(i));
      default:
        this.#toImmediates();
        return this.#skippedImmediates();
    }
  }

  /** Immediates that `#reader` does not keep, read from the binary with the cursor. */
  #skippedImmediates(): string {
    const cursor = this.#cursor;
    const { bytes } = cursor;
    const view = new DataView(bytes.buffer, bytes.byteOffset + cursor.position);
    switch (this.#reader.shape) {
      case Shape.blockType:
        return this.#blockType();
      case Shape.tryTable:
        return this.#tryTable();
      case Shape.valueTypes: {
        const types = listText(cursor.u32('types'), 'types', () => readValueType(cursor));
        return types === '' ? '(result)' : `(result ${types})`;
      }
      case Shape.memory:
        return this.#memoryArgument();
      case Shape.memoryLane: {
        const argument = this.#memoryArgument();
        return `${argument === '' ? '' : `${argument} `}${cursor.u8('a lane')}`;
      }
      case Shape.byte:
        // A fence has a byte of flags, which the text does not show.
        return this.#reader.opcode === 0xfe003 ? '' : String(cursor.u8('a lane'));
      case Shape.i64:
        return leb64Text(bytes, cursor.position, true);
      case Shape.bytes4:
        return f32Text(view.getInt32(0, true));
      case Shape.bytes8:
        return f64Text(view.getInt32(4, true), view.getInt32(0, true));
      case Shape.bytes16:
        return this.#vector(view);
      case Shape.heapType:
        return this.#heapType();
      case Shape.castLabel: {
        const flags = cursor.u8('cast flags');
        cursor.u32('a label');
        const from = referenceTypeText((flags & 1) !== 0, readHeapType(cursor));
        return `${this.#label(0)} ${from} ${referenceTypeText((flags & 2) !== 0, readHeapType(cursor))}`;
      }
      default:
        return '';
    }
  }

  #toImmediates(): void {
    this.#cursor.position = this.#reader.start + 1;
    if (this.#reader.opcode > 0xff) this.#cursor.u32('the number of an instruction');
  }

  /** The name, with the index beside it: people know the name, but other tools and indirect calls use the index. */
  #reference(space: Counted, index: number): string {
    if (space === 'plain') return String(index);
    if (space === 'local') return this.#locals.get(index) ?? String(index);
    const name = this.#identifiers.get(space, index);
    return name === undefined ? String(index) : `${name} (;${index};)`;
  }

  /** The first memory, which is usually the only one, is not written. */
  #memory(index: number): string {
    return index === 0 ? '' : this.#reference('memory', index);
  }

  #twoIndices(first: number, second: number): string {
    const { opcode } = this.#reader;
    switch (opcode) {
      case Op.callIndirect:
      case Op.returnCallIndirect: {
        const type = typeUseText(this.#module, first);
        return second === 0 ? type : `${this.#reference('table', second)} ${type}`;
      }
      // In the text, the memory or table comes before the segment; in the binary, after it.
      case 0xfc008: {
        const data = this.#reference('data', first);
        return second === 0 ? data : `${this.#memory(second)} ${data}`;
      }
      case Op.tableInit:
        return `${this.#reference('table', second)} ${this.#reference('element', first)}`;
      case Op.memoryCopy:
        if (first === 0 && second === 0) return '';
        return `${this.#reference('memory', first)} ${this.#reference('memory', second)}`;
      case Op.tableCopy:
        return `${this.#reference('table', first)} ${this.#reference('table', second)}`;
      default:
        return `${first} ${this.#reference(secondSpace(opcode), second)}`;
    }
  }

  #label(i: number): string {
    const label = this.#reader.labels[i] ?? 0;
    return `${label} (;@${this.#depth - 1 - label};)`;
  }

  #blockType(): string {
    const { blockType } = this.#reader;
    if (blockType >= 0) {
      this.#cursor.position = this.#reader.blockTypeEnd;
      return typeUseText(this.#module, blockType);
    }
    if (this.#cursor.peek('a block type') !== 0x40) return `(result ${readValueType(this.#cursor)})`;
    this.#cursor.position++;
    return '';
  }

  #tryTable(): string {
    const cursor = this.#cursor;
    const type = this.#blockType();
    const count = cursor.u32('catch clauses');
    const clauses = listText(count, 'catch clauses', (i) => {
      const clause = cursor.u8('a catch clause');
      const tag = clause < 2 ? `${this.#reference('tag', cursor.u32('a tag index'))} ` : '';
      cursor.u32('a label');
      return `(${CATCH_CLAUSES[clause] ?? ''} ${tag}${this.#label(i)})`;
    });
    return type === '' || clauses === '' ? type + clauses : `${type} ${clauses}`;
  }

  #memoryArgument(): string {
    const cursor = this.#cursor;
    const flags = cursor.u32('an alignment');
    const words: string[] = [];
    const memory = flags >= 0x40 ? this.#memory(cursor.u32('a memory index')) : '';
    if (memory !== '') words.push(memory);
    const offset = leb64Text(cursor.bytes, cursor.position, false);
    cursor.skipU64('a memory offset');
    if (offset !== '0') words.push(`offset=${offset}`);
    const alignment = flags & 0x3f;
    if (alignment !== naturalAlignment(this.#reader.opcode)) words.push(`align=${1n << BigInt(alignment)}`);
    return words.join(' ');
  }

  #vector(view: DataView): string {
    if (this.#reader.opcode !== 0xfd00c) {
      return Array.from({ length: 16 }, (_, i) => view.getUint8(i)).join(' ');
    }
    const lanes = [0, 4, 8, 12].map((at) => `0x${view.getUint32(at, true).toString(16).padStart(8, '0')}`);
    return `i32x4 ${lanes.join(' ')}`;
  }

  #heapType(): string {
    const type = readHeapType(this.#cursor);
    const { opcode } = this.#reader;
    if (opcode === Op.refNull) return type;
    // ref.test and ref.cast have another opcode each for references that may be null.
    return referenceTypeText(opcode === 0xfb015 || opcode === 0xfb017, type);
  }
}

function referenceTypeText(nullable: boolean, heapType: string): string {
  return nullable ? `(ref null ${heapType})` : `(ref ${heapType})`;
}

function listText(count: number, what: string, item: (i: number) => string): string {
  const items: string[] = [];
  for (let i = 0; i < Math.min(count, LONGEST_LIST); i++) items.push(item(i));
  if (count > LONGEST_LIST) items.push(`(; ${count - LONGEST_LIST} more ${what} ;)`);
  return items.join(' ');
}
