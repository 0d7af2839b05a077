import type { Space } from '../declarations.ts';
import { naturalAlignment } from '../mnemonics.ts';
import type { Atom } from '../syntax.ts';
import type { Items } from './items.ts';
import { isFloat, isInteger, u32, unsigned } from './numbers.ts';
import type { MemoryType, Scope } from './scope.ts';
import { Type } from './types.ts';

const LANES: Readonly<Record<string, number>> = {
  i8x16: 16,
  i16x8: 8,
  i32x4: 4,
  i64x2: 2,
  f32x4: 4,
  f64x2: 2,
};

/** The bits of an access, by those in the name of an instruction. */
const BITS_OF_LANE = /(8|16|32|64)_lane$/;

/** Reads what stands behind the words of instructions, and tells what is wrong with it. */
export class ImmediateReader {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  expected(items: Items, what: string): void {
    this.#scope.problems.syntax(items.place, `${what} is expected here`);
  }

  /** Takes an index. */
  index(items: Items, space: Space): number | undefined {
    const at = items.index();
    if (at !== undefined) return this.#scope.resolve(space, at);
    this.expected(items, `a ${space} index or name`);
    return undefined;
  }

  /** Takes an index if there is one; otherwise it is the first. */
  optionalIndex(items: Items, space: Space, place: { start: number; end: number }): number | undefined {
    const at = items.index();
    if (at !== undefined) return this.#scope.resolve(space, at);
    return this.#scope.first(space, place);
  }

  /** Takes `$memory? offset=N? align=N?`, and for lanes also the number of one behind. */
  memoryArgument(items: Items, opcode: number, place: Atom, hasLane: boolean): MemoryType | undefined {
    const index = this.#isMemory(items, hasLane)
      ? this.index(items, 'memory')
      : this.#scope.first('memory', place);
    const memory = index === undefined ? undefined : this.#scope.memories[index];
    const offset = this.#assigned(items, 'offset');
    if (offset !== undefined) {
      const bits = memory?.address === Type.i64 ? 64 : 32;
      if (unsigned(offset.value, bits) === undefined)
        this.#scope.problems.syntax(offset.at, `an offset is a number of ${bits} bits`);
    }
    const alignment = this.#assigned(items, 'align');
    if (alignment !== undefined) this.#checkAlignment(alignment.at, unsigned(alignment.value, 64), opcode);
    return memory;
  }

  #isMemory(items: Items, hasLane: boolean): boolean {
    const { next } = items;
    if (next?.kind === 'identifier') return true;
    if (next?.kind !== 'number') return false;
    if (!hasLane) return true;
    // A number alone is that of the lane.
    const behind = items.list.items[items.at + 1];
    return (
      behind?.kind === 'number' ||
      (behind?.kind === 'keyword' && /^(?:offset|align)=/.test(items.textOf(behind)))
    );
  }

  /** Takes `word=N`. */
  #assigned(items: Items, word: string): { at: Atom; value: string } | undefined {
    const { next } = items;
    if (next?.kind !== 'keyword') return undefined;
    const text = items.textOf(next);
    if (!text.startsWith(`${word}=`)) return undefined;
    items.take();
    const value = text.slice(word.length + 1);
    if (unsigned(value, 64) !== undefined) return { at: next, value };
    this.#scope.problems.syntax(next, `${word} is a number`);
    return undefined;
  }

  #checkAlignment(at: Atom, alignment: bigint | undefined, opcode: number): void {
    if (alignment === undefined) return;
    if (alignment === 0n || (alignment & (alignment - 1n)) !== 0n) {
      this.#scope.problems.syntax(at, 'an alignment is a power of two');
      return;
    }
    const natural = 1n << BigInt(naturalAlignment(opcode) ?? 0);
    if (alignment > natural)
      this.#scope.problems.module(at, `the alignment is at most that of what is accessed, ${natural}`);
    else if (opcode >> 12 === 0xfe && alignment !== natural)
      this.#scope.problems.module(
        at,
        `the alignment of an atomic access is that of what is accessed, ${natural}`,
      );
  }

  /** Takes the number of a lane. */
  lane(items: Items, mnemonic: string): void {
    const bits = BITS_OF_LANE.exec(mnemonic)?.[1];
    const shape = mnemonic.slice(0, mnemonic.indexOf('.'));
    this.#laneBelow(items, bits === undefined ? (LANES[shape] ?? 16) : 128 / Number(bits));
  }

  #laneBelow(items: Items, count: number): void {
    const at = items.atom('number');
    if (at === undefined) {
      this.expected(items, 'the number of a lane');
      return;
    }
    const text = items.textOf(at);
    const lane = /^[+-]/.test(text) ? undefined : u32(text);
    if (lane === undefined || lane > 255) this.#scope.problems.syntax(at, `${text} is no number of a lane`);
    else if (lane >= count)
      this.#scope.problems.module(at, `there is no lane ${lane}: the last one is ${count - 1}`);
  }

  /** Takes the sixteen lanes of `i8x16.shuffle`, which are those of two vectors. */
  shuffle(items: Items): void {
    for (let i = 0; i < 16; i++) this.#laneBelow(items, 32);
  }

  /** Takes an integer of so many bits. */
  integer(items: Items, bits: number): void {
    const at = items.atom('number') ?? items.atom('reserved');
    if (at === undefined) this.expected(items, `an integer of ${bits} bits`);
    else if (at.kind !== 'number' || !isInteger(items.textOf(at), bits))
      this.#scope.problems.syntax(at, `${items.textOf(at)} is no integer of ${bits} bits`);
  }

  float(items: Items, bits: 32 | 64): void {
    const at = items.atom('number') ?? items.atom('reserved');
    if (at === undefined) this.expected(items, 'a number');
    else if (at.kind !== 'number' || !isFloat(items.textOf(at), bits))
      this.#scope.problems.syntax(at, `${items.textOf(at)} is no number of f${bits}`);
  }

  /** Takes a shape, as `i32x4`, and its lanes. */
  vector(items: Items): void {
    const shape = items.atom('keyword');
    const name = shape && items.textOf(shape);
    const count = name === undefined ? undefined : LANES[name];
    if (name === undefined || count === undefined) {
      this.#scope.problems.syntax(shape ?? items.place, 'the shape of a vector is expected here, as i32x4');
      return;
    }
    const bits = 128 / count;
    for (let i = 0; i < count; i++) {
      if (items.next === undefined || items.next.kind === 'list' || items.next.kind === 'keyword') {
        this.expected(items, `${count === 1 ? 'a number' : `one of ${count} numbers`}`);
        return;
      }
      if (name.startsWith('f')) this.float(items, bits === 32 ? 32 : 64);
      else this.integer(items, bits);
    }
  }
}
