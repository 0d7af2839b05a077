/** Programs whose memory says anything: what is displayed ends, and soon. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { formatterOf } from '../../debug-adapter/values/formatters.ts';
import { ProcessMemory } from '../../debug-adapter/values/process-memory.ts';
import { Shower } from '../../debug-adapter/values/show-value.ts';
import { TypeTable } from '../../debug-adapter/values/type-table.ts';
import type { Part, Value } from '../../debug-adapter/values/value.ts';
import { ValueReader } from '../../debug-adapter/values/value-reader.ts';
import type { ModuleSymbols } from '../../runtime/internal.ts';
import { openSymbols } from '../../runtime/symbols/open-symbols.ts';
import { projectFolder } from '../support/command.ts';

const folder = join(projectFolder, 'test', 'guests', 'values');
const SIZE = 0x20000;

/** The numbers below 2^32, the same for the same seed. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed >>> 0; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state;
  }
}

/** A frame of a program at a line, with a memory of small addresses, ones, zeros and noise. */
function frameIn(program: string, source: string, seed: number) {
  const bytes = readFileSync(join(folder, program));
  const symbols = openSymbols(new Uint8Array(program.endsWith('.gz') ? gunzipSync(bytes) : bytes));
  const { variables } = symbols;
  if (variables === null) throw new Error('no debug information');
  const line = readFileSync(join(folder, source), 'utf8')
    .split('\n')
    .findIndex((text) => text.endsWith('// here'));
  const [start] = symbols.startsOf(`/project/${source}`, line + 1);
  const offset = start?.offset ?? 0;
  const random = numbers(seed);
  const memory = new DataView(new ArrayBuffer(SIZE));
  for (let at = 0; at < SIZE; at += 4) {
    const number = random.next().value;
    const kinds = [number % SIZE, (number % SIZE) & ~3, number & 7, 0, number, 0xffffffff];
    memory.setUint32(at, kinds[(number >>> 8) % kinds.length] ?? 0, true);
  }
  const base = new Uint8Array(Uint32Array.of(SIZE / 2).buffer);
  const locals = new Map(Array.from({ length: 200 }, (_, index) => [index, base]));
  const state = { offset, inlined: 0, locals, globals: locals, memory: [] };
  const found = variables.variablesOf(state);
  const thread = {
    types: async (ids: readonly string[]) => variables.types(ids),
    concreteType: async (vtable: number) => variables.concreteType(vtable, offset),
    classNamed: async (name: string) => variables.classNamed(name),
  };
  // It asks for these alone.
  const types = new TypeTable(thread as unknown as ModuleSymbols);
  types.add(found.types);
  const read = async (at: number, count: number) =>
    new Uint8Array(memory.buffer, Math.min(at, SIZE), Math.max(0, Math.min(count, SIZE - at)));
  const reader = new ValueReader({
    ...{ ...state, types, memory: new ProcessMemory(read), language: found.language },
    processText: async (id) => String(id),
    functionText: async () => null,
    functionIndex: async () => null,
  });
  return { shower: new Shower(reader, formatterOf(found.language)), variables: found.variables };
}

/** Looks at a value and at what is in it. */
async function look(shower: Shower, value: Value | string, depth: number): Promise<number> {
  if (typeof value === 'string') return value.length;
  const shown = await shower.show(value);
  let length = shown.text.length;
  if (depth === 0) return length;
  const parts: Part[] = [...((await shown.named?.()) ?? []), ...((await shown.page?.(0, 5)) ?? [])];
  parts.push(...((await shown.page?.(1000, 3)) ?? []));
  if (shown.isMade === true) parts.push({ name: '', value: { ...value, isRaw: true }, path: null });
  for (const part of parts.slice(0, 12)) length += await look(shower, part.value, depth - 1);
  return length;
}

test.each([
  ['values-c.wasm', 'values.c'],
  ['values-cpp.wasm.gz', 'values.cpp'],
  ['values-rust.wasm.gz', 'values.rs'],
  ['values-rust-modern.wasm.gz', 'values.rs'],
])('%s', async (program, source) => {
  for (let seed = 1; seed <= 3; seed++) {
    const { shower, variables } = frameIn(program, source, seed);
    expect(variables.length).toBeGreaterThan(20);
    for (const { type, place } of variables) {
      const { text } = await shower.show({ type, place, offset: 0 });
      expect(text.length).toBeLessThan(50_000);
      await look(shower, { type, place, offset: 0 }, 2);
    }
  }
});
