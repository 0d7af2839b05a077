import { ByteWriter } from '../../runtime/wasm/byte-writer.ts';
import { Op } from '../../runtime/wasm/opcodes.ts';

export type ValueType = 'i32' | 'i64' | 'f64' | 'funcref' | 'exnref';

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export const TYPE_CODES: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f64: 0x7c,
  funcref: 0x70,
  exnref: 0x69,
};

/** The type of a block without operands and results. */
export const NO_RESULT = 0x40;

/** The code of a function that is being written. */
export class Code extends ByteWriter {
  constructor() {
    super(256);
  }

  /** An instruction, numbered as in `opcodes.ts`, with unsigned immediates. */
  op(opcode: number, ...immediates: readonly number[]): this {
    if (opcode < 0x100) {
      this.u8(opcode);
    } else {
      this.u8(opcode >> 12);
      this.u32(opcode & 0xfff);
    }
    for (const value of immediates) this.u32(value);
    return this;
  }

  i32(value: number): this {
    this.u8(Op.i32Const);
    this.s32(value);
    return this;
  }

  i64(value: bigint): this {
    this.u8(Op.i64Const);
    let rest = BigInt.asIntN(64, value);
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40)) {
        this.u8(low);
        return this;
      }
      this.u8(low | 0x80);
    }
  }

  f64(value: number): this {
    this.u8(0x44);
    const bytes = new Uint8Array(new Float64Array([value]).buffer);
    this.copy(bytes, 0, bytes.length);
    return this;
  }

  /** Begins a block, a loop, an `if` or a `try` without operands and results. */
  begin(opcode: number): this {
    this.op(opcode).u8(NO_RESULT);
    return this;
  }

  get(local: number): this {
    return this.op(Op.localGet, local);
  }

  set(local: number): this {
    return this.op(Op.localSet, local);
  }

  call(functionIndex: number): this {
    return this.op(Op.call, functionIndex);
  }
}

/** A type of arrays, by the bytes of their elements' type, which may change. */
interface ArrayType {
  readonly element: number;
}

interface Body {
  readonly locals: readonly ValueType[];
  readonly code: Code;
}

interface Limits {
  readonly initial: number;
  readonly maximum?: number | undefined;
}

/** Writes a module's binary: whatever fuzzers put into it, its structure is well-formed. */
export class ModuleWriter {
  readonly #types: (FunctionType | ArrayType)[] = [];
  readonly #typeIndices = new Map<string, number>();
  readonly #imports: { module: string; name: string; type: number }[] = [];
  readonly #functions: number[] = [];
  readonly #bodies = new Map<number, Body>();
  readonly #exports: { name: string; kind: number; index: number }[] = [];
  readonly #globals: { type: ValueType; mutable: boolean; array?: { type: number; length: number } }[] = [];
  readonly #tags: number[] = [];
  readonly #elements: { active: boolean; functions: readonly number[] }[] = [];
  readonly #data: { address: number | null; bytes: Uint8Array }[] = [];
  /** The memory, exported as `memory`. */
  memory: Limits | null = null;
  /** A table of functions. */
  table: Limits | null = null;

