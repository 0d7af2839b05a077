import { Op } from '../../runtime/wasm/opcodes.ts';
import {
  Code,
  type FunctionType,
  type ModuleWriter,
  NO_RESULT,
  TYPE_CODES,
  type ValueType,
} from './module-writer.ts';
import type { Random } from './random.ts';

/** Elements of the table that are functions of one type, so that calls through it find one. A power of two. */
export const SLOTS_PER_TYPE = 8;
/** Bits of an address. What is behind stays below the least memory. */
const ADDRESS_MASK = 0xffff;

/** A function that can be called. */
export interface Callee extends FunctionType {
  readonly index: number;
  readonly typeIndex: number;
  /** Where the table has functions of this type. */
  readonly slot: number;
}

/** What the functions of a module can use. */
export interface Surroundings {
  readonly module: ModuleWriter;
  readonly functions: readonly Callee[];
  /** Bytes that the memory has at least, and elements of the table. Elements from `scratch` on may be overwritten. */
  readonly memory: number;
  readonly table: number;
  readonly scratch: number;
  /** Globals by type, and the one that says how many calls are left. */
  readonly globals: Readonly<Record<'i32' | 'i64', readonly number[]>>;
  readonly callsLeft: number;
  readonly tags: readonly { readonly index: number; readonly params: readonly ValueType[] }[];
  /** Which form of exceptions: the engine refuses modules that use both. */
  readonly exceptions: 'none' | 'older' | 'newer';
  /** Passive segments: of data, and of functions. */
  readonly data: number;
  readonly dataSize: number;
  readonly elements: number;
  readonly arrays: readonly ArrayPlace[];
  readonly imports: Readonly<Record<'processId' | 'sleep' | 'create' | 'write' | 'send' | 'receive', number>>;
}

/** A type of arrays, and a global that always has one with so many elements at least. */
export interface ArrayPlace {
  readonly type: number;
  /** The type of its elements as operands; null for `anyref`. */
  readonly element: 'i32' | 'i64' | 'f64' | null;
  readonly length: number;
  readonly global: number;
}

/** A label, with the types that a branch to it takes along. */
interface Label {
  readonly types: readonly ValueType[];
  /** Whether it is a handler of the older exceptions, so that what was caught can be thrown again. */
  readonly catches: boolean;
}

const NUMBERS: readonly ValueType[] = ['i32', 'i64', 'f64'];
const I32_BINARY = [0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78];
const I64_BINARY = [0x7c, 0x7d, 0x7e, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a];
/** Divisions, whose divisor is never zero here. */
const I32_DIVISION = [0x6e, 0x70];
const I64_DIVISION = [0x80, 0x82];
const F64_BINARY = [0xa0, 0xa1, 0xa2, 0xa3];
const I32_COMPARISON = [0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f];
const I64_COMPARISON = [0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a];
const LOADS: Readonly<Record<string, readonly number[]>> = {
  i32: [0x28, 0x2c, 0x2d, 0x2e, 0x2f],
  i64: [0x29, 0x30, 0x31, 0x34],
  f64: [0x2b],
};
const STORES: Readonly<Record<string, readonly number[]>> = {
  i32: [0x36, 0x3a, 0x3b],
  i64: [0x37, 0x3c, 0x3e],
  f64: [0x39],
};

/** Writes the code of one function: any control flow, always valid, and seldom one that traps. */
export class CodeGenerator {
  readonly code = new Code();
  /** The locals behind the parameters. */
  readonly locals: ValueType[] = [];
  readonly #random: Random;
  readonly #around: Surroundings;
  readonly #self: Callee;
  readonly #byType: Readonly<Record<string, number[]>> = { i32: [], i64: [], f64: [] };
  readonly #labels: Label[] = [];
  /** Whether it has so many locals that passes have no room for locals of their own. */
  readonly #isFull: boolean;
  /** Statements and expressions that may still be written. */
  #left: number;

  constructor(random: Random, around: Surroundings, self: Callee, size: number) {
    this.#random = random;
    this.#around = around;
    this.#self = self;
    this.#left = size;
    self.params.forEach((type, i) => {
      this.#byType[type]?.push(i);
    });
    for (const type of NUMBERS) for (let i = random.between(1, 3); i > 0; i--) this.#local(type);
    this.#isFull = random.chance(0.01);
  }

