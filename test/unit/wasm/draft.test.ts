import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DRAFT_AT, DRAFT_CAPACITY, DraftState } from '../../../runtime/wasm/draft-layout.ts';
import {
  draftPass,
  dropCustomsPass,
  KERNEL_MODULE,
  memoryPass,
  originalIndex,
  preemptPass,
  readModule,
  reusePass,
  rewriteModule,
} from '../../../runtime/wasm/index.ts';
import { wat } from './support.ts';

const PASSES = [memoryPass, preemptPass, reusePass, draftPass];

/** Functions of `lunatic::message` that can use the draft, and `receive`, which cannot. */
const IMPORTS = `
  (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
  (import "lunatic::message" "create_data" (func $create (param i64 i64)))
  (import "lunatic::message" "write_data" (func $write (param i32 i32) (result i32)))
  (import "lunatic::message" "read_data" (func $read (param i32 i32) (result i32)))
  (import "lunatic::message" "seek_data" (func $seek (param i64)))
  (import "lunatic::message" "get_tag" (func $tag (result i64)))
  (import "lunatic::message" "data_size" (func $size (result i64)))
  (import "lunatic::message" "send" (func $send (param i64) (result i32)))`;

const MODULE = `(module ${IMPORTS}
  (memory (export "memory") 1)
  (table (export "table") 1 funcref) (elem (i32.const 0) $size)
  (export "imported" (func $tag))
  (func (export "create") (param i64) (call $create (local.get 0) (i64.const 0)))
  (func (export "write") (param i32 i32) (result i32) (call $write (local.get 0) (local.get 1)))
  (func (export "read") (param i32 i32) (result i32) (return_call $read (local.get 0) (local.get 1)))
  (func (export "seek") (param i64) (call $seek (local.get 0)))
  (func (export "tag") (result i64) (call $tag))
  (func (export "size") (result i64) (call $size))
  (func (export "send") (param i64) (result i32) (call $send (local.get 0)))
  (func (export "receive") (result i32) (call $receive (i32.const 1) (i32.const 2) (i64.const 3))))`;

type Fn = (...params: (number | bigint)[]) => number | bigint | undefined;

/** A guest whose host functions only note that they were called, and return 7. */
class Bench {
  readonly draft = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  readonly words = new Int32Array(this.draft.buffer);
  readonly bytes = new Uint8Array(this.draft.buffer, DRAFT_AT.bytes, DRAFT_CAPACITY);
  readonly exports: WebAssembly.Exports;
  readonly memory: Uint8Array;
  called: string[] = [];

  constructor(binary: Uint8Array<ArrayBuffer>, source: ReturnType<typeof readModule>) {
    const host: Record<string, Fn> = {};
    for (const { name, ...entry } of source.imports) {
      const type = entry.kind === 'function' ? source.types[entry.typeIndex] : undefined;
      const [result] = type?.results ?? [];
      host[name] = (...params) => {
        this.called.push(`${name}(${params})`);
        return result === 'i64' ? 7n : 7;
      };
    }
    const memory = new WebAssembly.Memory({ initial: 1 });
    const imports = { 'lunatic::message': host, [KERNEL_MODULE]: { tick() {}, memory, draft: this.draft } };
    this.exports = new WebAssembly.Instance(new WebAssembly.Module(binary), imports).exports;
    this.memory = new Uint8Array(memory.buffer);
  }

  call(name: string, ...params: (number | bigint)[]): number | bigint | undefined {
    return (this.exports[name] as Fn)(...params);
  }

  /** What was called since the last call of this method. */
  takeCalled(): string[] {
    const { called } = this;
    this.called = [];
    return called;
  }

  set(state: DraftState, length = 0, position = 0): void {
    this.words[DRAFT_AT.state / 4] = state;
    this.words[DRAFT_AT.length / 4] = length;
    this.words[DRAFT_AT.position / 4] = position;
  }

  get fields(): Record<string, number | undefined> {
    const { words } = this;
    const [state, length, position] = [DRAFT_AT.state, DRAFT_AT.length, DRAFT_AT.position].map(
      (at) => words[at / 4],
    );
    return { state, length, position };
  }
}

async function bench(text = MODULE): Promise<Bench> {
  const source = readModule(await wat(text));
  return new Bench(new Uint8Array(rewriteModule(source, PASSES).bytes), source);
}

const PAGE = 65_536;

