import type { Named } from './names.ts';
import type { Place } from './place.ts';
import type { Scope } from './scope.ts';
import { isReference, Type } from './types.ts';

/** What is open: a block, a loop, an arm of an `if`, a `try` or what catches, or the function itself. */
export interface Frame {
  readonly word: string;
  readonly place: Place;
  /** The name of its label, without the `$`. */
  readonly label: string | undefined;
  /** What names that stand for its label are recorded for. */
  readonly target: Named;
  readonly start: readonly number[];
  readonly end: readonly number[];
  /** Values that are on the stack below it. */
  readonly height: number;
  /** Whether a parenthesis ends it, and no `end`. */
  readonly folded: boolean;
  /** How many locals had got a value when it began, of those that have none by themselves. */
  readonly settings: number;
  /** From here on any values may be on the stack: the code is never reached, or a mistake in it was told. */
  anything: boolean;
}

/** The types of the values on the stack, and the blocks that are open. Source: core specification, appendix "Validation Algorithm". */
export class OperandStack {
  readonly frames: Frame[] = [];
  readonly #scope: Scope;
  readonly #types: number[] = [];
  /** The least height since an observer has set it: values above were pushed later. */
  lowest = 0;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  get frame(): Frame {
    const frame = this.frames.at(-1);
    if (frame === undefined) throw new Error('no block is open');
    return frame;
  }

  /** The values of the innermost block. */
  get types(): readonly number[] {
    return this.#types.slice(this.frame.height);
  }

  get height(): number {
    return this.#types.length;
  }

  push(type: number): void {
    this.#types.push(type);
  }

  pushAll(types: readonly number[]): void {
    for (const type of types) this.#types.push(type);
  }

  /** Takes values of these types, or tells that they are not there. */
  take(expected: readonly number[], place: Place, what: string): void {
    if (!this.#has(expected)) {
      const found = this.#types.slice(Math.max(this.frame.height, this.#types.length - expected.length));
      this.#scope.problems.type(
        place,
        `${what} takes ${this.#scope.typesText(expected)}, and finds ${this.#scope.typesText(found)}`,
      );
    }
    this.#drop(expected.length);
  }

  #has(expected: readonly number[]): boolean {
    const types = this.#types;
    const { height, anything } = this.frame;
    for (let i = expected.length - 1, at = types.length - 1; i >= 0; i--, at--) {
      if (at < height) return anything;
      if (!this.#scope.types.matches(types[at] ?? Type.unknown, expected[i] ?? Type.unknown)) return false;
    }
    return true;
  }

  /** Whether the topmost values are of these types; none is taken. */
  fits(expected: readonly number[]): boolean {
    return this.#has(expected);
  }

  #drop(count: number): void {
    this.#types.length = Math.max(this.frame.height, this.#types.length - count);
    this.#lower();
  }

  /** Takes a value of any type. */
  takeAny(place: Place, what: string): number {
    if (this.#types.length > this.frame.height) {
      const type = this.#types.pop() ?? Type.unknown;
      this.#lower();
      return type;
    }
    if (!this.frame.anything) this.#scope.problems.type(place, `${what} takes a value, and finds none`);
    return Type.unknown;
  }

  /** Takes a reference of any type. */
  takeReference(place: Place, what: string): number {
    const type = this.takeAny(place, what);
    if (isReference(type) || type === Type.unknown) return type;
    this.#scope.problems.type(place, `${what} takes a reference, and finds ${this.#scope.typesText([type])}`);
    return Type.unknown;
  }

  /** What follows is not reached, or can't be told. */
  letAnything(): void {
    this.frame.anything = true;
    this.#types.length = this.frame.height;
    this.#lower();
  }

  #lower(): void {
    this.lowest = Math.min(this.lowest, this.#types.length);
  }

  /** The values from a height on. */
  from(height: number): readonly number[] {
    return this.#types.slice(height);
  }

  enter(frame: Omit<Frame, 'height' | 'anything'>): void {
    this.frames.push({ ...frame, height: this.#types.length, anything: false });
    this.pushAll(frame.start);
  }

  /** Checks what the innermost block ends with, and closes it. Its results are not pushed. */
  leave(place: Place, what: string): Frame {
    const { frame } = this;
    const { end, height } = frame;
    const count = this.#types.length - height;
    if (!this.#has(end) || count > end.length)
      this.#scope.problems.type(
        place,
        `${what} ends with ${this.#scope.typesText(this.types)}, and must end with ${this.#scope.typesText(end)}`,
      );
    this.#types.length = height;
    this.frames.pop();
    return frame;
  }
}