  type(params: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${params.join()}->${results.join()}`;
    let index = this.#typeIndices.get(key);
    if (index === undefined) {
      index = this.#types.push({ params, results }) - 1;
      this.#typeIndices.set(key, index);
    }
    return index;
  }

  /** Imports come before all functions of the module's own. */
  importFunction(
    module: string,
    name: string,
    params: readonly ValueType[],
    results: readonly ValueType[],
  ): number {
    if (this.#functions.length > 0) throw new Error('imports are declared first');
    return this.#imports.push({ module, name, type: this.type(params, results) }) - 1;
  }

  /** Declares a function, so that others can call it before it has a body. */
  declare(params: readonly ValueType[], results: readonly ValueType[], exportName?: string): number {
    const index = this.#imports.length + this.#functions.push(this.type(params, results)) - 1;
    if (exportName !== undefined) this.#exports.push({ name: exportName, kind: 0, index });
    return index;
  }

  /** Gives a function its body; `code` ends without the last `end`. */
  define(index: number, locals: readonly ValueType[], code: Code): void {
    this.#bodies.set(index, { locals, code });
  }

  global(type: ValueType): number {
    return this.#globals.push({ type, mutable: true }) - 1;
  }

  /** @param element the code of a value type */
  arrayType(element: number): number {
    return this.#types.push({ element }) - 1;
  }

  /** A global that holds an array of zeros. */
  globalArray(type: number, length: number): number {
    return this.#globals.push({ type: 'i32', mutable: true, array: { type, length } }) - 1;
  }

  tag(params: readonly ValueType[]): number {
    return this.#tags.push(this.type(params, [])) - 1;
  }

  /** A segment of functions: active ones are at the beginning of the table. */
  elements(functions: readonly number[], active: boolean): number {
    return this.#elements.push({ active, functions }) - 1;
  }

  /** A segment of data: passive without an address. */
  data(address: number | null, bytes: Uint8Array): number {
    return this.#data.push({ address, bytes }) - 1;
  }

  finish(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter(4096);
    for (const byte of [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) out.u8(byte);
    section(out, 1, this.#types, (type) => {
      if ('element' in type) {
        for (const byte of [0x5e, type.element, 1]) out.u8(byte);
        return;
      }
      out.u8(0x60);
      writeTypes(out, type.params);
      writeTypes(out, type.results);
    });
    section(out, 2, this.#imports, ({ module, name, type }) => {
      out.name(module);
      out.name(name);
      out.u8(0);
      out.u32(type);
    });
    section(out, 3, this.#functions, (type) => out.u32(type));
    section(out, 4, this.table === null ? [] : [this.table], (limits) => {
      out.u8(TYPE_CODES.funcref);
      writeLimits(out, limits);
    });
    section(out, 5, this.memory === null ? [] : [this.memory], (limits) => writeLimits(out, limits));
    section(out, 13, this.#tags, (type) => {
      out.u8(0);
      out.u32(type);
    });
    section(out, 6, this.#globals, ({ type, mutable, array }) => {
      if (array === undefined) {
        out.u8(TYPE_CODES[type]);
      } else {
        out.u8(0x63);
        out.s32(array.type);
      }
      out.u8(mutable ? 1 : 0);
      const zero = new Code();
      if (array !== undefined) zero.i32(array.length).op(Op.arrayNewDefault, array.type);
      else if (type === 'i32') zero.i32(0);
      else if (type === 'i64') zero.i64(0n);
      else zero.f64(0);
      out.copy(zero.bytes, 0, zero.length);
      out.u8(Op.end);
    });
    const exports = [...this.#exports];
    if (this.memory !== null) exports.push({ name: 'memory', kind: 2, index: 0 });
    section(out, 7, exports, ({ name, kind, index }) => {
      out.name(name);
      out.u8(kind);
      out.u32(index);
    });
    section(out, 9, this.#elements, ({ active, functions }) => {
      out.u32(active ? 0 : 1);
      if (active) {
        out.u8(Op.i32Const);
        out.s32(0);
        out.u8(Op.end);
      } else {
        out.u8(0);
      }
      out.u32(functions.length);
      for (const index of functions) out.u32(index);
    });
    // The number of data segments stands before the code, which may name them.
    if (this.#data.length > 0) {
      out.u8(12);
      const size = out.openSize(1);
      out.u32(this.#data.length);
      out.closeSize(size, 1);
    }
    section(
      out,
      10,
      this.#functions.map((_, i) => this.#bodies.get(this.#imports.length + i)),
      (body) => {
        if (body === undefined) throw new Error('a function has no body');
        const size = out.openSize(1);
        const runs = runsOf(body.locals);
        out.u32(runs.length);
        for (const { type, count } of runs) {
          out.u32(count);
          out.u8(TYPE_CODES[type]);
        }
        out.copy(body.code.bytes, 0, body.code.length);
        out.u8(Op.end);
        out.closeSize(size, 1);
      },
    );
    section(out, 11, this.#data, ({ address, bytes }) => {
      out.u32(address === null ? 1 : 0);
      if (address !== null) {
        out.u8(Op.i32Const);
        out.s32(address);
        out.u8(Op.end);
      }
      out.u32(bytes.length);
      out.copy(bytes, 0, bytes.length);
    });
    return new Uint8Array(out.finish());
  }
}

/** A section with a list of entries; nothing if there are none. */
function section<T>(out: ByteWriter, id: number, entries: readonly T[], write: (entry: T) => void): void {
  if (entries.length === 0) return;
  out.u8(id);
  const size = out.openSize(1);
  out.u32(entries.length);
  for (const entry of entries) write(entry);
  out.closeSize(size, 1);
}

/** Locals as the format has them: how many of a type follow each other. */
function runsOf(locals: readonly ValueType[]): { type: ValueType; count: number }[] {
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of locals) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  return runs;
}

function writeTypes(out: ByteWriter, types: readonly ValueType[]): void {
  out.u32(types.length);
  for (const type of types) out.u8(TYPE_CODES[type]);
}

function writeLimits(out: ByteWriter, { initial, maximum }: Limits): void {
  out.u8(maximum === undefined ? 0 : 1);
  out.u32(initial);
  if (maximum !== undefined) out.u32(maximum);
}
