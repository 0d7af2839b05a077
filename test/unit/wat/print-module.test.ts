/** Whole modules as text: as people read them, and as assemblers do. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import wabt from 'wabt';
import { readModule, type WasmModule } from '../../../runtime/wasm/index.ts';
import { checkText, printModule, readDeclarations, readSyntax } from '../../../runtime/wat/index.ts';
import { QuotedIdentifiers } from '../../../runtime/wat/quoted-identifiers.ts';
import { classicModules, modernModules } from '../wasm/constructs.ts';
import { binary, modernWat, type Wasm, wat } from '../wasm/support.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const assembler = await wabt();
const FEATURES = {
  exceptions: true,
  threads: true,
  tail_call: true,
  memory64: true,
  multi_memory: true,
  extended_const: true,
  relaxed_simd: true,
  function_references: true,
};

const printed = (module: WasmModule) => printModule(module, 'shop.wasm').text;

/** What wabt makes of a text: with names, and every number as short as it can be. */
function assembled(text: string): WasmModule {
  const module = assembler.parseWat('again.wat', new QuotedIdentifiers(text).text, FEATURES);
  try {
    module.resolveNames();
    return readModule(new Uint8Array(module.toBinary({ canonicalize_lebs: true }).buffer));
  } finally {
    module.destroy();
  }
}

/** The sections of a module that its text has: all but custom ones, and the number of data segments. */
function contents(module: WasmModule): string[] {
  return module.sections
    .filter(({ id }) => id !== 0 && id !== 12)
    .map(
      ({ id, bodyStart, end }) =>
        `${id}: ${Buffer.from(module.bytes.subarray(bodyStart, end)).toString('hex')}`,
    );
}

test('a module reads as a person would write it', async () => {
  const bytes = await wat(`(module
    (type $pair (func (param i32 i32) (result i32)))
    (import "lunatic::timer" "cancel_timer" (func $cancel (param i64) (result i32)))
    (import "env" "memory" (memory $shared 1 2 shared))
    (import "env" "depth" (global $depth (mut i32)))
    (table $jump 4 8 funcref)
    (memory 1)
    (tag $failed (param i32))
    (global $origin i32 (i32.const 8))
    (global $next (mut i64) (i64.const -1))
    (export "log" (func $cancel)) (export "memory" (memory 1))
    (start $begin)
    (elem (i32.const 1) $begin $add)
    (elem $more func $add)
    (elem declare func $add)
    (func $begin)
    (func $add (export "add") (type $pair) (local $sum i32)
      (i32.add (local.get 0) (local.get 1)))
    (data (i32.const 16) "a \\22quoted\\22 text\\0a")
    (data $later "\\00\\ff"))`);
  expect(printed(readModule(bytes)).replace(/;; custom .*\n/g, '')).toBe(`;; shop.wasm: ${bytes.length} bytes

(module
  (type (;0;) (func (param i32 i32) (result i32)))
  (type (;1;) (func (param i64) (result i32)))
  (type (;2;) (func (param i32)))
  (type (;3;) (func))
  (import "lunatic::timer" "cancel_timer" (func $cancel (;0;) (type 1) (param i64) (result i32)))
  (import "env" "memory" (memory $shared (;0;) 1 2 shared))
  (import "env" "depth" (global $depth (;0;) (mut i32)))
  (table $jump (;0;) 4 8 funcref)
  (memory (;1;) 1)
  (tag $failed (;0;) (type 2))
  (global $origin (;1;) i32 (i32.const 8))
  (global $next (;2;) (mut i64) (i64.const -1))
  (export "log" (func $cancel))
  (export "memory" (memory 1))
  (start $begin)
  (elem (;0;) (offset (i32.const 1)) func $begin $add)
  (elem $more (;1;) func $add)
  (elem (;2;) declare func $add)
  (func $begin (;1;) (type 3) ;; 2 bytes
  )
  (func $add (;2;) (export "add") (type 0) (param i32 i32) (result i32) ;; 9 bytes
    (local $sum i32)
    local.get 0
    local.get 1
    i32.add
  )
  (data (;0;) (offset (i32.const 16)) ;; 16 bytes
    "a \\22quoted\\22 text\\0a"
  )
  (data $later (;1;) ;; 2 bytes
    "\\00\\ff"
  )
)`);
});

