import { Op, Shape, shapeOf } from '../../wasm/opcodes.ts';
import { signatureOf } from '../../wasm/signatures.ts';
import { identifierName } from '../literals.ts';
import { mnemonic } from '../mnemonics.ts';
import type { Atom, List } from '../syntax.ts';
import { BulkChecker } from './bulk-checker.ts';
import { CodeState, labelTypes } from './code-state.ts';
import { headOf, type Items } from './items.ts';
import type { Named, TypedName } from './names.ts';
import { u32 } from './numbers.ts';
import { ObjectChecker } from './object-checker.ts';
import type { Frame } from './operand-stack.ts';
import type { Place } from './place.ts';
import type { TypeReader, TypeUse, Variable } from './read-types.ts';
import type { Scope } from './scope.ts';
import type { FunctionShape } from './type-table.ts';
import { Heap, hasDefault, isReference, reference, Type, typesOfLetters } from './types.ts';

const ANY_FUNCTION = reference(Heap.func, true);
const EXCEPTION = reference(Heap.exn, false);

/** Opcodes that may stand in constant expressions. Source: core specification, 3.5.11 "Expressions". */
const CONSTANT: ReadonlySet<number> = new Set([
  ...[Op.end, Op.i32Const, Op.i64Const, 0x43, 0x44, 0xfd00c, Op.refNull, Op.refFunc, Op.globalGet],
  ...[Op.i32Add, Op.i32Sub, Op.i32Mul, 0x7c, 0x7d, 0x7e],
  ...[Op.structNew, Op.structNewDefault, Op.arrayNew, Op.arrayNewDefault, Op.arrayNewFixed],
  ...[0xfb01a, 0xfb01b, 0xfb01c],
]);

/** What is being checked: the code of a function, or an expression that is computed when the module is instantiated. */
export interface CodeContext {
  /** Globals from here on can't be read in a constant expression; undefined in a function. */
  readonly knownGlobals: number | undefined;
}

/** Checks instructions one after another, as the binary would have them. */
export class InstructionChecker extends CodeState {
  readonly #objects: ObjectChecker;
  readonly #bulk: BulkChecker;
  readonly #context: CodeContext;
  #locals: readonly TypedName[] = [];
  readonly #localNames = new Map<string, number>();
  /** Locals that have no value by themselves, and have got one; in the order in which they did. */
  readonly #set: number[] = [];

  constructor(scope: Scope, types: TypeReader, context: CodeContext) {
    super(scope, types);
    this.#context = context;
    this.#objects = new ObjectChecker(this);
    this.#bulk = new BulkChecker(this);
  }

