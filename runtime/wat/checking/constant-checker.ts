import type { List } from '../syntax.ts';
import type { CodeObserver } from './code-observer.ts';
import { CodeWalker } from './code-walker.ts';
import { InstructionChecker, labelAt } from './instruction-checker.ts';
import { headOf } from './items.ts';
import type { TypeReader } from './read-types.ts';
import type { Scope } from './scope.ts';

/** Checks expressions that are computed when a module is instantiated. Source: core specification, 3.5.11. */
export class ConstantChecker {
  readonly #scope: Scope;
  readonly #types: TypeReader;

  constructor(scope: Scope, types: TypeReader) {
    this.#scope = scope;
    this.#types = types;
  }

  /**
   * Checks the instructions of a list from an item on.
   * @param knownGlobals how many globals are defined before it
   */
  check(
    list: List,
    from: number,
    type: number,
    observer: CodeObserver | undefined,
    knownGlobals = this.#scope.globals.length,
  ): void {
    this.#check(list, type, (walker) => walker.walk(list, from), observer, knownGlobals);
  }

  /** The same where the word before the instructions may be left out if there is only one. */
  checkEither(list: List, word: 'offset' | 'item', type: number, observer: CodeObserver | undefined): void {
    if (list.head === word) this.check(list, 1, type, observer);
    else this.#check(list, type, (walker) => walker.walkFolded(list), observer, this.#scope.globals.length);
  }

  #check(
    list: List,
    type: number,
    walk: (walker: CodeWalker) => void,
    observer: CodeObserver | undefined,
    knownGlobals: number,
  ): void {
    const checker = new InstructionChecker(this.#scope, this.#types, { knownGlobals });
    checker.open({
      word: 'the expression',
      place: headOf(list),
      label: undefined,
      target: labelAt(list),
      start: [],
      end: [type],
      folded: true,
    });
    const walker = new CodeWalker(this.#scope.syntax, checker, observer);
    walk(walker);
    walker.endUnfolded();
    observer?.before?.(list.end, checker);
    checker.close(headOf(list));
  }

  /** Functions to which an expression refers may be referred to by code as well. */
  findReferences(list: List): void {
    const waiting: List[] = [list];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const [i, item] of next.items.entries()) {
        if (item.kind === 'list') waiting.push(item);
        else if (item.kind === 'keyword' && this.#scope.textOf(item) === 'ref.func') {
          const at = next.items[i + 1];
          if (at?.kind !== 'identifier' && at?.kind !== 'number') continue;
          const index = this.#scope.find('function', at);
          if (index !== undefined) this.#scope.referable.add(index);
        }
      }
    }
  }
}