test('types of garbage collection, recursive groups and supertypes', () => {
  const types = [
    ...[0x5f, 2, 0x7f, 0, 0x78, 1],
    ...[0x5e, 0x63, 0, 1],
    ...[0x4e, 2, 0x50, 0, 0x60, 1, 0x64, 3, 0],
    ...[0x4f, 1, 2, 0x60, 1, 0x64, 3, 0],
  ];
  expect(printed(readModule(binary([1, 3, ...types])))).toBe(`;; shop.wasm: 38 bytes

(module
  (type (;0;) (struct (field i32) (field (mut i8))))
  (type (;1;) (array (mut (ref null 0))))
  (rec
    (type (;2;) (sub (func (param (ref 3)))))
    (type (;3;) (sub final 2 (func (param (ref 3)))))
  )
)`);
});

const built = globSync('test/guests/built/{assemblyscript,c,rust}/*.wasm', { cwd: root })
  .sort()
  .filter((_, i) => i % 8 === 0);
const constructs = async (): Promise<[string, Wasm][]> => [
  ...built.map((path): [string, Wasm] => [path, new Uint8Array(readFileSync(join(root, path)))]),
  ...(await Promise.all(
    Object.entries(classicModules).map(
      async ([name, text]): Promise<[string, Wasm]> => [name, await wat(`(module ${text})`)],
    ),
  )),
];

test('what is assembled from the text is the same module', async () => {
  for (const [name, bytes] of await constructs()) {
    const module = readModule(bytes);
    // Of data only the beginning is written.
    const isWhole = module.sections.every(({ id, bodyStart, end }) => id !== 11 || end - bodyStart < 4000);
    const text = printed(module);
    const again = assembled(text);
    const differing = contents(assembled(printed(again))).filter(
      (section, i) => section !== contents(again)[i],
    );
    expect(differing, name).toEqual([]);
    if (!isWhole) continue;
    const ids = (one: WasmModule) => contents(one).map((section) => section.slice(0, 3));
    expect(ids(again), name).toEqual(ids(module));
  }
});

test('the checker of texts finds nothing wrong with the text of a module', () => {
  for (const [name, text] of Object.entries(modernModules)) {
    const syntax = readSyntax(printed(readModule(modernWat(`(module ${text})`))));
    expect(checkText(syntax, readDeclarations(syntax)), name).toEqual([]);
  }
});

test('offsets are those of the instructions, and each line has one or none', async () => {
  const module = readModule(
    await wat('(module (memory 1) (func (drop (i32.load (i32.const 8)))) (data (i32.const 1) "ab"))'),
  );
  const { text, offsets } = printModule(module, 'shop.wasm');
  const lines = text.split('\n');
  expect(offsets).toHaveLength(lines.length);
  const byteAt = (line: string) => module.bytes[offsets[lines.indexOf(line)] ?? -1];
  expect(byteAt('    i32.const 8')).toBe(0x41);
  expect(byteAt('    i32.load')).toBe(0x28);
  expect(byteAt('    "ab"')).toBe('a'.charCodeAt(0));
});

test('of a large module the code of functions is left out, with most of the elements and data', async () => {
  const code = '(drop (i32.const 1))'.repeat(100_000);
  const elements = '$f '.repeat(3000);
  const data = 'x'.repeat(10_000);
  const segments = `(data (i32.const 0) "${data}")`.repeat(20);
  const bytes = await wat(
    `(module (memory 4) (table 3000 funcref) (func $f (export "f") ${code}) (func $g) (elem (i32.const 0) ${elements}) ${segments})`,
  );
  const text = printed(readModule(bytes));
  expect(text).toMatch(/\n {2}\(func \$f \(;0;\) \(export "f"\) \(type 0\) \(; 300,00\d bytes ;\)\)\n/);
  expect(text).toContain('(; 2,000 more ;)');
  expect(text).toContain(';; 5.8 KiB more');
  expect(text.length).toBeLessThan(100_000);
});
