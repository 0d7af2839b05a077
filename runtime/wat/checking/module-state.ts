import type { Declaration, Declarations } from '../declarations.ts';
import type { List, Syntax } from '../syntax.ts';
import type { CodeObserver } from './code-observer.ts';
import { CodeUnit } from './code-unit.ts';
import { ConstantChecker } from './constant-checker.ts';
import { Problems } from './problems.ts';
import { TypeReader } from './read-types.ts';
import { Scope } from './scope.ts';

/** A module while its fields are read, and what is left to do then. */
export class ModuleState {
  readonly problems = new Problems();
  readonly scope: Scope;
  readonly types: TypeReader;
  readonly constants: ConstantChecker;
  /** Done once all is declared: finding what code may refer to. */
  readonly finding: (() => void)[] = [];
  /** Done after that. */
  readonly code: CodeUnit[] = [];
  /** By the list that declares something. */
  readonly #byList: ReadonlyMap<List, Declaration>;

  constructor(syntax: Syntax, declarations: Declarations) {
    this.scope = new Scope(syntax, declarations, this.problems);
    this.types = new TypeReader(this.scope);
    this.constants = new ConstantChecker(this.scope, this.types);
    this.#byList = new Map(declarations.all.map((declaration) => [declaration.list, declaration]));
  }

  /** Has the code of a list checked once all is declared. Of a function, it begins with an item. */
  later(list: List, check: (observer: CodeObserver | undefined) => void, body?: number): void {
    this.code.push(new CodeUnit(this.scope, list, check, body));
  }

  /** The index of what a list declares. */
  indexOf(list: List): number {
    return this.#byList.get(list)?.index ?? 0;
  }
}
