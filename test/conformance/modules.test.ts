import { describe, expect, test } from 'vitest';
import { guest, main } from '../support/guest.ts';
import { assemble, linesOf, trapOf } from '../support/program.ts';

/** Compiles the blob; prints the code and the id, or the text of the error. */
const COMPILE = `
  (func $compile (param $at i32) (param $length i32) (local $code i32)
    (local.set $code (call $process.compile_module (local.get $at) (local.get $length) (i32.const 0)))
    (call $show32 (text "code") (local.get $code))
    (if (local.get $code)
      (then (call $print_error (i64.load (i32.const 0))))
      (else (call $show (text "id") (i64.load (i32.const 0))))))`;
const compiling = (bytes: Uint8Array) =>
  linesOf(guest(`${COMPILE} (func (export "_start") (call $compile (blob "m")))`, { blobs: { m: bytes } }));
const compilingText = async (text: string) => compiling(await assemble(text));

describe('compile_module', () => {
  test('gives ids from 0, never used again', async () => {
    const source = guest(
      `${COMPILE}
       (func (export "_start")
         (call $compile (blob "m")) (call $compile (blob "m"))
         (call $process.drop_module (i64.const 1))
         (call $compile (blob "m")))`,
      { blobs: { m: await assemble('(module)') } },
    );
    expect(await linesOf(source)).toEqual(['code 0', 'id 0', 'code 0', 'id 1', 'code 0', 'id 2']);
  });

  test('counts as work: whoever compiles much gives way to others', async () => {
    const source = guest(
      `(func (export "child") (call $print (text "child")))
       (func (export "_start") (local $i i32)
         (call $expect (i32.const 0) (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (text "child")
           (i32.const 0) (i32.const 0) (i32.const 0)))
         (loop $again
           (call $expect (i32.const 0) (call $process.compile_module (blob "m") (i32.const 0)))
           (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))
         (call $print (text "root")))`,
      { blobs: { m: await assemble('(module)') } },
    );
    expect(await linesOf(source)).toEqual(['child', 'root']);
  });

  test('gives an error for what is no module, or no valid one', async () => {
    expect(await compiling(new Uint8Array(0))).toEqual(['code 1', expect.stringMatching(/./)]);
    expect(await compiling(Buffer.from('nonsense'))).toEqual(['code 1', expect.stringMatching(/./)]);
    const cut = (await assemble('(module (func (export "f") (drop (i32.const 1))))')).slice(0, -3);
    expect(await compiling(cut)).toEqual(['code 1', expect.stringMatching(/./)]);
    // (module (func (result i32))): the body leaves no value
    const invalid = new Uint8Array([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 10, 4, 1, 2, 0, 0x0b],
    ]);
    expect(await compiling(invalid)).toEqual(['code 1', expect.stringMatching(/Compiling function #0/)]);
  });

  test('gives an error for imports that do not link', async () => {
    const lines = await compilingText(
      '(module (import "lunatic::message" "sned" (func (param i64) (result i32))))',
    );
    expect(lines).toEqual([
      'code 1',
      'an import cannot be linked:',
      expect.stringMatching(/lunatic::message::send/),
    ]);
  });

  test('refuses shared and 64-bit memories', async () => {
    // (module (memory 1 1 shared)), which the assembler does not write
    const shared = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 4, 1, 3, 1, 1]);
    expect(await compiling(shared)).toEqual(['code 1', expect.stringMatching(/shared memory/)]);
    expect(await compilingText('(module (memory i64 1))')).toEqual([
      'code 1',
      expect.stringMatching(/64-bit/),
    ]);
  });

  test('takes reference types, bulk memory, several results and SIMD', async () => {
    const lines = await compilingText(`(module (memory 1) (table 1 externref)
      (func $two (result i32 i32) (i32.const 1) (i32.const 2))
      (func (result i32) (i32.add (call $two)))
      (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 9)))
      (func (result v128) (i8x16.splat (i32.const 1))))`);
    expect(lines).toEqual(['code 0', 'id 0']);
  });

  test('traps for bytes or a cell outside the memory', async () => {
    const call = (at: number, length: number, id: number) =>
      main(`(drop (call $process.compile_module (i32.const ${at}) (i32.const ${length}) (i32.const ${id})))`);
    expect(await trapOf(call(0xfff0, 17, 0))).toMatch(/out of bounds/);
    expect(await trapOf(call(0, 8, 0xfff9))).toMatch(/out of bounds/);
  });

  test('copies the bytes: the memory may change afterwards', async () => {
    const source = guest(
      `${COMPILE}
       (func $overwrite (param $at i32) (param $length i32)
         (memory.fill (local.get $at) (i32.const 0) (local.get $length)))
       (func (export "_start")
         (call $compile (blob "m")) (call $overwrite (blob "m"))
         (call $expect (call $process.spawn (i64.const 0) (i64.const -1) (i64.const 0) (text "go")
           (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0))
         (call $process.monitor (i64.const 2))
         (call $expect (call $receive) (i32.const 2)))`,
      { blobs: { m: await assemble(guest('(func (export "go") (call $print (text "other module")))')) } },
    );
    expect(await linesOf(source)).toEqual(['code 0', 'id 0', 'other module']);
  });
});

describe('drop_module', () => {
  test('leaves running processes alone and traps the second time', async () => {
    const child = guest(`(func (export "go")
      (call $expect (call $receive) (i32.const 0)) (call $print (text "still here")))`);
    const source = (more: string) =>
      guest(
        `${COMPILE}
         (func (export "_start")
           (call $compile (blob "m"))
           (call $expect (call $process.spawn (i64.const 0) (i64.const -1) (i64.const 0) (text "go")
             (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0))
           (call $process.drop_module (i64.const 0))
           (call $send (i64.const 2) (i64.const 0) (i64.const 0))
           (call $process.monitor (i64.const 2))
           (call $expect (call $receive) (i32.const 2)) ${more})`,
        { blobs },
      );
    const blobs = { m: await assemble(child) };
    expect(await linesOf(source(''))).toEqual(['code 0', 'id 0', 'still here']);
    expect(await trapOf(source('(call $process.drop_module (i64.const 0))'))).toMatch(/unknown module id 0/);
  });
});
