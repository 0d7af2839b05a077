import { describe, expect, it } from 'vitest';
import {
  customSection,
  FunctionNames,
  functionNames,
  isWasmBinary,
  readModule,
} from '../../../runtime/wasm/index.ts';
import { NameSection } from '../../../runtime/wasm/name-section.ts';
import { assembleText, WatError } from '../../../runtime/wat/index.ts';
import { binary, modernWat, wat } from './support.ts';

describe('readModule', () => {
  it('gives the structure of a module', async () => {
    const module = readModule(
      await wat(`(module
        (type $t (func (param i32 i64) (result f32 f64)))
        (import "env" "f" (func $f (type $t)))
        (import "env" "g" (global $g i64))
        (import "env" "t" (table 1 2 funcref))
        (import "env" "m" (memory 3))
        (table $own 5 externref)
        (global $h (mut i32) (i32.const 7))
        (tag $e (param i32))
        (func $start)
        (func $run (export "run") (param f64) (result i32) (i32.const 1))
        (export "own" (table $own))
        (export "h" (global $h))
        (start $start)
        (elem (table 0) (i32.const 0) func $run)
        (data (i32.const 0) "abc")
      )`),
    );
    expect(module.imports).toMatchObject([
      { module: 'env', name: 'f', kind: 'function', typeIndex: 0 },
      { module: 'env', name: 'g', kind: 'global', global: { type: 'i64', mutable: false } },
      { module: 'env', name: 't', kind: 'table', table: { element: 'funcref', initial: 1, maximum: 2 } },
      { module: 'env', name: 'm', kind: 'memory', memory: { initial: 3, shared: false, is64: false } },
    ]);
    expect(module.functionType(0)).toMatchObject({ params: ['i32', 'i64'], results: ['f32', 'f64'] });
    expect(module.functionType(2)).toMatchObject({ params: ['f64'], results: ['i32'] });
    expect(module.functionType(3)).toBeUndefined();
    expect(module.importedFunctions).toBe(1);
    expect(module.functions.length).toBe(2);
    expect(module.tables).toMatchObject([{ element: 'externref', initial: 5 }]);
    expect(module.globals).toEqual([{ type: 'i32', mutable: true }]);
    expect(module.tags).toHaveLength(1);
    expect(module.start).toBe(1);
    expect(module.exports).toEqual([
      { name: 'run', kind: 'function', index: 2 },
      { name: 'own', kind: 'table', index: 1 },
      { name: 'h', kind: 'global', index: 1 },
    ]);
    expect(module.elementSegments).toBe(1);
    expect(module.dataSegments).toBe(1);
    expect(Array.from(module.addressTaken)).toEqual([0, 0, 1]);
    expect(module.usesGcTypes).toBe(false);
  });

  it('reads types of the garbage collection proposal', () => {
    const module = readModule(
      modernWat(`(module
        (rec (type $list (sub (struct (field i32) (field (ref null $list))))))
        (type $array (array (mut i8)))
        (func (export "f") (param (ref null $list)) (param (ref $array)) (param anyref))
      )`),
    );
    expect(module.usesGcTypes).toBe(true);
    const type = module.functionType(0);
    expect(type?.params[0]).toMatch(/^\(ref null \d\)$/);
    expect(type?.params[1]).toMatch(/^\(ref \d\)$/);
    expect(type?.params[2]).toBe('anyref');
  });

  it('recognizes a binary by its first bytes', () => {
    expect(isWasmBinary(binary())).toBe(true);
    expect(isWasmBinary(new TextEncoder().encode('(module)'))).toBe(false);
    expect(isWasmBinary(new Uint8Array())).toBe(false);
  });
});

describe('functionNames', () => {
  it('reads the name section', async () => {
    const names = functionNames(
      readModule(await wat('(module (import "e" "f" (func $f)) (func) (func $x))')),
    );
    expect([...names]).toEqual([
      [0, 'f'],
      [2, 'x'],
    ]);
  });

  const nameSection = (...contents: number[]): number[] => [0, 4, 0x6e, 0x61, 0x6d, 0x65, ...contents];

  it('gives the names before the break of a broken section', () => {
    const cut = binary(nameSection(1, 9, 2, 0, 1, 0x61, 1, 0x7f, 0x62, 0x63, 0x64));
    expect([...functionNames(readModule(cut))]).toEqual([[0, 'a']]);
    expect([...functionNames(readModule(binary(nameSection(1, 0x7f))))]).toEqual([]);
    expect([...functionNames(readModule(binary()))]).toEqual([]);
  });

  it('are the same for who wants few of them', async () => {
    const module = readModule(await wat('(module (import "e" "f" (func $f)) (func) (func $x))'));
    const names = new FunctionNames(module);
    expect([-1, 0, 1, 2, 3].map((index) => names.get(index))).toEqual([
      undefined,
      'f',
      undefined,
      'x',
      undefined,
    ]);
    const code = [
      [1, 1, 0x60, 0, 0],
      [3, 2, 0, 0],
      [10, 2, 2, 0, 0x0b, 2, 0, 0x0b],
    ];
    const cut = binary(...code, nameSection(1, 10, 3, 7, 1, 0x61, 1, 2, 0x62, 0xff, 0, 0x7f, 0x64));
    const broken = new FunctionNames(readModule(cut));
    expect([0, 1, 7].map((index) => broken.get(index))).toEqual([undefined, 'b\ufffd', undefined]);
  });

  it('replaces bytes that are not UTF-8', () => {
    const names = functionNames(readModule(binary(nameSection(1, 4, 1, 0, 1, 0xff))));
    expect([...names]).toEqual([[0, '\ufffd']]);
  });
});