  /** Begins a function. */
  begin({ shape, params }: TypeUse, locals: readonly Variable[], list: List): void {
    this.#locals = [...params, ...locals].map((variable, index) => ({ space: 'local', index, ...variable }));
    for (const [i, local] of this.#locals.entries()) {
      const { identifier } = local;
      if (i < params.length) this.#set.push(i);
      if (identifier === undefined) continue;
      this.scope.define(local);
      const name = identifierName(this.scope.textOf(identifier));
      if (this.#localNames.has(name))
        this.scope.problems.syntax(identifier, `there is another local ${this.scope.textOf(identifier)}`);
      else this.#localNames.set(name, i);
    }
    this.open({
      word: 'the function',
      place: headOf(list),
      label: undefined,
      target: labelAt(list),
      start: [],
      end: shape.results,
      folded: true,
    });
  }

  /** The parameters and locals of the function. */
  get locals(): readonly TypedName[] {
    return this.#locals;
  }

  open(frame: Omit<Frame, 'height' | 'anything' | 'settings'>): void {
    this.stack.enter({ ...frame, settings: this.#set.length });
  }

  /** Ends the innermost block at a place. */
  close(place: Place): Frame {
    const { stack } = this;
    const { frame } = stack;
    if (frame.word === 'if' && !this.scope.types.matchesAll(frame.start, frame.end))
      this.scope.problems.type(
        place,
        `an if without an else ends with what it begins with, ${this.scope.typesText(frame.start)}, and not ${this.scope.typesText(frame.end)}`,
      );
    stack.leave(
      place,
      frame.word === 'the function' || frame.word === 'the expression' ? frame.word : `this ${frame.word}`,
    );
    this.#set.length = frame.settings;
    return frame;
  }

  /** Ends a block, whose results are on the stack then. */
  end(place: Place): void {
    this.stack.pushAll(this.close(place).end);
  }

  /** Begins the other arm of an `if`. */
  else(place: Place): void {
    const { frame } = this.stack;
    if (frame.word !== 'if') {
      this.scope.problems.syntax(place, 'else belongs to an if');
      return;
    }
    this.stack.leave(place, 'this if');
    this.#set.length = frame.settings;
    this.open({ ...frame, word: 'else', place });
  }

  /**
   * Takes an instruction's immediates, and checks it.
   * @param word the first of its words, which was taken already
   */
  check(opcode: number, word: Atom, items: Items): void {
    if (this.#context.knownGlobals !== undefined && !CONSTANT.has(opcode))
      this.scope.problems.module(
        word,
        `${this.scope.textOf(word)} can't stand in an expression that must be constant`,
      );
    const signature = signatureOf(opcode);
    if (signature === undefined) {
      if (opcode >> 12 === 0xfb || (opcode >= 0xd0 && opcode <= 0xd6))
        this.#objects.check(opcode, word, items);
      else this.#special(opcode, word, items);
      return;
    }
    const address = this.#immediates(opcode, word, items);
    const place = items.placeFrom(word);
    this.stack.take(typesOfLetters(signature.operands, address), place, this.scope.textOf(word));
    this.stack.pushAll(typesOfLetters(signature.results, address));
  }

  /** Takes the immediates of a simple instruction, and returns the type of addresses in its memory. */
  #immediates(opcode: number, word: Atom, items: Items): number {
    const { immediates } = this;
    switch (shapeOf(opcode)) {
      case Shape.memory:
        return immediates.memoryArgument(items, opcode, word, false)?.address ?? Type.unknown;
      case Shape.memoryLane: {
        const memory = immediates.memoryArgument(items, opcode, word, true);
        immediates.lane(items, mnemonic(opcode) ?? '');
        return memory?.address ?? Type.unknown;
      }
      case Shape.byte:
        if (opcode !== 0xfe003) immediates.lane(items, mnemonic(opcode) ?? '');
        break;
      case Shape.i32:
        immediates.integer(items, 32);
        break;
      case Shape.i64:
        immediates.integer(items, 64);
        break;
      case Shape.bytes4:
        immediates.float(items, 32);
        break;
      case Shape.bytes8:
        immediates.float(items, 64);
        break;
      case Shape.bytes16:
        if (opcode === 0xfd00c) immediates.vector(items);
        else immediates.shuffle(items);
        break;
      case Shape.index: {
        // memory.size, memory.grow
        const memory = immediates.optionalIndex(items, 'memory', word);
        return memory === undefined ? Type.unknown : (this.scope.memories[memory]?.address ?? Type.unknown);
      }
    }
    return Type.unknown;
  }

  #special(opcode: number, word: Atom, items: Items): void {
    const { stack } = this;
    const text = this.scope.textOf(word);
    switch (opcode) {
      case Op.unreachable:
        stack.letAnything();
        return;
      case Op.nop:
        return;
      case Op.block:
      case Op.loop:
      case Op.if:
      case Op.try:
      case Op.tryTable:
        this.openBlock(word, items, false);
        return;
      case Op.br:
        this.#branch(word, items);
        return;
      case Op.brIf: {
        const frame = this.label(items);
        const place = items.placeFrom(word);
        stack.take([Type.i32], place, text);
        if (frame !== undefined) this.passTo(frame, place, text);
        return;
      }
      case Op.brTable:
        this.#branchTable(word, items);
        return;
      case Op.return:
        this.#return(word, text);
        return;
      case Op.call:
      case Op.returnCall: {
        const index = this.immediates.index(items, 'function');
        const type = index === undefined ? undefined : this.scope.functions[index];
        this.#call(this.#functionShape(type), [], items.placeFrom(word), text);
        return;
      }
      case Op.callIndirect:
      case Op.returnCallIndirect:
        this.#callIndirect(word, items, text);
        return;
      case Op.callRef:
      case Op.returnCallRef: {
        const at = items.index();
        if (at === undefined) this.immediates.expected(items, 'a type');
        const index = at && this.types.typeIndex(at);
        if (index !== undefined) this.types.functionShape(index, at);
        const expected = index === undefined ? Type.unknown : this.objectType(index, true);
        this.#call(this.#functionShape(index), [expected], items.placeFrom(word), text);
        return;
      }
      case Op.throw: {
        const tag = this.immediates.index(items, 'tag');
        stack.take(this.tagParams(tag) ?? [], items.placeFrom(word), text);
        stack.letAnything();
        return;
      }
      case Op.throwRef:
        stack.take([reference(Heap.exn, true)], word, text);
        stack.letAnything();
        return;
      case Op.rethrow: {
        const frame = this.label(items);
        if (frame !== undefined && frame.word !== 'catch' && frame.word !== 'catch_all')
          this.scope.problems.module(items.placeFrom(word), 'rethrow names a label of what catches');
        stack.letAnything();
        return;
      }
      case Op.drop:
        stack.takeAny(word, text);
        return;
      case 0x1b:
      case 0x1c:
        this.#select(word, items);
        return;
      case Op.localGet:
      case Op.localSet:
      case Op.localTee:
        this.#local(opcode, word, items, text);
        return;
      case Op.globalGet:
      case Op.globalSet:
        this.#global(opcode, word, items, text);
        return;
      default:
        this.#bulk.check(opcode, word, items);
    }
  }

  /** Takes what stands behind the word of a block, and opens it. The condition of an `if` is on the stack. */
  openBlock(word: Atom, items: Items, folded: boolean): void {
    const kind = this.scope.textOf(word);
    const identifier = items.identifier();
    const { shape } = this.types.typeUse(items, false);
    // The labels of clauses are those around it.
    if (kind === 'try_table') this.#catchClauses(items);
    const place = items.placeFrom(word);
    if (kind === 'if') this.stack.take([Type.i32], place, kind);
    this.stack.take(shape.params, place, kind);
    const label = identifier && identifierName(this.scope.textOf(identifier));
    const target = labelAt(word, identifier);
    this.scope.define(target);
    this.open({ word: kind, place: word, label, target, start: shape.params, end: shape.results, folded });
  }

  #catchClauses(items: Items): void {
    for (;;) {
      const { next } = items;
      if (next?.kind !== 'list' || !/^catch(?:_all)?(?:_ref)?$/.test(next.head)) return;
      const inside = items.within(next.head);
      if (inside === undefined) return;
      const values: number[] = [];
      if (!next.head.startsWith('catch_all')) {
        const params = this.tagParams(this.immediates.index(inside, 'tag'));
        values.push(...(params ?? []));
      }
      if (next.head.endsWith('_ref')) values.push(EXCEPTION);
      const frame = this.label(inside);
      this.types.end(inside);
      if (frame === undefined) continue;
      const expected = labelTypes(frame);
      if (!this.scope.types.matchesAll(values, expected))
        this.scope.problems.type(
          next,
          `${next.head} gives ${this.scope.typesText(values)}, and the label takes ${this.scope.typesText(expected)}`,
        );
    }
  }

  /** Begins what catches in a `try`. */
  catch(word: Atom, items: Items): void {
    const kind = this.scope.textOf(word);
    const { frame } = this.stack;
    const params = kind === 'catch' ? (this.tagParams(this.immediates.index(items, 'tag')) ?? []) : [];
    if (frame.word !== 'try' && frame.word !== 'catch') {
      this.scope.problems.syntax(word, `${kind} belongs to a try`);
      return;
    }
    this.stack.leave(word, `this ${frame.word}`);
    this.#set.length = frame.settings;
    this.open({ ...frame, word: kind, place: word, start: params });
  }

  /** Ends a `try` with the label that its exceptions go to. */
  delegate(word: Atom, items: Items): void {
    if (this.stack.frame.word === 'try') this.end(word);
    else this.scope.problems.syntax(word, 'delegate belongs to a try');
    this.label(items);
  }

  #branch(word: Atom, items: Items): void {
    const frame = this.label(items);
    if (frame !== undefined)
      this.stack.take(labelTypes(frame), items.placeFrom(word), this.scope.textOf(word));
    this.stack.letAnything();
  }

