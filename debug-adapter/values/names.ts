import { type Code, type Context, ExpressionError } from '../../runtime/internal.ts';
import type { Debuggee } from '../debuggee.ts';
import { AdapterError } from '../errors.ts';
import type { FrameRef } from '../ids.ts';
import { namedWasmVariable } from '../wasm-variables.ts';
import { evaluateThere } from './evaluate-there.ts';
import type { SourceFrame } from './frames.ts';
import type { Value } from './value.ts';
import { constantOf } from './value-code.ts';

/** What names in expressions stand for in a frame. */
export class Names {
  readonly #debuggee: Debuggee;
  readonly #of: FrameRef;
  readonly #frame: SourceFrame | null;

  constructor(debuggee: Debuggee, of: FrameRef, frame: SourceFrame | null) {
    this.#debuggee = debuggee;
    this.#of = of;
    this.#frame = frame;
  }

  /** The variable of this name, that of the innermost block first, then statics, then parts of the object of a method. */
  async value(name: string): Promise<Value | null> {
    const frame = this.#frame;
    if (frame === null || name.startsWith('$') || name.includes(' ')) return null;
    const { variables, reader, symbols, offset } = frame;
    const variable = variables.findLast((candidate) => candidate.name === name);
    if (variable !== undefined) return { type: variable.type, place: variable.place, offset: 0 };
    const self = variables.find((candidate) => candidate.name === 'this');
    const object =
      self === undefined ? null : await reader.target({ type: self.type, place: self.place, offset: 0 });
    const member = object === null ? null : await reader.member(object, name);
    if (member !== null) return member;
    const path = name.split('::');
    const found = await symbols.staticsNamed(path.at(-1) ?? name, offset);
    const around = path.slice(0, -1).join('::');
    const fits = found?.variables.find(({ scope }) => around === '' || scope.join('::').endsWith(around));
    if (found === null || fits === undefined) return null;
    reader.types.add(found.types);
    return { type: fits.type, place: fits.place, offset: 0 };
  }

  /** Where the runtime finds what an expression names; null if it does not find it. */
  async addressThere(expression: string): Promise<number | null> {
    const there = await evaluateThere(this.#debuggee, this.#of, expression);
    return there === null || 'problem' in there ? null : (there.address ?? null);
  }

  /** A constant of an enum, or a local or global of WebAssembly. */
  async code(name: string): Promise<Code<Context> | null> {
    const constant = this.#frame?.reader.types.constant(name.split('::').at(-1) ?? name);
    if (constant !== undefined) return constantOf(constant);
    const variable = await this.#wasmVariable(name);
    if (variable === null) {
      const index = await this.#frame?.reader.functionIndex(name);
      return index == null ? null : constantOf(index);
    }
    const { type, value } = variable;
    if (type === 'f32' || type === 'f64') return floatCode(type === 'f32' ? 4 : 8, numberIn(value));
    if (type !== 'i32' && type !== 'i64') throw new ExpressionError(`${name} cannot be calculated with`);
    const number = BigInt(value);
    const exact = Number.isSafeInteger(Number(number)) ? Number(number) : number;
    return { type: { kind: 'integer', bytes: type === 'i32' ? 4 : 8, isSigned: null }, value: () => exact };
  }

  /** A byte of the memory. @throws ExpressionError if it is not there */
  async byteAt(address: number): Promise<Code<Context>> {
    const [byte] = (await this.#debuggee.frames.memoryOf(this.#of.process).bytes(address, 1)) ?? [];
    if (byte === undefined) throw new ExpressionError(`there is no element ${address}`);
    return { type: { kind: 'integer', bytes: 1, isSigned: false }, value: () => byte };
  }

  async #wasmVariable(name: string): Promise<{ type?: string | undefined; value: string } | null> {
    // Without a source, the sign in front can be left out.
    const full =
      name.startsWith('$') || this.#frame !== null ? name : `$${name.replace(/^(local|global) /, '')}`;
    try {
      return await namedWasmVariable(this.#debuggee, this.#of, full);
    } catch (error) {
      if (error instanceof AdapterError) return null;
      throw error;
    }
  }
}

/** The text of a float of 4 bytes is shorter than the number is. */
function floatCode(bytes: 4 | 8, number: number): Code<Context> {
  const exact = bytes === 4 ? Math.fround(number) : number;
  return { type: { kind: 'float', bytes }, value: () => exact };
}

function numberIn(text: string): number {
  if (text === 'inf' || text === '-inf')
    return text === 'inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return Number(text === 'nan' ? Number.NaN : text);
}
