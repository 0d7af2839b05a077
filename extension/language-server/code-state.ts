import {
  type Atom,
  type InstructionChecker,
  labelTypes,
  type Named,
  type TypedName,
} from '../../runtime/internal.ts';
import type { WatDocument } from './wat-document.ts';

/** A block that is open, as branches see it. */
export interface OpenLabel {
  readonly target: Named;
  readonly word: string;
  /** What a branch to it passes on. */
  readonly types: readonly number[];
}

/** What is known at a place in code. */
export interface CodeAt {
  /** What is on the stack in the innermost block; the deepest value first. */
  readonly stack: readonly number[];
  /** Whether any values may lie below: the place is never reached, or a mistake stands before it. */
  readonly anything: boolean;
  readonly locals: readonly TypedName[];
  /** The innermost block first. */
  readonly labels: readonly OpenLabel[];
}

/** What is known before what stands at an offset is executed; undefined outside of code. */
export function codeAt(document: WatDocument, offset: number): CodeAt | undefined {
  let found: CodeAt | undefined;
  document.analysis.observeAt(offset, {
    before(end, code) {
      if (end > offset) found ??= stateOf(code);
    },
  });
  return found;
}

function stateOf({ stack, locals }: InstructionChecker): CodeAt {
  return {
    stack: [...stack.types],
    anything: stack.frame.anything,
    locals,
    labels: stack.frames
      .map((frame) => ({ target: frame.target, word: frame.word, types: labelTypes(frame) }))
      .reverse(),
  };
}

/** What an instruction takes from the stack and leaves there. */
export interface Effect {
  readonly operands: readonly number[];
  readonly results: readonly number[];
}

/** What the instruction at a word takes and leaves there; undefined for blocks, and what is no instruction. */
export function effectAt(document: WatDocument, word: Atom): Effect | undefined {
  let before: { types: readonly number[]; height: number } | undefined;
  let found: Effect | undefined;
  document.analysis.observeAt(word.end, {
    enter(at, _, { stack }) {
      if (at.start !== word.start) return;
      stack.lowest = stack.height;
      before = { types: stack.from(0), height: stack.height };
    },
    leave(at, _, { stack }) {
      if (at.start !== word.start || before === undefined || found !== undefined) return;
      const { lowest } = stack;
      found = { operands: before.types.slice(lowest), results: stack.from(lowest) };
    },
  });
  return found;
}
