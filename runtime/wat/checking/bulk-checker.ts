import { Op } from '../../wasm/opcodes.ts';
import type { Atom } from '../syntax.ts';
import type { CodeState } from './code-state.ts';
import type { Items } from './items.ts';
import { Type } from './types.ts';

/** Checks instructions on tables, on whole parts of memories, and on segments. Source: core specification, 3.4.8 and 3.4.10. */
export class BulkChecker {
  readonly #code: CodeState;

  constructor(code: CodeState) {
    this.#code = code;
  }

  check(opcode: number, word: Atom, items: Items): void {
    const { stack, immediates, scope } = this.#code;
    const what = scope.textOf(word);
    const memory = () => {
      const index = immediates.optionalIndex(items, 'memory', word);
      return index === undefined ? Type.unknown : (scope.memories[index]?.address ?? Type.unknown);
    };
    const table = () => {
      const index = immediates.optionalIndex(items, 'table', word);
      return (
        (index === undefined ? undefined : scope.tables[index]) ?? {
          element: Type.unknown,
          address: Type.unknown,
        }
      );
    };
    const take = (types: readonly number[]) => stack.take(types, items.placeFrom(word), what);
    switch (opcode) {
      case Op.tableGet: {
        const { element, address } = table();
        take([address]);
        stack.push(element);
        return;
      }
      case Op.tableSet: {
        const { element, address } = table();
        take([address, element]);
        return;
      }
      case Op.tableSize:
        stack.push(table().address);
        return;
      case Op.tableGrow: {
        const { element, address } = table();
        take([element, address]);
        stack.push(address);
        return;
      }
      case Op.tableFill: {
        const { element, address } = table();
        take([address, element, address]);
        return;
      }
      case Op.tableCopy: {
        const target = table();
        const source = items.next?.kind === 'identifier' || items.next?.kind === 'number' ? table() : target;
        take([target.address, source.address, smaller(target.address, source.address)]);
        if (!scope.types.matches(source.element, target.element))
          scope.problems.type(
            items.placeFrom(word),
            `${what} copies ${scope.typeText(source.element)} into a table of ${scope.typeText(target.element)}`,
          );
        return;
      }
      case Op.tableInit: {
        const { target, segment } = this.#targetAndSegment(items, word, 'table', 'element');
        const type = (target === undefined ? undefined : scope.tables[target]) ?? {
          element: Type.unknown,
          address: Type.unknown,
        };
        take([type.address, Type.i32, Type.i32]);
        const element = segment === undefined ? Type.unknown : (scope.elements[segment] ?? Type.unknown);
        if (!scope.types.matches(element, type.element))
          scope.problems.type(
            items.placeFrom(word),
            `${what} puts ${scope.typeText(element)} into a table of ${scope.typeText(type.element)}`,
          );
        return;
      }
      case Op.elemDrop:
        immediates.index(items, 'element');
        return;
      case Op.memoryInit: {
        const { target } = this.#targetAndSegment(items, word, 'memory', 'data');
        const address =
          target === undefined ? Type.unknown : (scope.memories[target]?.address ?? Type.unknown);
        take([address, Type.i32, Type.i32]);
        return;
      }
      case Op.dataDrop:
        immediates.index(items, 'data');
        return;
      case Op.memoryCopy: {
        const target = memory();
        const source = items.next?.kind === 'identifier' || items.next?.kind === 'number' ? memory() : target;
        take([target, source, smaller(target, source)]);
        return;
      }
      case Op.memoryFill: {
        const address = memory();
        take([address, Type.i32, address]);
        return;
      }
      default:
        scope.problems.syntax(word, `${what} can't stand here`);
    }
  }

  /** Takes the table or memory, which may be left out, and the segment. */
  #targetAndSegment(
    items: Items,
    word: Atom,
    space: 'table' | 'memory',
    segments: 'element' | 'data',
  ): { target: number | undefined; segment: number | undefined } {
    const behind = items.list.items[items.at + 1];
    const hasTwo = behind?.kind === 'identifier' || behind?.kind === 'number';
    if (hasTwo)
      return {
        target: this.#code.immediates.index(items, space),
        segment: this.#code.immediates.index(items, segments),
      };
    const segment = this.#code.immediates.index(items, segments);
    return { target: this.#code.scope.first(space, word), segment };
  }
}

/** The type of a size, between memories or tables of which one may have larger addresses. */
function smaller(one: number, other: number): number {
  return one === Type.i32 || other === Type.i32 ? Type.i32 : one;
}
