import { type Declarations, readDeclarations } from '../declarations.ts';
import type { List, Syntax } from '../syntax.ts';
import type { CodeObserver } from './code-observer.ts';
import { ModuleChecker } from './module-checker.ts';
import type { CodeTask } from './module-state.ts';
import type { Use } from './names.ts';
import type { TextProblem } from './problems.ts';
import type { Scope } from './scope.ts';

/** Checks a text as far as it can be read: its form, its names, its types. All that is wrong is told, each thing once. */
export function checkText(
  syntax: Syntax,
  declarations: Declarations = readDeclarations(syntax),
): readonly TextProblem[] {
  return new TextAnalysis(syntax, declarations).problems;
}

/**
 * What is known of a text: what is wrong with it, and what its names stand for. What it declares is read at once, and its code when
 * something of it is asked for.
 */
export class TextAnalysis {
  readonly syntax: Syntax;
  readonly declarations: Declarations;
  readonly scope: Scope;
  readonly #checker: ModuleChecker;
  #isChecked = false;
  #problems: readonly TextProblem[] | undefined;
  #uses: readonly Use[] | undefined;

  constructor(syntax: Syntax, declarations: Declarations = readDeclarations(syntax)) {
    this.syntax = syntax;
    this.declarations = declarations;
    this.#checker = new ModuleChecker(syntax, declarations);
    this.#checker.checkFields();
    this.scope = this.#checker.module.scope;
  }

  /** By their start. */
  get problems(): readonly TextProblem[] {
    this.#checkCode();
    this.#problems ??= [
      ...this.syntax.faults.map((fault) => ({ ...fault, kind: 'syntax' as const })),
      ...this.#checker.problems.found,
    ].sort((a, b) => a.start - b.start);
    return this.#problems;
  }

  /** Every place that names something, also where that is defined. By their start. */
  get uses(): readonly Use[] {
    this.#checkCode();
    this.#uses ??= this.scope.uses.toSorted((a, b) => a.at.start - b.at.start);
    return this.#uses;
  }

  /** The functions and expressions that have code, in the order of the text. */
  get code(): readonly List[] {
    return this.#checker.module.code.map(({ list }) => list);
  }

  /** Has an observer look at the code around an offset. Does nothing if there is none. */
  observeAt(offset: number, observer: CodeObserver): void {
    const task = this.#checker.module.code.findLast(
      ({ list: { start, end } }) => start < offset && offset <= end,
    );
    if (task !== undefined) this.#observe(task, observer);
  }

  /** Has an observer look at all code. That is checked only once if nothing has been asked of it before. */
  observe(observer: CodeObserver): void {
    if (!this.#isChecked) {
      this.#checkCode(observer);
      return;
    }
    for (const task of this.#checker.module.code) this.#observe(task, observer);
  }

  /** Checks code once more: what is found was told before, or will be. */
  #observe({ check }: CodeTask, observer: CodeObserver): void {
    const { found } = this.#checker.problems;
    const { uses } = this.scope;
    const before = { problems: found.length, uses: uses.length };
    check(observer);
    found.length = before.problems;
    uses.length = before.uses;
  }

  #checkCode(observer?: CodeObserver): void {
    if (this.#isChecked) return;
    this.#isChecked = true;
    for (const { check } of this.#checker.module.code) check(observer);
  }
}
