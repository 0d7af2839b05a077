import { type Declarations, readDeclarations } from '../declarations.ts';
import type { SyntaxChange } from '../edit-syntax.ts';
import type { Syntax } from '../syntax.ts';
import type { CodeObserver } from './code-observer.ts';
import { type CodeUnit, isInCode } from './code-unit.ts';
import { ModuleChecker } from './module-checker.ts';
import type { Named, Use } from './names.ts';
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
  /** The functions and expressions that have code. */
  readonly code: readonly CodeUnit[];
  #problems: readonly TextProblem[] | undefined;
  #uses: readonly Use[] | undefined;
  #used: ReadonlySet<Named> | undefined;

  constructor(syntax: Syntax, declarations: Declarations = readDeclarations(syntax)) {
    this.syntax = syntax;
    this.declarations = declarations;
    const checker = new ModuleChecker(syntax, declarations);
    checker.checkFields();
    this.scope = checker.module.scope;
    this.code = checker.module.code;
  }

  /** By their start. */
  get problems(): readonly TextProblem[] {
    if (this.#problems !== undefined) return this.#problems;
    const found: TextProblem[] = [
      ...this.syntax.faults.map((fault) => ({ ...fault, kind: 'syntax' as const })),
      ...this.scope.problems.found,
    ];
    for (const { list, findings } of this.code)
      for (const problem of findings.problems)
        found.push({ ...problem, start: problem.start + list.start, end: problem.end + list.start });
    this.#problems = found.sort((a, b) => a.start - b.start);
    return this.#problems;
  }

  /** Every place that names something, also where that is defined. By their start. */
  get uses(): readonly Use[] {
    this.#uses ??= [this.scope.uses, ...this.code.map(({ findings }) => findings.uses)]
      .flat()
      .sort((a, b) => a.at.start - b.at.start);
    return this.#uses;
  }

  /** The places that name something. By their start. */
  usesOf(target: Named): readonly Use[] {
    const found = isInCode(target) ? [] : this.scope.uses.filter((use) => use.target === target);
    const { start } = target.list;
    for (const { list, findings } of this.code) {
      const mayName = isInCode(target) ? list.start <= start && start < list.end : findings.named.has(target);
      if (mayName) for (const use of findings.uses) if (use.target === target) found.push(use);
    }
    return found.sort((a, b) => a.at.start - b.at.start);
  }

  /** Whether something that the module declares is named anywhere but where it is declared. */
  isUsed(target: Named): boolean {
    this.#used ??= new Set([
      ...this.scope.uses.filter((use) => use.target.identifier !== use.at).map((use) => use.target),
      ...this.code.flatMap(({ findings }) => [...findings.named]),
    ]);
    return this.#used.has(target);
  }

  /** Has an observer look at the code around an offset. Does nothing if there is none. */
  observeAt(offset: number, observer: CodeObserver): void {
    this.code.findLast(({ list: { start, end } }) => start < offset && offset <= end)?.observe(observer);
  }

  /**
   * Brings the analysis up to date with an edit of the syntax.
   * @returns false if only a new one can tell what the module is now
   */
  edit({ list, from, movedFrom, by }: SyntaxChange): boolean {
    if (list !== undefined && this.code.find((unit) => unit.list === list)?.changed(from) !== true)
      return false;
    for (const problem of this.scope.problems.found) {
      if (problem.start < movedFrom) continue;
      problem.start += by;
      problem.end += by;
    }
    this.#problems = undefined;
    this.#uses = undefined;
    this.#used = undefined;
    return true;
  }
}
