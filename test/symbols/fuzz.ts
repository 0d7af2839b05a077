/**
 * Looks up symbols of modules whose debug sections were changed at random. Nothing may throw, and nothing may take long.
 *
 *     node test/symbols/fuzz.ts [--inputs=1000000] [--seed=1]
 */
import { existsSync, readFileSync } from 'node:fs';
import { ModuleParts } from '../../runtime/symbols/module-parts.ts';
import { openSymbols } from '../../runtime/symbols/open-symbols.ts';
import type { VariableReader } from '../../runtime/symbols/variables/variable-reader.ts';
import { fixtures } from './fixtures.ts';

/** Milliseconds that one input may take; hundreds of times what the unchanged module does. */
const TIME_LIMIT = 2000;

/** A generator of the numbers below 2^32, the same for the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }
}

/** Numbers at the borders of what fields can hold. */
const EDGES = [0, 1, 2, 0x7f, 0x80, 0xff, 0xfe, 0x40, 0x3f];

interface Input {
  readonly module: Uint8Array;
  readonly package: Uint8Array | null;
  /** Where sections are, besides that of the code. */
  readonly start: number;
  readonly codeStart: number;
  readonly codeEnd: number;
}

export interface FuzzResult {
  readonly inputs: number;
  /** Of the slowest input, in milliseconds. */
  readonly slowest: number;
  /** Frames that were found nevertheless. */
  readonly frames: number;
}

/** @throws Error that tells the input which threw or took too long */
export function fuzzSymbols(inputs: number, seed: number): FuzzResult {
  const originals = fixtures().map(readInput);
  const random = new Random(seed);
  let slowest = 0;
  let frames = 0;
  for (let count = 0; count < inputs; count++) {
    const original = originals[random.below(originals.length)];
    if (original === undefined) throw new Error('there are no modules to change');
    const module = mutate(original.module, original.start, random);
    const packed = original.package === null ? null : mutate(original.package, 8, random);
    const begin = performance.now();
    try {
      frames += lookUp(original, module, packed, random);
    } catch (error) {
      throw new Error(`input ${count} of seed ${seed} threw`, { cause: error });
    }
    const taken = performance.now() - begin;
    slowest = Math.max(slowest, taken);
    if (taken > TIME_LIMIT) throw new Error(`input ${count} of seed ${seed} took ${taken} ms`);
  }
  return { inputs, slowest, frames };
}

function lookUp(
  { codeStart, codeEnd }: Input,
  module: Uint8Array,
  packed: Uint8Array | null,
  random: Random,
): number {
  const symbols = openSymbols(module, ({ kind }) => (kind === 'package' ? packed : null));
  let frames = 0;
  for (let i = 0; i < 4; i++)
    frames += symbols.framesAt(codeStart + random.below(codeEnd - codeStart)).length;
  if (symbols.variables !== null) lookAtVariables(symbols.variables, codeStart, codeEnd, random);
  const files = symbols.files();
  const file = files[random.below(files.length)];
  if (file === undefined) return frames;
  const lines = symbols.linesOf(file);
  const line = lines[random.below(lines.length)];
  if (line !== undefined) symbols.startsOf(file, line);
  return frames;
}

/** Reads variables of some frames, where their places are, and what their types are. */
function lookAtVariables(
  variables: VariableReader,
  codeStart: number,
  codeEnd: number,
  random: Random,
): void {
  const bytes = new Uint8Array(8).map(() => random.below(256));
  const values = new Map([0, 1, 2, 3, 4].map((index) => [index, bytes]));
  const offset = codeStart + random.below(codeEnd - codeStart);
  for (const inlined of [0, 1]) {
    const frame = { offset, inlined, locals: values, globals: values, memory: [] };
    const { types, missing } = variables.variablesOf(frame);
    const memory = missing.map(({ address, size }) => ({ address, bytes: new Uint8Array(size) }));
    variables.variablesOf({ ...frame, memory });
    variables.types([...types.keys()].slice(0, 50));
  }
  variables.staticsOf(offset);
  variables.concreteType(random.below(2 ** 16), offset);
  for (const name of CLASSES) variables.classNamed(name);
}

/** Names of classes, good and bad ones. */
const CLASSES = ['4Item', 'N4shop3BoxIiLi3EEE', 'N4shop', 'Z1fvE5Local', '99999x', 'N1aIIIII'];

function readInput(path: string): Input {
  const module = new Uint8Array(readFileSync(path));
  const parts = new ModuleParts(module);
  const dwp = path.replace(/wasm$/, 'dwp');
  return {
    module,
    package: existsSync(dwp) ? new Uint8Array(readFileSync(dwp)) : null,
    start: parts.codeEnd,
    codeStart: parts.codeStart,
    codeEnd: parts.codeEnd,
  };
}

/** Changes some bytes behind `start`: single ones, numbers of four bytes, runs that are copied elsewhere. */
export function mutate(original: Uint8Array, start: number, random: Random): Uint8Array {
  const bytes = original.slice();
  const place = () => start + random.below(bytes.length - start);
  for (let changes = 1 + random.below(8); changes > 0; changes--) {
    const at = place();
    switch (random.below(5)) {
      case 0:
        bytes[at] = random.below(256);
        break;
      case 1:
        bytes[at] = EDGES[random.below(EDGES.length)] ?? 0;
        break;
      case 2:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 3:
        bytes.fill(EDGES[random.below(EDGES.length)] ?? 0, at, at + 1 + random.below(8));
        break;
      default: {
        const from = place();
        bytes.copyWithin(at, from, from + 1 + random.below(64));
      }
    }
  }
  return bytes;
}

if (import.meta.main) {
  const option = (name: string, otherwise: number) =>
    Number(process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise);
  console.log(fuzzSymbols(option('inputs', 1_000_000), option('seed', 1)));
}