describe('functions that use the draft', () => {
  test('only call the host while it has the scratch area or a message to send', async () => {
    const guest = await bench();
    for (const state of [DraftState.Host, DraftState.Sent]) {
      guest.set(state, 8, 0);
      guest.call('create', 5n);
      expect(guest.call('write', 16, 4)).toBe(7);
      expect(guest.call('read', 16, 4)).toBe(7);
      guest.call('seek', 3n);
      expect(guest.call('tag')).toBe(7n);
      expect(guest.call('size')).toBe(7n);
      expect(guest.call('send', 9n)).toBe(7);
      expect(guest.takeCalled()).toEqual([
        'create_data(5,0)',
        'write_data(16,4)',
        'read_data(16,4)',
        'seek_data(3)',
        'get_tag()',
        'data_size()',
        'send(9)',
      ]);
      expect(guest.fields).toEqual({ state, length: 8, position: 0 });
    }
  });

  test('only create where the scratch area is empty', async () => {
    const guest = await bench();
    guest.set(DraftState.Empty, 8, 8);
    expect(guest.call('size')).toBe(7n);
    expect(guest.takeCalled()).toEqual(['data_size()']);
    guest.call('create', -5n);
    expect(guest.takeCalled()).toEqual([]);
    expect(guest.fields).toEqual({ state: DraftState.Open, length: 0, position: 0 });
    expect([guest.call('tag'), guest.call('size')]).toEqual([-5n, 0n]);
  });

  test('send once, to the receiver that the guest named', async () => {
    const guest = await bench();
    guest.set(DraftState.Open, 3, 1);
    expect(guest.call('send', 0x1234_5678_9abc_def0n)).toBe(0);
    expect(guest.takeCalled()).toEqual([]);
    expect(guest.fields).toEqual({ state: DraftState.Sent, length: 3, position: 1 });
    expect(new BigInt64Array(guest.draft.buffer)[DRAFT_AT.receiver / 8]).toBe(0x1234_5678_9abc_def0n);
  });

  test('write and read every length at every place, and no other byte', async () => {
    const guest = await bench();
    guest.memory.forEach((_, i) => {
      guest.memory[i] = (i * 7 + 1) & 0xff;
    });
    const original = guest.memory.slice();
    for (const pointer of [0, 1, 1021, PAGE - DRAFT_CAPACITY]) {
      for (let before = 0; before <= DRAFT_CAPACITY; before++) {
        for (let size = 0; before + size <= DRAFT_CAPACITY; size++) {
          guest.set(DraftState.Open, before, 0);
          guest.bytes.fill(0xee);
          expect(guest.call('write', pointer, size)).toBe(size);
          expect(guest.fields['length']).toBe(before + size);
          const wanted = new Uint8Array(DRAFT_CAPACITY).fill(0xee);
          wanted.set(original.subarray(pointer, pointer + size), before);
          expect(guest.bytes.every((byte, i) => byte === wanted[i])).toBe(true);

          guest.set(DraftState.Open, before + size, before);
          guest.memory.fill(0xdd, 2000, 2100);
          expect(guest.call('read', 2010, size + (pointer & 3))).toBe(size);
          expect(guest.fields['position']).toBe(before + size);
          const read = new Uint8Array(100).fill(0xdd);
          read.set(original.subarray(pointer, pointer + size), 10);
          expect(guest.memory.subarray(2000, 2100).every((byte, i) => byte === read[i])).toBe(true);
        }
      }
    }
    expect(guest.called).toEqual([]);
    expect(guest.words.subarray(32).every((word) => word === 0)).toBe(true);
  });

  test('leave to the host what is too long or outside of the memory', async () => {
    const guest = await bench();
    guest.set(DraftState.Open, 60, 50);
    const beyond: [number, number][] = [
      [PAGE - 3, 4],
      [PAGE, 1],
      [PAGE + 1, 0],
      [-1, 1],
      [-4, 4],
      [-4, 8],
      [1, -1],
      [0x8000_0000 | 0, 4],
    ];
    for (const [pointer, size] of beyond) {
      expect(guest.call('write', pointer, size)).toBe(7);
      expect(guest.call('read', pointer, size)).toBe(7);
    }
    expect(guest.call('write', 0, 5)).toBe(7);
    expect(guest.call('write', 0, -60)).toBe(7);
    guest.call('seek', 61n);
    guest.call('seek', -1n);
    guest.call('seek', 0x1_0000_0000n);
    expect(guest.called.length).toBe(2 * beyond.length + 5);
    expect(guest.fields).toEqual({ state: DraftState.Open, length: 60, position: 50 });
    guest.called = [];
    // An empty range at the memory's end, and a buffer larger than what is left of the message.
    expect(guest.call('write', PAGE, 0)).toBe(0);
    expect(guest.call('read', PAGE - 200, 200)).toBe(10);
    guest.call('seek', 60n);
    expect(guest.call('read', 0, 1)).toBe(0);
    expect(guest.called).toEqual([]);
  });

  test('do what a plain model does', async () => {
    const guest = await bench();
    const model = { bytes: [] as number[], position: 0 };
    const step = fc.oneof(
      fc.record({ kind: fc.constant('write' as const), at: fc.nat(300), size: fc.nat(40) }),
      fc.record({ kind: fc.constant('read' as const), at: fc.nat(300), size: fc.nat(80) }),
      fc.record({ kind: fc.constant('seek' as const), at: fc.nat(DRAFT_CAPACITY), size: fc.constant(0) }),
    );
    const seed = fc.uint8Array({ minLength: 512, maxLength: 512 });
    fc.assert(
      fc.property(seed, fc.array(step, { maxLength: 30 }), (memory, steps) => {
        guest.memory.set(memory);
        guest.set(DraftState.Empty);
        guest.call('create', 1n);
        Object.assign(model, { bytes: [], position: 0 });
        const expected = memory.slice();
        for (const { kind, at, size } of steps) {
          if (kind === 'write') {
            if (model.bytes.length + size > DRAFT_CAPACITY) continue;
            model.bytes.push(...expected.subarray(at, at + size));
            expect(guest.call('write', at, size)).toBe(size);
          } else if (kind === 'read') {
            const got = model.bytes.slice(model.position, model.position + size);
            expected.set(got, at);
            model.position += got.length;
            expect(guest.call('read', at, size)).toBe(got.length);
          } else if (at <= model.bytes.length) {
            model.position = at;
            guest.call('seek', BigInt(at));
          }
          expect(guest.call('size')).toBe(BigInt(model.bytes.length));
        }
        expect(Buffer.from(guest.memory.buffer, 0, 512).equals(expected)).toBe(true);
        expect(guest.called).toEqual([]);
      }),
    );
  });
});

