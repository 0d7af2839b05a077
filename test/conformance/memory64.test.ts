import { describe, expect, test } from 'vitest';
import { ProcessConfig, SpawnError } from '../../runtime/internal.ts';
import { assemble, linesOf, run, start } from '../support/program.ts';

const PAGE = 65_536;
const limits = { memory64: true };

const IMPORTS = `
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "lunatic::process" "process_id" (func $id (result i64)))
  (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
  (import "lunatic::message" "create_data" (func $create (param i64 i64)))
  (import "lunatic::message" "write_data" (func $write (param i32 i32) (result i32)))
  (import "lunatic::message" "read_data" (func $read (param i32 i32) (result i32)))
  (import "lunatic::message" "send" (func $send (param i64) (result i32)))
  (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))`;

/** Prints the number of bytes at an address. Addresses in memory are i64, those that host functions are given i32. */
const PRINT = `
  (func $print (param $at i32) (param $length i32)
    (i32.store (i64.const 0) (local.get $at)) (i32.store (i64.const 4) (local.get $length))
    (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable)))`;

const guest64 = (functions: string, memory = '1') =>
  assemble(`(module ${IMPORTS} (memory (export "memory") i64 ${memory})
    (data (i64.const 100) "yes\\nno\\nchild") ${PRINT} ${functions})`);

const configOf = (maxMemory: number): ProcessConfig => {
  const config = ProcessConfig.forRoot();
  config.maxMemory = maxMemory;
  return config;
};

/** Prints yes or no. */
const SAY = `(func $say (param $so i32)
  (if (local.get $so) (then (call $print (i32.const 100) (i32.const 4))) (else (call $print (i32.const 104) (i32.const 3)))))`;

describe('a 64-bit memory', () => {
  test('is refused when the module is compiled unless it is allowed', async () => {
    const source = await guest64('(func (export "_start"))');
    await expect(start(source)).rejects.toThrow(
      'the module has a 64-bit memory or table: build it for wasm32',
    );
    expect((await run(source, { limits })).exit).toEqual({ kind: 'returned' });
  });

  test('is read and written by host functions, with i32 addresses', async () => {
    const source = await guest64(`(func (export "_start")
      (call $create (i64.const 0) (i64.const 4))
      (drop (call $write (i32.const 100) (i32.const 4)))
      (drop (call $send (call $id)))
      (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1)))
      (drop (call $read (i32.const 65000) (i32.const 4)))
      (call $print (i32.const 65000) (i32.const 4)))`);
    expect(await linesOf(source, { limits })).toEqual(['yes']);
  });

  test('traps where a range that a host function is given is not all in it', async () => {
    const source = await guest64(
      `(func (export "_start")
        (call $create (i64.const 0) (i64.const 0)) (drop (call $write (i32.const 65530) (i32.const 7))))`,
    );
    const { exit } = await run(source, { limits });
    expect(exit).toMatchObject({
      kind: 'trapped',
      message: expect.stringContaining('7 bytes at 0xfffa in a memory of 65536 bytes'),
    });
  });

  test('stays within max_memory', async () => {
    const source = await guest64(`${SAY} (func (export "_start")
      (call $say (i64.eq (memory.grow (i64.const 2)) (i64.const 1)))
      (call $say (i64.eq (memory.grow (i64.const 1)) (i64.const 3)))
      (call $say (i64.eq (memory.grow (i64.const -1)) (i64.const 3))))`);
    const config = configOf(4 * PAGE - 1);
    expect(await linesOf(source, { limits, config })).toEqual(['yes', 'no', 'no']);
    await expect(start(source, { limits, config: configOf(PAGE - 1) })).rejects.toThrow(SpawnError);
  });

  test('can be larger than 4 GiB', async () => {
    const source = await guest64(
      `${SAY} (func (export "_start")
        (i64.store (i64.const 0x100000010) (i64.const 7))
        (call $say (i64.eq (i64.load offset=0x100000000 (i64.const 16)) (i64.const 7)))
        (call $say (i64.eqz (i64.load (i64.const 16))))
        (call $say (i64.eq (memory.grow (i64.const 1)) (i64.const 65538))))`,
      '65538',
    );
    const config = configOf(65_538 * PAGE);
    expect(await linesOf(source, { limits, config })).toEqual(['yes', 'yes', 'no']);
  });

  test('is what it was at first when its instance serves again', async () => {
    const source = await guest64(
      `
      (func (export "child")
        (if (i64.ne (i64.load (i64.const 0x18000)) (i64.const 0)) (then unreachable))
        (if (i32.ne (i32.load8_u (i64.const 108)) (i32.const 104)) (then unreachable))
        (i64.store (i64.const 0x18000) (i64.const -1)) (i64.store (i64.const 108) (i64.const -1))
        (call $create (i64.const 0) (i64.const 0)) (drop (call $send (i64.const 1))))
      (func (export "_start") (local $i i32)
        (loop $more
          (if (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 107) (i32.const 5)
                (i32.const 0) (i32.const 0) (i32.const 16)) (then unreachable))
          (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1)))
          (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 30)))))`,
      '2',
    );
    const { exits } = await run(source, { limits });
    expect(exits.map(({ exit }) => exit.kind)).toEqual(Array(31).fill('returned'));
  });
});

test('a 64-bit table stays within the limit of tables', async () => {
  const source = await assemble(`(module (table $t i64 10 funcref) (func (export "_start")
    (if (i64.ne (table.grow $t (ref.null func) (i64.const 99990)) (i64.const -1)) (then unreachable))
    (if (i64.ne (table.grow $t (ref.null func) (i64.const 99989)) (i64.const 10)) (then unreachable))))`);
  expect((await run(source, { limits })).exit).toEqual({ kind: 'returned' });
});
