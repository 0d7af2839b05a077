import { describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { KnownTypes } from '../../runtime/kernel/known-types.ts';
import { guest, main } from '../support/guest.ts';
import { assemble, linesOf, run, runAll, trapOf } from '../support/program.ts';

const MEBIBYTE = 2 ** 20;

function limited(limit: number): { config: ProcessConfig } {
  const config = ProcessConfig.forRoot();
  config.maxHostMemory = limit;
  return { config };
}

const MODULE = await assemble('(module (func (export "f") (result i32) (i32.const 1234567)))');

/** One whose processes wait. */
const WAITS = await assemble(
  guest(`(func (export "f") (call $message.create_data (i64.const 1234567) (i64.const 0)) (call $forever))`),
);
const spawnF = `(if (call $process.spawn (i64.const 0) (i64.const -1) (i64.load (i32.const 0)) (text "f")
    (i32.const 0) (i32.const 0) (i32.const 8))
  (then (call $print_error (i64.load (i32.const 8))) (return)))`;

/** Code that changes the constant of a module that begins at `$at`. */
function vary(module: Uint8Array): string {
  const offset = Buffer.from(module).indexOf(Buffer.of(0x87, 0xad, 0xcb));
  return [0, 1, 2]
    .map(
      (i) => `(i32.store8 offset=${offset + i} (local.get $at)
        (i32.or (i32.const 0x80) (i32.and (i32.shr_u (local.get $i) (i32.const ${7 * i})) (i32.const 0x7f))))`,
    )
    .join('\n');
}

/** Compiles one module after the other, and does something with each. */
const compiling = (count: number, each: string, module = MODULE) =>
  main(
    `(local $i i32) (local $at i32) (local.set $at (i32.const 0x10000))
     (loop $again ${vary(module)}
       (call $expect (call $process.compile_module (blob "m") (i32.const 0)) (i32.const 0))
       ${each}
       (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${count}))))`,
    { blobs: { m: module } },
  );
const DROP = '(call $process.drop_module (i64.load (i32.const 0)))';

describe('modules that a process compiles', () => {
  test('end it when they take more than max_host_memory', async () => {
    const { exit } = await runAll(compiling(1000, ''), limited(16 * MEBIBYTE));
    expect(exit).toMatchObject({ kind: 'trapped', message: expect.stringMatching(/max_host_memory/) });
  });

  test('count no more when they are dropped', async () => {
    const program = await runAll(compiling(1000, DROP), limited(MEBIBYTE));
    expect(program.exit).toMatchObject({ kind: 'returned' });
    expect(program.root.environment.account.bytes).toBe(0);
  });

  test('count as long as processes run them, once for all of them', async () => {
    const source = compiling(1000, `${spawnF} ${DROP}`, WAITS);
    const program = await run(source, limited(16 * MEBIBYTE));
    expect(program.stdout.text).toMatch(/^the host would keep a module of \d+ bytes for .*max_host_memory/);
    expect(program.root.environment.account.bytes).toBe(0);
    const many = compiling(1, `${spawnF.repeat(300)} ${DROP}`, WAITS);
    expect(await linesOf(many, limited(16 * MEBIBYTE))).toEqual([]);
  });

  test('are counted while they are compiled, so that one of a gibibyte is not copied', async () => {
    const source = main(
      `(drop (memory.grow (i32.const 8000)))
       (drop (call $process.compile_module (i32.const 0) (i32.const 0x10000000) (i32.const 0)))`,
    );
    expect(await trapOf(source, limited(256 * MEBIBYTE))).toContain('max_host_memory');
  });

  test('cannot bring so many different types that V8 ends everything', async () => {
    const compile = (name: string) => `(if (call $process.compile_module (blob "${name}") (i32.const 0))
      (then (call $print_error (i64.load (i32.const 0)))) (else (call $print (text "${name} is compiled"))))`;
    const source = main(['first', 'second', 'first', 'third'].map(compile).join('\n'), {
      blobs: {
        first: await assemble('(module (type (func (param i32))) (type (func (param i64))))'),
        second: await assemble('(module (type (func (param f32))) (type (func (param i64))))'),
        third: await assemble('(module (type (func (param f32))) (type (func (param f64))))'),
      },
    });
    expect(await linesOf(source, { limits: { types: new KnownTypes(3) } })).toEqual([
      'first is compiled',
      'second is compiled',
      'first is compiled',
      expect.stringMatching(/more than 3 different types/),
    ]);
  });
});

describe('types of modules', () => {
  const type = (...params: string[]) => ({ kind: 'func' as const, plain: true, params, results: [] });

  test('count once, whichever module has them', () => {
    const known = new KnownTypes(3);
    for (let i = 0; i < 10; i++) known.add([type('i32'), type('i64', 'i32'), type('i32')]);
    known.add([type('i64')]);
    expect(() => known.add([type('i32'), type('f32')])).toThrow('more than 3 different types');
    // What was refused does not count.
    known.add([type('i32')]);
  });

  test('count in each module if they name others by their numbers', () => {
    const known = new KnownTypes(3);
    for (let i = 0; i < 3; i++) known.add([type('(ref null 1)')]);
    expect(() => known.add([type('(ref null 1)')])).toThrow('different types');
  });
});
