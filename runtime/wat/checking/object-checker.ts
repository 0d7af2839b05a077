import { Op } from '../../wasm/opcodes.ts';
import type { Atom } from '../syntax.ts';
import { type CodeState, labelTypes } from './code-state.ts';
import type { Items } from './items.ts';
import { u32 } from './numbers.ts';
import type { Place } from './place.ts';
import type { Field, Shape } from './type-table.ts';
import { Heap, heapOf, isNullable, isReference, reference, Type, unpacked } from './types.ts';

const EQ = reference(Heap.eq, true);

/** Checks instructions on references, structs and arrays. Source: core specification, 3.4.12 to 3.4.18. */
export class ObjectChecker {
  readonly #code: CodeState;

  constructor(code: CodeState) {
    this.#code = code;
  }

  check(opcode: number, word: Atom, items: Items): void {
    const { stack, scope, types, immediates } = this.#code;
    const what = scope.textOf(word);
    const take = (expected: readonly number[]) => stack.take(expected, items.placeFrom(word), what);
    switch (opcode) {
      case Op.refNull: {
        const heap = types.heapType(items);
        stack.push(heap === undefined ? Type.unknown : reference(heap, true));
        return;
      }
      case 0xd1: // ref.is_null
        stack.takeReference(word, what);
        stack.push(Type.i32);
        return;
      case Op.refFunc: {
        const index = immediates.index(items, 'function');
        if (index !== undefined && !scope.referable.has(index))
          scope.problems.module(
            items.placeFrom(word),
            'a function that code refers to is exported, or stands in an element segment, as (elem declare func $f)',
          );
        const type = index === undefined ? undefined : scope.functions[index];
        stack.push(type === undefined ? Type.unknown : this.#code.objectType(type, false));
        return;
      }
      case 0xd3: // ref.eq
        take([EQ, EQ]);
        stack.push(Type.i32);
        return;
      case 0xd4: // ref.as_non_null
        stack.push(withoutNull(stack.takeReference(word, what)));
        return;
      case Op.brOnNull: {
        const frame = this.#code.label(items);
        const place = items.placeFrom(word);
        const type = stack.takeReference(place, what);
        if (frame !== undefined) this.#code.passTo(frame, place, what);
        stack.push(withoutNull(type));
        return;
      }
      case Op.brOnNonNull: {
        const frame = this.#code.label(items);
        const place = items.placeFrom(word);
        const type = stack.takeReference(place, what);
        if (frame === undefined) return;
        const expected = labelTypes(frame);
        stack.push(withoutNull(type));
        if (!isReference(expected.at(-1) ?? Type.i32)) {
          scope.problems.type(
            place,
            `${what} passes on a reference, and the label takes ${scope.typesText(expected)}`,
          );
          return;
        }
        stack.take(expected, place, what);
        stack.pushAll(expected.slice(0, -1));
        return;
      }
      case 0xfb014: // ref.test
      case 0xfb015:
      case 0xfb016: // ref.cast
      case 0xfb017:
        this.#cast(word, items, what);
        return;
      case Op.brOnCast:
      case Op.brOnCastFail:
        this.#branchOnCast(opcode, word, items, what);
        return;
      case 0xfb01a: // any.convert_extern
        this.#convert(word, what, Heap.extern, Heap.any);
        return;
      case 0xfb01b: // extern.convert_any
        this.#convert(word, what, Heap.any, Heap.extern);
        return;
      case 0xfb01c: // ref.i31
        take([Type.i32]);
        stack.push(reference(Heap.i31, false));
        return;
      case 0xfb01d: // i31.get_s
      case 0xfb01e: // i31.get_u
        take([reference(Heap.i31, true)]);
        stack.push(Type.i32);
        return;
      case 0xfb00f: // array.len
        take([reference(Heap.array, true)]);
        stack.push(Type.i32);
        return;
      default:
        if (opcode <= 0xfb005) this.#struct(opcode, word, items, what);
        else this.#array(opcode, word, items, what);
    }
  }

  #cast(word: Atom, items: Items, what: string): void {
    const { stack, scope, types } = this.#code;
    const target = types.referenceType(items);
    const place = items.placeFrom(word);
    const type = stack.takeReference(place, what);
    if (
      isReference(target) &&
      isReference(type) &&
      scope.types.topOf(heapOf(type)) !== scope.types.topOf(heapOf(target))
    )
      scope.problems.type(place, `a ${scope.typeText(type)} is never a ${scope.typeText(target)}`);
    stack.push(what === 'ref.test' ? Type.i32 : target);
  }