  #branchTable(word: Atom, items: Items): void {
    const frames: (Frame | undefined)[] = [];
    const text = this.scope.textOf(word);
    do frames.push(this.label(items));
    while (items.next?.kind === 'identifier' || items.next?.kind === 'number');
    const place = items.placeFrom(word);
    this.stack.take([Type.i32], place, text);
    const last = frames.at(-1);
    for (const frame of new Set(frames)) {
      if (frame === undefined || last === undefined) continue;
      const types = labelTypes(frame);
      if (types.length !== labelTypes(last).length)
        this.scope.problems.type(
          place,
          `${text} has labels that take ${this.scope.typesText(types)} and ${this.scope.typesText(labelTypes(last))}`,
        );
      else if (!this.stack.fits(types)) this.stack.take(types, place, text);
      else continue;
      break;
    }
    this.stack.letAnything();
  }

  #return(place: Place, what: string): void {
    this.stack.take(this.results, place, what);
    this.stack.letAnything();
  }

  /** What the function returns. */
  get results(): readonly number[] {
    return this.stack.frames[0]?.end ?? [];
  }

  #functionShape(type: number | undefined): FunctionShape | undefined {
    const shape = type === undefined ? undefined : this.scope.types.get(type)?.shape;
    return shape?.kind === 'func' ? shape : undefined;
  }

  /**
   * Calls a function.
   * @param shape undefined where it can't be told
   * @param above what lies on top of the arguments
   */
  #call(shape: FunctionShape | undefined, above: readonly number[], place: Place, what: string): void {
    if (shape === undefined) {
      this.stack.letAnything();
      return;
    }
    this.stack.take([...shape.params, ...above], place, what);
    if (!what.startsWith('return_')) {
      this.stack.pushAll(shape.results);
      return;
    }
    if (!this.scope.types.matchesAll(shape.results, this.results))
      this.scope.problems.type(
        place,
        `${what} returns ${this.scope.typesText(shape.results)}, and the function ${this.scope.typesText(this.results)}`,
      );
    this.stack.letAnything();
  }

  #callIndirect(word: Atom, items: Items, what: string): void {
    const table = this.immediates.optionalIndex(items, 'table', word);
    const { shape, isKnown } = this.types.typeUse(items, false);
    const place = items.placeFrom(word);
    const type = table === undefined ? undefined : this.scope.tables[table];
    if (type !== undefined && !this.scope.types.matches(type.element, ANY_FUNCTION))
      this.scope.problems.type(
        place,
        `${what} takes a table of functions, and this one is of ${this.scope.typeText(type.element)}`,
      );
    this.#call(isKnown ? shape : undefined, [type?.address ?? Type.unknown], place, what);
  }

  #select(word: Atom, items: Items): void {
    const { stack } = this;
    const isTyped = items.next?.kind === 'list' && items.next.head === 'result';
    const types = this.types.results(items);
    const place = items.placeFrom(word);
    if (isTyped) {
      if (types.length !== 1) this.scope.problems.module(place, 'select has one result');
      const [type = Type.unknown] = types;
      stack.take([type, type, Type.i32], place, 'select');
      stack.push(type);
      return;
    }
    stack.take([Type.i32], place, 'select');
    const second = stack.takeAny(place, 'select');
    const first = stack.takeAny(place, 'select');
    if (isReference(first) || isReference(second))
      this.scope.problems.type(place, 'select of references says their type, as in select (result funcref)');
    else if (first !== second && first !== Type.unknown && second !== Type.unknown)
      this.scope.problems.type(
        place,
        `select takes two values of the same type, and finds ${this.scope.typesText([first, second])}`,
      );
    stack.push(first === Type.unknown ? second : first);
  }

  #local(opcode: number, word: Atom, items: Items, what: string): void {
    const { stack } = this;
    const index = this.#localIndex(items);
    const place = items.placeFrom(word);
    const type = index === undefined ? Type.unknown : (this.#locals[index]?.type ?? Type.unknown);
    if (opcode !== Op.localGet) stack.take([type], place, what);
    if (index !== undefined && !hasDefault(type) && !this.#set.includes(index)) {
      if (opcode === Op.localGet)
        this.scope.problems.type(
          place,
          `this local has no value yet: its type, ${this.scope.typeText(type)}, has none to begin with`,
        );
      this.#set.push(index);
    }
    if (opcode !== Op.localSet) stack.push(type);
  }

  #localIndex(items: Items): number | undefined {
    const at = items.index();
    if (at === undefined) {
      this.immediates.expected(items, 'a local');
      return undefined;
    }
    const text = this.scope.textOf(at);
    const index = at.kind === 'identifier' ? this.#localNames.get(identifierName(text)) : u32(text);
    const local = index === undefined ? undefined : this.#locals[index];
    if (local !== undefined) {
      this.scope.use(at, local);
      return index;
    }
    const count = this.#locals.length;
    const there =
      at.kind === 'identifier'
        ? ''
        : count === 0
          ? ': the function has none'
          : `: the last one is ${count - 1}`;
    this.scope.problems.unknown(at, 'local', `there is no local ${text}${there}`);
    return undefined;
  }

  #global(opcode: number, word: Atom, items: Items, what: string): void {
    const index = this.immediates.index(items, 'global');
    const place = items.placeFrom(word);
    const global = index === undefined ? undefined : this.scope.globals[index];
    const type = global?.type ?? Type.unknown;
    if (opcode === Op.globalSet) {
      if (global?.mutable === false)
        this.scope.problems.module(place, "this global can't be changed: its type has no mut");
      this.stack.take([type], place, what);
      return;
    }
    const known = this.#context.knownGlobals;
    if (known !== undefined && index !== undefined) {
      if (index >= known) this.scope.problems.add(place, 'unknown', 'this global is defined later');
      else if (global?.mutable === true)
        this.scope.problems.module(place, 'the value of a global that can be changed is not constant');
    }
    this.stack.push(type);
  }

  tagParams(tag: number | undefined): readonly number[] | undefined {
    return this.#functionShape(tag === undefined ? undefined : this.scope.tags[tag])?.params;
  }
}

/** What the names of a block's label stand for. */
export function labelAt(list: Place, identifier?: Atom): Named {
  return { space: 'label', index: 0, identifier, list };
}