  #local(type: ValueType): number {
    const index = this.#self.params.length + this.locals.push(type) - 1;
    this.#byType[type]?.push(index);
    return index;
  }

  #anyLocal(type: ValueType): number {
    return this.#random.pick(this.#byType[type] ?? []);
  }

  /** The whole body: it ends at once if the calls of this round are used up. */
  body(): void {
    const { code } = this;
    const { callsLeft } = this.#around;
    this.#labels.push({ types: this.#self.results, catches: false });
    code.op(Op.globalGet, callsLeft).i32(1).op(Op.i32Sub).op(Op.globalSet, callsLeft);
    code.op(Op.globalGet, callsLeft).i32(0).op(Op.i32LtS);
    this.#open(Op.if, [], []);
    for (const type of this.#self.results) this.#constant(type);
    code.op(Op.return);
    this.#close();
    this.#statements(this.#random.between(1, 6), 0);
    for (const type of this.#self.results) this.#expression(type, 0);
    this.#labels.pop();
    // Last, since the code adds some as well: engines take no more than 50,000 with the parameters.
    if (this.#isFull) while (this.#self.params.length + this.locals.length < 49_998) this.locals.push('i64');
  }

  #statements(count: number, depth: number): void {
    for (let i = 0; i < count && this.#left > 0; i++) this.#statement(depth);
  }

  // -- blocks ------------------------------------------------------------------------------------------------

  #blockType(params: readonly ValueType[], results: readonly ValueType[]): void {
    const [type] = results;
    if (params.length === 0 && type === undefined) this.code.u8(NO_RESULT);
    else if (params.length === 0 && results.length === 1 && type !== undefined)
      this.code.u8(TYPE_CODES[type]);
    else this.code.s32(this.#around.module.type(params, results));
  }

  #open(opcode: number, params: readonly ValueType[], results: readonly ValueType[]): void {
    this.code.op(opcode);
    this.#blockType(params, results);
    this.#labels.push({ types: opcode === Op.loop ? params : results, catches: false });
  }

  #close(): void {
    this.code.op(Op.end);
    this.#labels.pop();
  }

  /** The depth of a random label whose branches take such operands along; null if there is none. */
  #labelOf(types: readonly ValueType[]): number | null {
    const fitting = this.#labels.flatMap((label, i) =>
      label.types.join() === types.join() ? [this.#labels.length - 1 - i] : [],
    );
    return fitting.length === 0 ? null : this.#random.pick(fitting);
  }

  // -- statements --------------------------------------------------------------------------------------------

  #statement(depth: number): void {
    this.#left--;
    const { exceptions } = this.#around;
    const deep = depth > 6;
    const choices: (readonly [number, () => void])[] = [
      [6, () => this.#assign()],
      [3, () => this.#store()],
      [2, () => this.#call()],
      [1, () => this.#callThroughTable()],
      [2, () => this.#bulk()],
      [1, () => this.#grow()],
      [2, () => this.#branch()],
      [1, () => this.#tailCall(depth)],
      [1, () => this.#hostCall()],
      [1, () => this.#repeated()],
      [this.#around.arrays.length, () => this.#array()],
    ];
    if (!deep) {
      choices.push(
        [2, () => this.#block(depth)],
        [3, () => this.#if(depth)],
        [5, () => this.#loop(depth)],
        [1, () => this.#branchTable(depth)],
      );
      if (exceptions !== 'none') choices.push([4, () => this.#try(depth)]);
    }
    if (exceptions !== 'none') choices.push([2, () => this.#throw()]);
    this.#random.weighted(choices)();
  }

  #assign(): void {
    const type = this.#random.pick(NUMBERS);
    this.#expression(type, 1);
    if (type !== 'f64' && this.#random.chance(0.3))
      this.code.op(Op.globalSet, this.#random.pick(this.#around.globals[type === 'i32' ? 'i32' : 'i64']));
    else this.code.set(this.#anyLocal(type));
  }

  #address(): void {
    this.#expression('i32', 2);
    this.code.i32(ADDRESS_MASK).op(0x71);
  }

  #store(): void {
    const type = this.#random.pick(NUMBERS);
    this.#address();
    this.#expression(type, 2);
    this.code.op(this.#random.pick(STORES[type] ?? []), 0, this.#random.magnitude(0x1000));
  }

  #drop(types: readonly ValueType[]): void {
    for (const type of types.toReversed()) {
      if (type !== 'exnref' && type !== 'funcref' && this.#random.chance(0.5))
        this.code.set(this.#anyLocal(type));
      else this.code.op(Op.drop);
    }
  }

  #call(): void {
    const callee = this.#random.pick(this.#around.functions);
    this.#callTo(callee);
    this.#drop(callee.results);
  }

  #callTo(callee: Callee): void {
    for (const type of callee.params) this.#expression(type, 2);
    if (this.#random.chance(0.2)) this.code.op(Op.refFunc, callee.index).op(Op.callRef, callee.typeIndex);
    else this.code.call(callee.index);
  }

  #slotOf({ slot }: Callee): void {
    this.#expression('i32', 2);
    this.code
      .i32(SLOTS_PER_TYPE - 1)
      .op(0x71)
      .i32(slot)
      .op(Op.i32Add);
  }

  #callThroughTable(): void {
    const callee = this.#random.pick(this.#around.functions);
    for (const type of callee.params) this.#expression(type, 2);
    this.#slotOf(callee);
    this.code.op(Op.callIndirect, callee.typeIndex, 0);
    this.#drop(callee.results);
  }

  /** A call in place of the function's own end. */
  #tailCall(depth: number): void {
    const { results } = this.#self;
    const fitting = this.#around.functions.filter((callee) => callee.results.join() === results.join());
    const callee = this.#random.pick(fitting);
    this.#expression('i32', 2);
    this.#open(Op.if, [], []);
    this.#statements(this.#random.below(2), depth + 1);
    for (const type of callee.params) this.#expression(type, 2);
    const way = this.#random.below(3);
    if (way === 0) {
      this.code.op(Op.returnCall, callee.index);
    } else if (way === 1) {
      this.#slotOf(callee);
      this.code.op(Op.returnCallIndirect, callee.typeIndex, 0);
    } else {
      this.code.op(Op.refFunc, callee.index).op(Op.returnCallRef, callee.typeIndex);
    }
    this.#close();
  }

  /** A length, mostly a large one, that fits behind any address. */
  #length(most: number): void {
    const { code } = this;
    const random = this.#random;
    if (random.chance(0.1)) {
      this.#expression('i32', 2);
      code.i32(2 ** random.between(0, Math.floor(Math.log2(most))) - 1).op(0x71);
    } else {
      code.i32(random.chance(0.3) ? Math.min(most, 0xffff) : random.magnitude(most));
    }
  }

  #bulk(): void {
    const { code } = this;
    const { memory, table, scratch, data, elements, functions } = this.#around;
    const random = this.#random;
    const most = memory - ADDRESS_MASK - 1;
    const room = table - scratch;
    switch (random.below(8)) {
      case 0:
      case 1:
        this.#address();
        this.#expression('i32', 2);
        this.#length(most);
        code.op(Op.memoryFill, 0);
        break;
      case 2:
      case 3:
        this.#address();
        this.#address();
        this.#length(most);
        code.op(Op.memoryCopy, 0, 0);
        break;
      case 4:
        this.#address();
        code.i32(0).i32(random.below(16)).op(Op.memoryInit, data, 0);
        break;
      case 5:
        code.i32(scratch).op(Op.refFunc, random.pick(functions).index);
        this.#length(room);
        code.op(Op.tableFill, 0);
        break;
      case 6:
        code.i32(scratch).i32(random.pick([0, scratch]));
        this.#length(room - scratch);
        code.op(Op.tableCopy, 0, 0);
        break;
      default:
        code.i32(scratch).i32(0).i32(random.below(functions.length)).op(Op.tableInit, elements, 0);
    }
  }

  /** An instruction on many elements of an array. */
  #array(): void {
    const { code } = this;
    const random = this.#random;
    const { arrays, data, dataSize } = this.#around;
    const { type, element, length, global } = random.pick(arrays);
    const array = () => code.op(Op.globalGet, global);
    const value = () => (element === null ? array() : this.#expression(element, 2));
    const place = () => code.i32(random.magnitude(length >> 1));
    const most = length - (length >> 1);
    switch (random.below(5)) {
      case 0:
        value();
        code.i32(length + random.magnitude(2 ** 16)).op(Op.arrayNew, type);
        code.op(Op.globalSet, global);
        break;
      case 1:
        code.i32(length + random.magnitude(2 ** 16)).op(Op.arrayNewDefault, type);
        code.op(Op.globalSet, global);
        break;
      case 2:
        array();
        place();
        value();
        this.#length(most);
        code.op(Op.arrayFill, type);
        break;
      case 3:
        array();
        place();
        array();
        place();
        this.#length(most);
        code.op(Op.arrayCopy, type, type);
        break;
      default:
        if (element === null) return;
        array();
        place();
        code.i32(0).i32(random.below(Math.min(most, dataSize >> 3) + 1));
        code.op(Op.arrayInitData, type, data);
    }
  }

  #grow(): void {
    const { code } = this;
    if (this.#random.chance(0.5)) {
      code.i32(this.#random.pick([0, 0, 1, 1, 64, -1])).op(Op.memoryGrow, 0);
    } else {
      code.op(Op.refNull).u8(TYPE_CODES.funcref);
      code.i32(this.#random.pick([0, 1, 1000, -1])).op(Op.tableGrow, 0);
    }
    code.set(this.#anyLocal('i32'));
  }

  #branch(): void {
    const target = this.#labelOf([]);
    if (target === null) return;
    this.#expression('i32', 2);
    this.code.op(Op.brIf, target);
  }

  #hostCall(): void {
    const { code } = this;
    const { imports } = this.#around;
    switch (this.#random.below(4)) {
      case 0:
        code.i64(0n).call(imports.sleep);
        break;
      case 1:
        code.i64(1n).i64(0n).call(imports.create);
        code.i32(0).i32(this.#random.magnitude(this.#around.memory)).call(imports.write).op(Op.drop);
        code.call(imports.processId).call(imports.send).op(Op.drop);
        code.i32(0).i32(0).i64(0n).call(imports.receive).op(Op.drop);
        break;
      case 2:
        code.i32(0).i32(0).i64(0n).call(imports.receive).op(Op.drop);
        break;
      default:
        code.call(imports.processId).set(this.#anyLocal('i64'));
    }
  }

  /** The same again and again, without a loop: what takes long must be counted for what it takes. */
  #repeated(): void {
    const count = this.#random.magnitude(3000);
    const local = this.#anyLocal('i64');
    const { code } = this;
    const kind = this.#random.below(4);
    const length = this.#random.magnitude(0xffff);
    const room = Math.min(length, this.#around.table - 2 * this.#around.scratch);
    for (let i = 0; i < (kind === 0 || kind === 3 ? count : count / 10); i++) {
      if (kind === 0) code.i64(-1n).get(local).i64(1n).op(0x84).op(0x80).set(local);
      else if (kind === 1) code.i32(i).i32(7).i32(length).op(Op.memoryFill, 0);
      else if (kind === 2)
        code.i32(this.#around.scratch).i32(this.#around.scratch).i32(room).op(Op.tableCopy, 0, 0);
      else code.i32(i).get(local).op(0x37, 0, 0);
    }
  }

  #block(depth: number): void {
    this.#open(Op.block, [], []);
    this.#statements(this.#random.between(1, 4), depth + 1);
    this.#close();
  }

  #if(depth: number): void {
    this.#expression('i32', 2);
    this.#open(Op.if, [], []);
    this.#statements(this.#random.between(1, 3), depth + 1);
    if (this.#random.chance(0.5)) {
      this.code.op(Op.else);
      this.#statements(this.#random.between(1, 3), depth + 1);
    }
    this.#close();
  }

  #loop(depth: number): void {
    const { code } = this;
    const random = this.#random;
    const statements = () => this.#statements(random.below(4), depth + 1);
    switch (random.below(6)) {
      case 0:
      case 1: {
        const counter = this.#local('i32');
        code.i32(random.magnitude(2 ** 31 - 1)).set(counter);
        this.#open(Op.loop, [], []);
        statements();
        code
          .get(counter)
          .i32(random.pick([1, 1, 1, 3]))
          .op(Op.i32Sub)
          .op(Op.localTee, counter);
        if (random.chance(0.5)) code.i32(0).op(0x4a);
        code.op(Op.brIf, 0);
        this.#close();
        break;
      }
      case 2:
        this.#open(Op.block, [], []);
        this.#open(Op.loop, [], []);
        this.#expression('i32', 2);
        code.op(0x45).op(Op.brIf, 1);
        statements();
        code.op(Op.br, 0);
        this.#close();
        this.#close();
        break;
      case 3:
        this.#open(Op.loop, [], []);
        statements();
        if (random.chance(0.3)) {
          code.op(Op.br, 0);
        } else {
          this.#expression('i32', 2);
          code.op(Op.brIf, 0);
        }
        this.#close();
        break;
      case 4: {
        // A loop with an operand, which its branches take along.
        const local = this.#anyLocal('i64');
        code.get(local);
        this.#open(Op.loop, ['i64'], ['i64']);
        code.set(local);
        statements();
        code.get(local).i64(1n).op(0x7d);
        code
          .get(local)
          .i64(BigInt(random.magnitude(2 ** 30)))
          .op(0x56)
          .op(Op.brIf, 0);
        this.#close();
        code.set(local);
        break;
      }
      default:
        this.#open(Op.loop, [], []);
        this.#branchTable(depth + 1);
        this.#close();
    }
  }

  /** Nested blocks, and a jump to any of the labels without operands that there are. */
  #branchTable(depth: number): void {
    const { code } = this;
    const random = this.#random;
    const blocks = random.between(0, 3);
    for (let i = 0; i < blocks; i++) this.#open(random.pick([Op.block, Op.block, Op.loop]), [], []);
    const targets: number[] = [];
    for (let i = random.magnitude(40); i >= 0; i--) {
      const target = this.#labelOf([]);
      if (target !== null) targets.push(target);
    }
    const last = targets.pop();
    if (last !== undefined) {
      this.#expression('i32', 2);
      if (random.chance(0.8)) code.i32(7).op(0x71);
      code.op(Op.brTable, targets.length, ...targets, last);
    }
    for (let i = 0; i < blocks; i++) {
      this.#close();
      this.#statements(random.below(2), depth + 1);
    }
  }

  // -- exceptions --------------------------------------------------------------------------------------------

  #throw(): void {
    const { tags, exceptions } = this.#around;
    const random = this.#random;
    // Mostly on a condition, so that the code behind it runs, too.
    const conditional = random.chance(0.8);
    if (conditional) {
      this.#expression('i32', 2);
      this.#open(Op.if, [], []);
    }
    const handler = this.#labels.findLastIndex(({ catches }) => catches);
    if (exceptions === 'older' && handler >= 0 && random.chance(0.5)) {
      this.code.op(Op.rethrow, this.#labels.length - 1 - handler);
    } else {
      const tag = random.pick(tags);
      for (const type of tag.params) this.#expression(type, 2);
      this.code.op(Op.throw, tag.index);
    }
    if (conditional) this.#close();
  }

  #try(depth: number): void {
    if (this.#around.exceptions === 'older') this.#olderTry(depth);
    else this.#newerTry(depth);
  }

  #olderTry(depth: number): void {
    const { code } = this;
    const random = this.#random;
    this.#open(Op.try, [], []);
    this.#statements(random.between(1, 3), depth + 1);
    if (random.chance(0.25)) {
      // To any label around it, the function's own included.
      this.#labels.pop();
      code.op(Op.delegate, random.below(this.#labels.length));
      return;
    }
    this.#labels.pop();
    this.#labels.push({ types: [], catches: true });
    for (const tag of this.#around.tags) {
      if (random.chance(0.5)) continue;
      code.op(Op.catch, tag.index);
      this.#drop(tag.params);
      this.#statements(random.below(3), depth + 1);
    }
    if (random.chance(0.7)) {
      code.op(Op.catchAll);
      this.#statements(random.below(3), depth + 1);
    }
    this.#close();
  }

  #newerTry(depth: number): void {
    const { code } = this;
    const random = this.#random;
    const tag = random.chance(0.5) ? random.pick(this.#around.tags) : null;
    const withException = random.chance(0.4);
    const caught: ValueType[] = [...(tag?.params ?? []), ...(withException ? ['exnref' as const] : [])];
    this.#open(Op.block, [], []);
    this.#open(Op.block, [], caught);
    code.op(Op.tryTable);
    this.#blockType([], []);
    const clauses: number[][] = [];
    if (tag !== null) clauses.push([withException ? 1 : 0, tag.index, 0]);
    else clauses.push([withException ? 3 : 2, 0]);
    // Everything else goes to any label without operands, perhaps to the head of a loop. Labels are counted from outside.
    const other = this.#labelOf([]);
    if (other !== null && random.chance(0.5)) clauses.push([2, other]);
    code.u32(clauses.length);
    for (const clause of clauses) for (const value of clause) code.u32(value);
    this.#labels.push({ types: [], catches: false });
    this.#statements(random.between(1, 3), depth + 1);
    this.#close();
    code.op(Op.br, 1);
    this.#close();
    if (withException && random.chance(0.3)) {
      code.op(Op.throwRef);
    } else {
      this.#drop(caught);
      this.#statements(random.below(3), depth + 1);
    }
    this.#close();
  }

  // -- expressions -------------------------------------------------------------------------------------------

  #constant(type: ValueType): void {
    const random = this.#random;
    if (type === 'i64') this.code.i64(BigInt(random.magnitude(2 ** 40)) - BigInt(random.below(2)));
    else if (type === 'f64') this.code.f64(random.pick([0, 1, 0.5, -1e300, Number.POSITIVE_INFINITY]));
    else this.code.i32(random.magnitude(2 ** 31 - 1) * random.pick([1, 1, 1, -1]));
  }

  #expression(type: ValueType, depth: number): void {
    this.#left--;
    const { code } = this;
    const random = this.#random;
    if (depth > 5 || this.#left <= 0 || random.chance(0.25 + depth * 0.12)) {
      if (random.chance(0.6)) code.get(this.#anyLocal(type));
      else this.#constant(type);
      return;
    }
    const callees = this.#around.functions.filter(
      ({ results }) => results.length === 1 && results[0] === type,
    );
    const choices: (readonly [number, () => void])[] = [
      [6, () => this.#operation(type, depth + 1)],
      [3, () => this.#load(type)],
      [2, () => this.#blockExpression(type, depth + 1)],
      [1, () => this.#select(type, depth + 1)],
    ];
    if (callees.length > 0) {
      choices.push([2, () => this.#callTo(random.pick(callees))]);
      choices.push([
        1,
        () => {
          const callee = random.pick(callees);
          for (const param of callee.params) this.#expression(param, depth + 2);
          this.#slotOf(callee);
          code.op(Op.callIndirect, callee.typeIndex, 0);
        },
      ]);
    }
    if (type === 'i32') choices.push([1, () => code.op(random.pick([Op.memorySize, Op.tableSize]), 0)]);
    random.weighted(choices)();
  }

  #load(type: ValueType): void {
    this.#address();
    this.code.op(this.#random.pick(LOADS[type] ?? []), 0, this.#random.magnitude(0x1000));
  }

  #select(type: ValueType, depth: number): void {
    this.#expression(type, depth);
    this.#expression(type, depth);
    this.#expression('i32', depth);
    this.code.op(Op.select);
  }

  #operation(type: ValueType, depth: number): void {
    const { code } = this;
    const random = this.#random;
    const two = (operand: ValueType) => {
      this.#expression(operand, depth);
      this.#expression(operand, depth);
    };
    if (type === 'f64') {
      if (random.chance(0.3)) {
        this.#expression(random.chance(0.5) ? 'f64' : 'f64', depth);
        code.op(0x9f);
      } else {
        two('f64');
        code.op(random.pick(F64_BINARY));
      }
      return;
    }
    const division = random.chance(0.2);
    if (division) {
      two(type);
      if (type === 'i32') code.i32(1).op(0x72).op(random.pick(I32_DIVISION));
      else code.i64(1n).op(0x84).op(random.pick(I64_DIVISION));
    } else if (type === 'i64') {
      if (random.chance(0.15)) {
        this.#expression('i32', depth);
        code.op(random.pick([0xac, 0xad]));
      } else {
        two('i64');
        code.op(random.pick(I64_BINARY));
      }
    } else if (random.chance(0.3)) {
      const operand = random.pick(['i32', 'i64'] as const);
      two(operand);
      code.op(random.pick(operand === 'i32' ? I32_COMPARISON : I64_COMPARISON));
    } else if (random.chance(0.15)) {
      this.#expression('i64', depth);
      code.op(0xa7);
    } else {
      two('i32');
      code.op(random.pick(I32_BINARY));
    }
  }

  /** A block, an `if` or a loop that leaves a value, which a branch may bring. */
  #blockExpression(type: ValueType, depth: number): void {
    const { code } = this;
    const random = this.#random;
    if (random.chance(0.4)) {
      this.#expression('i32', depth);
      this.#open(Op.if, [], [type]);
      this.#expression(type, depth);
      code.op(Op.else);
      this.#expression(type, depth);
      this.#close();
      return;
    }
    this.#open(random.pick([Op.block, Op.loop]), [], [type]);
    this.#statements(random.below(2), depth + 3);
    this.#expression(type, depth);
    const target = this.#labelOf([type]);
    if (target !== null && random.chance(0.5)) {
      this.#expression('i32', depth);
      code.op(Op.brIf, target);
    }
    this.#close();
  }
}