  #branchOnCast(opcode: number, word: Atom, items: Items, what: string): void {
    const { stack, scope, types } = this.#code;
    const frame = this.#code.label(items);
    const from = types.referenceType(items);
    const to = types.referenceType(items);
    const place = items.placeFrom(word);
    if (!scope.types.matches(to, from))
      scope.problems.type(place, `${scope.typeText(to)} is no part of ${scope.typeText(from)}`);
    stack.take([from], place, what);
    const rest = isReference(from) && isReference(to) && isNullable(to) ? withoutNull(from) : from;
    const [passed, kept] = opcode === Op.brOnCast ? [to, rest] : [rest, to];
    if (frame !== undefined) {
      const expected = labelTypes(frame);
      stack.push(passed);
      stack.take(expected, place, what);
      stack.pushAll(expected.slice(0, -1));
    }
    stack.push(kept);
  }

  #convert(word: Atom, what: string, from: number, to: number): void {
    const { stack, scope } = this.#code;
    const type = stack.takeReference(word, what);
    if (type === Type.unknown) {
      stack.push(Type.unknown);
      return;
    }
    if (!scope.types.matches(type, reference(from, true)))
      scope.problems.type(
        word,
        `${what} takes ${scope.typesText([reference(from, true)])}, and finds ${scope.typesText([type])}`,
      );
    stack.push(reference(to, isNullable(type)));
  }

  /** Takes the index of a type of this kind. */
  #object<K extends Shape['kind']>(
    items: Items,
    kind: K,
  ): { index: number; fields: readonly Field[] } | undefined {
    const { scope, types, immediates } = this.#code;
    const at = items.index();
    if (at === undefined) {
      immediates.expected(items, 'a type');
      return undefined;
    }
    const index = types.typeIndex(at);
    const shape = index === undefined ? undefined : scope.types.get(index)?.shape;
    if (index === undefined || shape === undefined) return undefined;
    if (shape.kind === kind && shape.kind !== 'func') return { index, fields: shape.fields };
    scope.problems.type(at, `type ${scope.textOf(at)} is no ${kind}`);
    return undefined;
  }

  #struct(opcode: number, word: Atom, items: Items, what: string): void {
    const { stack, scope } = this.#code;
    const found = this.#object(items, 'struct');
    const isNew = opcode <= Op.structNewDefault;
    const field = isNew ? undefined : this.#field(items, found);
    const place = items.placeFrom(word);
    if (found === undefined) {
      stack.letAnything();
      return;
    }
    const { index, fields } = found;
    if (opcode === Op.structNew)
      stack.take(
        fields.map(({ type }) => unpacked(type)),
        place,
        what,
      );
    if (opcode === Op.structNewDefault) this.#checkDefaults(fields, place, what);
    if (isNew) {
      stack.push(this.#code.objectType(index, false));
      return;
    }
    const type = unpacked(field?.type ?? Type.unknown);
    const object = this.#code.objectType(index, true);
    if (opcode === 0xfb005) {
      if (field?.mutable === false)
        scope.problems.module(place, "this field can't be changed: its type has no mut");
      stack.take([object, type], place, what);
      return;
    }
    this.#checkPacking(field, what, place);
    stack.take([object], place, what);
    stack.push(type);
  }

  /** Takes the number or name of a field. */
  #field(items: Items, struct: { index: number; fields: readonly Field[] } | undefined): Field | undefined {
    const { scope, immediates } = this.#code;
    const at = items.index();
    if (at === undefined) {
      immediates.expected(items, 'a field');
      return undefined;
    }
    if (struct === undefined) return undefined;
    const text = scope.textOf(at);
    const fields = scope.fields.get(struct.index) ?? [];
    const found =
      at.kind === 'number' ? fields[u32(text) ?? -1] : fields.find((field) => scope.isCalled(field, text));
    if (found !== undefined) scope.use(at, found);
    else scope.problems.unknown(at, 'field', `the struct has no field ${text}`);
    return found && struct.fields[found.index];
  }

  #checkDefaults(fields: readonly Field[], place: Place, what: string): void {
    const { scope } = this.#code;
    const without = fields.find(({ type }) => isReference(type) && !isNullable(type));
    if (without !== undefined)
      scope.problems.type(
        place,
        `${what} needs types that have a value to begin with, and ${scope.typeText(without.type)} has none`,
      );
  }

  /** Fields of less than 32 bits are read with `_s` or `_u`, and others without. */
  #checkPacking(field: Field | undefined, what: string, place: Place): void {
    if (field === undefined || field.type === Type.unknown) return;
    const { scope } = this.#code;
    const isPacked = field.type === Type.i8 || field.type === Type.i16;
    const saysSign = /_[su]$/.test(what);
    if (isPacked && !saysSign)
      scope.problems.type(place, `an ${scope.typeText(field.type)} is read with ${what}_s or ${what}_u`);
    if (!isPacked && saysSign)
      scope.problems.type(place, `${scope.typeText(field.type)} is read with ${what.slice(0, -2)}`);
  }

  #array(opcode: number, word: Atom, items: Items, what: string): void {
    const { stack, scope, immediates } = this.#code;
    const found = this.#object(items, 'array');
    const element = found?.fields[0];
    const type = unpacked(element?.type ?? Type.unknown);
    const object = found === undefined ? Type.unknown : this.#code.objectType(found.index, true);
    const create = () =>
      stack.push(found === undefined ? Type.unknown : this.#code.objectType(found.index, false));
    const take = (types: readonly number[]) => stack.take(types, items.placeFrom(word), what);
    const { i32 } = Type;
    switch (opcode) {
      case Op.arrayNew:
        take([type, i32]);
        create();
        return;
      case Op.arrayNewDefault:
        if (element !== undefined) this.#checkDefaults([element], items.placeFrom(word), what);
        take([i32]);
        create();
        return;
      case Op.arrayNewFixed:
        this.#newFixed(word, items, what, type);
        create();
        return;
      case Op.arrayNewData:
        this.#dataSegment(word, items, element);
        take([i32, i32]);
        create();
        return;
      case Op.arrayNewElem:
        this.#elementSegment(word, items, element);
        take([i32, i32]);
        create();
        return;
      case 0xfb00b: // array.get
      case 0xfb00c: // array.get_s
      case 0xfb00d: // array.get_u
        this.#checkPacking(element, what, items.placeFrom(word));
        take([object, i32]);
        stack.push(type);
        return;
      case 0xfb00e: // array.set
        this.#checkMutable(element, word, items);
        take([object, i32, type]);
        return;
      case Op.arrayFill:
        this.#checkMutable(element, word, items);
        take([object, i32, type, i32]);
        return;
      case Op.arrayCopy: {
        this.#checkMutable(element, word, items);
        const source = this.#object(items, 'array');
        const from = source?.fields[0];
        take([
          object,
          i32,
          source === undefined ? Type.unknown : this.#code.objectType(source.index, true),
          i32,
          i32,
        ]);
        if (element !== undefined && from !== undefined && !scope.types.matches(from.type, element.type))
          scope.problems.type(
            items.placeFrom(word),
            `${what} copies ${scope.typeText(from.type)} into an array of ${scope.typeText(element.type)}`,
          );
        return;
      }
      case Op.arrayInitData:
        this.#checkMutable(element, word, items);
        this.#dataSegment(word, items, element);
        take([object, i32, i32, i32]);
        return;
      case Op.arrayInitElem:
        this.#checkMutable(element, word, items);
        this.#elementSegment(word, items, element);
        take([object, i32, i32, i32]);
        return;
      default:
        immediates.expected(items, 'another instruction');
    }
  }

  #newFixed(word: Atom, items: Items, what: string, type: number): void {
    const { scope, stack, immediates } = this.#code;
    const at = items.atom('number');
    const count = at && u32(items.textOf(at));
    if (at === undefined) immediates.expected(items, 'the number of elements');
    else if (count === undefined || count > 10_000)
      scope.problems.module(at, 'an array is made of at most 10,000 values');
    else stack.take(new Array<number>(count).fill(type), items.placeFrom(word), what);
  }

  #checkMutable(element: Field | undefined, word: Atom, items: Items): void {
    if (element?.mutable === false)
      this.#code.scope.problems.module(
        items.placeFrom(word),
        "the elements of this array can't be changed: their type has no mut",
      );
  }

  #dataSegment(word: Atom, items: Items, element: Field | undefined): void {
    const { scope, immediates } = this.#code;
    immediates.index(items, 'data');
    if (element !== undefined && isReference(element.type))
      scope.problems.type(
        items.placeFrom(word),
        `data has no references, and the elements of the array are ${scope.typeText(element.type)}`,
      );
  }

  #elementSegment(word: Atom, items: Items, element: Field | undefined): void {
    const { scope, immediates } = this.#code;
    const segment = immediates.index(items, 'element');
    const type = segment === undefined ? undefined : scope.elements[segment];
    if (type !== undefined && element !== undefined && !scope.types.matches(type, element.type))
      scope.problems.type(
        items.placeFrom(word),
        `the segment has ${scope.typeText(type)}, and the elements of the array are ${scope.typeText(element.type)}`,
      );
  }
}

function withoutNull(type: number): number {
  return isReference(type) ? reference(heapOf(type), false) : type;
}
