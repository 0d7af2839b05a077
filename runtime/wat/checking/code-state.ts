import { identifierName } from '../literals.ts';
import { ImmediateReader } from './immediates.ts';
import type { Items } from './items.ts';
import { u32 } from './numbers.ts';
import { type Frame, OperandStack } from './operand-stack.ts';
import type { Place } from './place.ts';
import type { TypeReader } from './read-types.ts';
import type { Scope } from './scope.ts';
import { FIRST_DEFINED, reference } from './types.ts';

/** What is known at an instruction: the module, the stack, and the blocks around. */
export class CodeState {
  readonly scope: Scope;
  readonly types: TypeReader;
  readonly stack: OperandStack;
  readonly immediates: ImmediateReader;

  constructor(scope: Scope, types: TypeReader) {
    this.scope = scope;
    this.types = types;
    this.stack = new OperandStack(scope);
    this.immediates = new ImmediateReader(scope);
  }

  /** Takes a label: a `$name`, or how many blocks are around. */
  label(items: Items): Frame | undefined {
    const at = items.index();
    if (at === undefined) {
      this.immediates.expected(items, 'a label');
      return undefined;
    }
    const { frames } = this.stack;
    const text = this.scope.textOf(at);
    if (at.kind === 'identifier') {
      const name = identifierName(text);
      const frame = frames.findLast(({ label }) => label === name);
      if (frame === undefined) this.scope.problems.unknown(at, 'label', `there is no label ${text}`);
      else this.scope.use(at, frame.target);
      return frame;
    }
    const depth = u32(text);
    const frame = depth === undefined ? undefined : frames[frames.length - 1 - depth];
    if (frame !== undefined) this.scope.use(at, frame.target);
    else
      this.scope.problems.unknown(
        at,
        'label',
        `there is no label ${text}: the last one is ${frames.length - 1}`,
      );
    return frame;
  }

  /** Takes the values that a label needs, and leaves them there. */
  passTo(frame: Frame, place: Place, what: string): void {
    const types = labelTypes(frame);
    this.stack.take(types, place, what);
    this.stack.pushAll(types);
  }

  /** The type of references to a type that the module defines. */
  objectType(index: number, nullable: boolean): number {
    return reference(FIRST_DEFINED + index, nullable);
  }
}

/** What a branch to a label passes on. */
export function labelTypes({ word, start, end }: Frame): readonly number[] {
  return word === 'loop' ? start : end;
}