describe('a module', () => {
  test('keeps the imports where it passes them on, and calls those that have no draft', async () => {
    const guest = await bench();
    guest.set(DraftState.Open, 5, 0);
    expect((guest.exports['imported'] as Fn)()).toBe(7n);
    expect(((guest.exports['table'] as WebAssembly.Table).get(0) as Fn)()).toBe(7n);
    expect(guest.call('receive')).toBe(7);
    expect(guest.takeCalled()).toEqual(['get_tag()', 'data_size()', 'receive(1,2,3)']);
  });

  test('gets functions behind all of its own, which no index of the original names', async () => {
    const source = readModule(await wat(MODULE));
    const rewritten = rewriteModule(source, [...PASSES, dropCustomsPass]);
    const after = readModule(rewritten.bytes);
    const own = source.importedFunctions + source.functions.length;
    const total = after.importedFunctions + after.functions.length;
    expect(total).toBe(own + 1 + 8);
    const originals = Array.from({ length: total }, (_, i) => originalIndex(rewritten.functions, i));
    expect(originals).toEqual([
      ...Array.from({ length: source.importedFunctions }, (_, i) => i),
      undefined,
      ...Array.from({ length: source.functions.length }, (_, i) => source.importedFunctions + i),
      ...Array.from({ length: 8 }, () => undefined),
    ]);
    // Offsets before and behind them are what they were.
    for (let i = 0; i < source.functions.length; i++) {
      const at = source.code.codeStart[i] ?? 0;
      expect(rewritten.offsets.toOriginal(rewritten.offsets.toRewritten(at))).toBe(at);
    }
  });

  test('that imports a host function many times gets one function in its place', async () => {
    const many = Array.from(
      { length: 50 },
      (_, i) => `(import "lunatic::message" "get_tag" (func $t${i} (result i64)))`,
    );
    const text = `(module ${many.join('')} (memory (export "memory") 1)
      (func (export "first") (result i64) (call $t0)) (func (export "last") (result i64) (call $t49)))`;
    const source = readModule(await wat(text));
    const { bytes } = rewriteModule(source, PASSES);
    // Besides the one of the pass that charges.
    expect(readModule(bytes).functions.length).toBe(source.functions.length + 1 + 1);
    const guest = new Bench(new Uint8Array(bytes), source);
    guest.set(DraftState.Open);
    expect([guest.call('first'), guest.call('last'), guest.takeCalled()]).toEqual([0n, 0n, []]);
  });

  test.each([
    ['does not export its memory as "memory"', MODULE.replace('(export "memory")', '(export "mem")')],
    ['has no memory', `(module ${IMPORTS} (func (export "tag") (result i64) (call $tag)))`],
    ['imports nothing of it', '(module (memory (export "memory") 1) (func (export "f")))'],
    [
      'imports it with another type',
      `(module (import "lunatic::message" "send" (func $send (param i64)))
        (memory (export "memory") 1) (func (export "f") (call $send (i64.const 1))))`,
    ],
    [
      'means another module',
      `(module (import "lunatic::messages" "get_tag" (func $tag (result i64)))
        (memory (export "memory") 1) (func (export "f") (result i64) (call $tag)))`,
    ],
  ])('gets no draft that %s', async (_, text) => {
    const source = readModule(await wat(text));
    const { bytes } = rewriteModule(source, PASSES);
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(new Uint8Array(bytes)));
    expect(imports.filter(({ name }) => name === 'draft')).toEqual([]);
  });
});
