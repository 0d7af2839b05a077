import { describe, expect, test } from 'vitest';
import { ProcessConfig, SpawnError } from '../../runtime/internal.ts';
import { guest } from '../support/guest.ts';
import { assemble, linesOf, run, start } from '../support/program.ts';

const PAGE = 65536;
/** Two memories: (module (memory 1) (memory 1)). */
const TWO_MEMORIES = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 5, 2, 0, 1, 0, 1]);

/** Spawns "go" of a module with a limit on its memory; prints the code, and the error where there is one. */
const spawning = async (module: string | Uint8Array, maxMemory = 4294967295) => {
  const bytes = typeof module === 'string' ? await assemble(module) : module;
  const source = guest(
    `(func (export "_start") (local $c i64) (local $code i32)
       (local.set $c (call $process.create_config))
       (call $process.config_set_max_memory (local.get $c) (i64.const ${maxMemory}))
       (call $expect (call $process.compile_module (blob "m") (i32.const 0)) (i32.const 0))
       (local.set $code (call $process.spawn (i64.const 0) (local.get $c) (i64.const 0) (text "go")
         (i32.const 0) (i32.const 0) (i32.const 0)))
       (call $show32 (text "code") (local.get $code))
       (if (local.get $code) (then (call $print_error (i64.load (i32.const 0)))) (else
         (call $process.monitor (i64.load (i32.const 0)))
         (call $expect (call $receive) (i32.const 2)))))`,
    { blobs: { m: bytes } },
  );
  return linesOf(source);
};

/** Grows its memory of `initial` pages by 1 until it cannot, and prints the pages it had each time. */
const growing = (memory: string) =>
  guest(
    `(func (export "go") (local $pages i32)
       (loop $more
         (local.set $pages (memory.grow (i32.const 1)))
         (call $show32 (text "had") (local.get $pages))
         (br_if $more (i32.ge_s (local.get $pages) (i32.const 0)))))`,
    { memory: `(memory (export "memory") ${memory})` },
  );

describe('max_memory', () => {
  test('is exact to the byte when a process starts', async () => {
    const child = '(module (memory (export "memory") 3) (func (export "go")))';
    expect(await spawning(child, 3 * PAGE)).toEqual(['code 0']);
    expect(await spawning(child, 3 * PAGE - 1)).toEqual([
      'code 1',
      expect.stringMatching(/3 pages.*max_memory/),
    ]);
    expect(await spawning('(module (memory (export "memory") 0) (func (export "go")))', 0)).toEqual([
      'code 0',
    ]);
    expect(await spawning('(module (func (export "go")))', 0)).toEqual(['code 0']);
  });

  test('is exact to the byte when a memory grows', async () => {
    const had = ['code 0', 'had 2', 'had 3', 'had -1'];
    expect(await spawning(growing('2'), 4 * PAGE)).toEqual(had);
    expect(await spawning(growing('2'), 5 * PAGE - 1)).toEqual(had);
    expect(await spawning(growing('2'), 5 * PAGE)).toEqual(['code 0', 'had 2', 'had 3', 'had 4', 'had -1']);
  });

  test('does not widen what the module itself declares', async () => {
    expect(await spawning(growing('2 3'))).toEqual(['code 0', 'had 2', 'had -1']);
    expect(await spawning(growing('2 9'), 3 * PAGE)).toEqual(['code 0', 'had 2', 'had -1']);
  });

  test('reaches memories that are not exported', async () => {
    const child = `(module (memory 1)
      (func (export "go") (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))))`;
    expect(await spawning(child, PAGE)).toEqual(['code 0']);
    expect(await spawning(child, PAGE - 1)).toEqual(['code 1', expect.stringMatching(/max_memory/)]);
  });

  test('at its default refuses 65536 pages and lets a memory grow to 65535', async () => {
    expect(await spawning('(module (memory 65536) (func (export "go")))')).toEqual([
      'code 1',
      expect.stringMatching(/65536 pages/),
    ]);
    const child = `(module (memory 1) (func (export "go")
      (if (i32.ne (memory.grow (i32.const 65535)) (i32.const -1)) (then unreachable))
      (if (i32.ne (memory.grow (i32.const 65534)) (i32.const 1)) (then unreachable))
      (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))))`;
    const { exits } = await run(await assemble(child), { entry: 'go' });
    expect(exits[0]?.exit).toEqual({ kind: 'returned' });
  });

  test('holds for a root process as well', async () => {
    const config = ProcessConfig.forRoot();
    config.maxMemory = PAGE;
    const source = '(module (memory 2) (func (export "_start")))';
    await expect(start(source, { config })).rejects.toThrow(SpawnError);
  });

  test('a grown memory is not passed on to the next process', async () => {
    const source = guest(
      `(func (export "child")
         (call $expect (memory.grow (i32.const 1)) (i32.const 2))
         (i32.store (i32.const 0) (i32.const 1)))
       (func (export "_start") (local $i i32)
         (call $process.die_when_link_dies (i32.const 0))
         (loop $again
           (call $run (text "child"))
           (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5)))))`,
      { memory: '(memory (export "memory") 2 4)' },
    );
    const { exits } = await run(source);
    expect(exits.map(({ exit }) => exit.kind)).toEqual(Array(6).fill('returned'));
  });
});

describe('tables', () => {
  const table = (size: string, body = '') =>
    `(module (table $t ${size} funcref) (func (export "go") ${body}))`;

  test('of fewer than 100000 elements can be instantiated', async () => {
    expect(await spawning(table('99999'))).toEqual(['code 0']);
    expect(await spawning(table('100000'))).toEqual(['code 1', expect.stringMatching(/100000/)]);
  });

  test.each([
    ['without a maximum', '10'],
    ['with a large maximum', '10 4000000000'],
  ])('%s grow to 99999 elements and no further', async (_, size) => {
    const body = `
      (if (i32.ne (table.grow $t (ref.null func) (i32.const 99990)) (i32.const -1)) (then unreachable))
      (if (i32.ne (table.grow $t (ref.null func) (i32.const 99989)) (i32.const 10)) (then unreachable))
      (if (i32.ne (table.grow $t (ref.null func) (i32.const 1)) (i32.const -1)) (then unreachable))`;
    const { exit } = await run(await assemble(table(size, body)), { entry: 'go' });
    expect(exit).toEqual({ kind: 'returned' });
  });

  test('a smaller maximum stays', async () => {
    const body = `
      (if (i32.ne (table.grow $t (ref.null func) (i32.const 2)) (i32.const -1)) (then unreachable))
      (if (i32.ne (table.grow $t (ref.null func) (i32.const 1)) (i32.const 1)) (then unreachable))`;
    const { exit } = await run(await assemble(table('1 2', body)), { entry: 'go' });
    expect(exit).toEqual({ kind: 'returned' });
  });
});

describe('a second one', () => {
  test('of memories or tables compiles but cannot be instantiated', async () => {
    expect(await spawning(TWO_MEMORIES)).toEqual(['code 1', expect.stringMatching(/1 memory.*has 2/)]);
    const tables = '(module (table 1 funcref) (table 1 funcref) (func (export "go")))';
    expect(await spawning(tables)).toEqual(['code 1', expect.stringMatching(/1 table.*has 2/)]);
  });
});
