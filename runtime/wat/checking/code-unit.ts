import type { List } from '../syntax.ts';
import type { CodeObserver } from './code-observer.ts';
import type { Named, Use } from './names.ts';
import type { TextProblem } from './problems.ts';
import type { Scope } from './scope.ts';

/** What is found in code. */
export interface CodeFindings {
  /** Offsets count from where the list begins that has the code in it. */
  readonly problems: readonly TextProblem[];
  /** By their start. */
  readonly uses: readonly Use[];
  /** What it names of what the module declares. */
  readonly named: ReadonlySet<Named>;
}

/** Whether something belongs to one function. */
export function isInCode({ space }: Named): boolean {
  return space === 'local' || space === 'label';
}

/** Lists that belong to the type of a function. */
const HEADS: ReadonlySet<string> = new Set(['export', 'import', 'type', 'param', 'result']);

/** The code of a function or an expression, or something that is checked along with code. No unit depends on another one. */
export class CodeUnit {
  /** What has the code in it. */
  readonly list: List;
  readonly #scope: Scope;
  readonly #check: (observer: CodeObserver | undefined) => void;
  /** Of a function: the index of the first item that is no part of its type. */
  readonly #body: number | undefined;
  #findings: CodeFindings | undefined;

  /** @param check may be called several times */
  constructor(scope: Scope, list: List, check: (observer: CodeObserver | undefined) => void, body?: number) {
    this.list = list;
    this.#scope = scope;
    this.#check = check;
    this.#body = body;
  }

  get isChecked(): boolean {
    return this.#findings !== undefined;
  }

  /** They stay the same object until the code has changed. The code is checked when they are first asked for. */
  get findings(): CodeFindings {
    return this.#findings ?? this.observe(undefined);
  }

  /** Checks the code while an observer looks on. */
  observe(observer: CodeObserver | undefined): CodeFindings {
    const { uses, problems } = this.#scope;
    const known = { uses: uses.length, problems: problems.found.length };
    this.#check(observer);
    const { start } = this.list;
    const found = problems.found
      .splice(known.problems)
      .map((problem) => ({ ...problem, start: problem.start - start, end: problem.end - start }));
    const used = uses.splice(known.uses).sort((a, b) => a.at.start - b.at.start);
    const named = new Set(used.map(({ target }) => target).filter((target) => !isInCode(target)));
    this.#findings ??= { problems: found, uses: used, named };
    return this.#findings;
  }

  /** Tells that the items of the list have changed from one on. Returns false if the module means something else for it. */
  changed(from: number): boolean {
    if (this.#body === undefined || from < this.#body) return false;
    this.#findings = undefined;
    const next = this.list.items[this.#body];
    return next?.kind === 'list' ? !HEADS.has(next.head) : next?.kind !== 'identifier' || this.#body > 1;
  }
}