describe('customSection', () => {
  it('finds contents by name', () => {
    const bytes = binary([0, 1, 0x61, 9, 8, 7], [0, 1, 0x62]);
    const module = readModule(bytes);
    const custom = customSection(module, 'a');
    expect(custom && [...bytes.subarray(custom.start, custom.end)]).toEqual([9, 8, 7]);
    expect(customSection(module, 'c')).toBeUndefined();
  });
});

describe('assembleText', () => {
  it('keeps characters beyond ASCII', async () => {
    const bytes = await assembleText(
      '(module (memory 1) (data (i32.const 0) "ü✓") (func (export "größe")))',
      'a.wat',
    );
    expect(Buffer.from(bytes).includes('ü✓')).toBe(true);
    expect(readModule(bytes).exports.map(({ name }) => name)).toEqual(['größe']);
  });

  it('keeps names', async () => {
    const module = readModule(await assembleText('(module (func $here))', 'a.wat'));
    expect(functionNames(module).get(0)).toBe('here');
  });

  it('knows identifiers in quotes, also in what it says of them', async () => {
    const text = `(module $"a module" (func $"a b" (param $"x \\u{fc}" i32) (result i32) (local.get $"x ü"))
      (func $"0" (drop (call $"a b" (i32.const 1)))) (func (export "$\\"a") (call $0) (call $1)) (func $1) (func $"(;"))`;
    const module = readModule(await assembleText(text, 'a.wat'));
    expect(Object.fromEntries(functionNames(module))).toEqual({ 0: 'a b', 1: '0', 3: '1', 4: '(;' });
    expect(new NameSection(module).locals(0)).toEqual(new Map([[0, 'x ü']]));
    // What stands for one of them is the name of no other one.
    await assembleText(
      '(module (func $"a b") (func $"0") (func (export "a") (local $"1" i32) (local $"c d" i32)))',
      'a.wat',
    );
    const missing = assembleText('(module (func $"a b") (func (local $"0" i32) (call $"0")))', 'a.wat');
    await expect(missing).rejects.toThrow(/undefined function variable "\$0"/);
    const failure = assembleText('(module (func $"a b") (func $c call $"a b" bla call $"b c"))', 'a.wat');
    await expect(failure).rejects.toThrow(
      /^a\.wat:1:44: error: unexpected token bla, [^\n]*\n[^\n]*\$c call \$"a b" bla /,
    );
    await expect(assembleText('(module (func call $"b c"))', 'a.wat')).rejects.toThrow(
      /^a\.wat:1:20: error: undefined function variable "\$"b c""/,
    );
  });

  it('says that it does not know all texts with garbage collection', async () => {
    const list = '(module (type $List (struct (field (ref null $List)))) (func (i32.const)))';
    await expect(assembleText(list, 'a.wat')).rejects.toThrow(
      /^a\.wat:1:\d+: error: unexpected token "null", .*garbage collection.*"wasm-tools parse".*\n/,
    );
    await expect(assembleText('(module (func (i32.const)))', 'a.wat')).rejects.not.toThrow('wasm-tools');
  });

  it.each([
    '(module (type (array (mut i8))))',
    '(module (type (struct (field $f i16))))',
    '(module (rec (type (struct)) (type (struct))))',
    '(module (type (sub (struct))))',
    '(module (func (param nullexternref)))',
    '(module (func (drop (ref.null none))))',
    '(module (type $s (struct)) (func (drop (struct.new $s))))',
    '(module (type $s (array i32)) (func (param externref) (drop (ref.test (ref $s) (local.get 0)))))',
    '(module (type $t (func)) (func (param (ref $t)) (return_call_ref $t (local.get 0))))',
  ])('says so of %s', async (text) => {
    await expect(assembleText(text, 'a.wat')).rejects.toThrow(
      /^a\.wat:.*garbage collection.*"wasm-tools parse"/,
    );
  });

  it('knows several memories', async () => {
    const text = '(module (memory 1) (memory $b 1) (func (i32.store $b (i32.const 0) (i32.const 1))))';
    expect(readModule(await assembleText(text, 'a.wat')).memories).toHaveLength(2);
  });

  it('passes the assembler’s message on', async () => {
    const failure = assembleText('(module\n  (func (i32.const)))', 'broken.wat');
    await expect(failure).rejects.toThrow(WatError);
    await expect(failure).rejects.toThrow(/broken\.wat:2:/);
    await expect(assembleText('(module (func (result i32)))', 'a.wat')).rejects.toThrow(WatError);
  });
});
