/**
 * Host calls end the caller's turn by what they cost, so that a process which makes many of the dearest calls keeps nobody waiting.
 * The turns of a bystander are counted, never time.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { main } from '../support/guest.ts';
import { trapOf } from '../support/program.ts';
import { turnsOfOthers, withFolder } from '../support/turns.ts';

const MEBIBYTE = 2 ** 20;
const repeat = (count: number, call: string) => `(local.set $i (i32.const 0))
  (loop $repeat ${call}
    (br_if $repeat (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${count}))))`;

test('others have turns while a process spawns in vain, with long names', async () => {
  const turns = await turnsOfOthers(
    `(memory.fill (i32.const ${MEBIBYTE}) (i32.const 97) (i32.const ${MEBIBYTE}))
     (call $wasi.config_preopen_dir (call $process.create_config) (text "/"))`,
    repeat(
      20,
      `(call $expect (call $process.spawn (i64.const 0) (i64.const 0) (i64.const -1) (i32.const ${MEBIBYTE})
        (i32.const ${MEBIBYTE}) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 1))`,
    ),
    32,
    { config: withFolder() },
  );
  expect(turns).toBeGreaterThanOrEqual(15);
});

test('others have turns while long paths are followed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-paths-'));
  mkdirSync(join(folder, 'a'));
  const turns = await turnsOfOthers(
    '',
    repeat(
      20,
      `(call $expect (call $path_filestat_get (i32.const 3) (i32.const 0) (text "${'a/../'.repeat(400)}")
        (i32.const 0)) (i32.const 0))`,
    ),
    2,
    { config: withFolder(folder) },
  );
  rmSync(folder, { recursive: true });
  expect(turns).toBeGreaterThanOrEqual(15);
});

test('others have turns while long values are bound', async () => {
  const turns = await turnsOfOthers(
    `(drop (call $sqlite.open (text ":memory:") (i32.const 0)))
     (drop (call $sqlite.query_prepare (i64.const 0) (text "SELECT ?")))
     (i64.store (i32.const ${MEBIBYTE}) (i64.const 1))
     (i32.store offset=12 (i32.const ${MEBIBYTE}) (i32.const 1))
     (i64.store offset=16 (i32.const ${MEBIBYTE}) (i64.const ${4 * MEBIBYTE}))`,
    repeat(
      20,
      `(call $sqlite.bind_value (i64.const 0) (i32.const ${MEBIBYTE}) (i32.const ${4 * MEBIBYTE + 24}))`,
    ),
    128,
    { config: withFolder() },
  );
  expect(turns).toBeGreaterThanOrEqual(15);
});

test('others have turns while statements that take long are run', async () => {
  const turns = await turnsOfOthers(
    `(drop (call $sqlite.open (text ":memory:") (i32.const 0)))
     (drop (call $sqlite.query_prepare (i64.const 0) (text "SELECT zeroblob(8000000)")))`,
    repeat(
      20,
      `(drop (call $sqlite.sqlite3_step (i64.const 0)))
       (call $sqlite.statement_reset (i64.const 0))`,
    ),
    2,
    { config: withFolder() },
  );
  expect(turns).toBeGreaterThanOrEqual(15);
});

test('others have turns while long values are read', async () => {
  const size = 15 * MEBIBYTE;
  const turns = await turnsOfOthers(
    `(drop (call $sqlite.open (text ":memory:") (i32.const 0)))
     (drop (call $sqlite.query_prepare (i64.const 0) (text "SELECT zeroblob(${size})")))
     (drop (call $sqlite.sqlite3_step (i64.const 0)))`,
    repeat(
      3,
      `(call $expect (call $sqlite.read_column (i64.const 0) (i32.const 0) (i32.const 8)) (i32.const ${MEBIBYTE}))
       (call $expect (i32.load (i32.const 8)) (i32.const ${size + 12}))
       (call $expect (i32.load offset=4 (i32.const ${MEBIBYTE})) (i32.const ${size}))`,
    ),
    1024,
    { config: withFolder() },
    `(func (export "lunatic_alloc") (param i32) (result i32) (i32.const ${MEBIBYTE}))`,
  );
  expect(turns).toBeGreaterThanOrEqual(15);
});

test('a bind list has a limited number of values', async () => {
  const source = main(
    `(drop (call $sqlite.open (text ":memory:") (i32.const 0)))
     (drop (call $sqlite.query_prepare (i64.const 0) (text "SELECT ?")))
     (i64.store (i32.const ${MEBIBYTE}) (i64.const 65537))
     (call $sqlite.bind_value (i64.const 0) (i32.const ${MEBIBYTE}) (i32.const ${MEBIBYTE}))`,
    { memory: '(memory (export "memory") 64)' },
  );
  expect(await trapOf(source, { config: withFolder() })).toContain('it has 65537 values, more than 65536');
});

test('a message carries a limited number of resources', async () => {
  const source = main(`(local $i i32)
    (i32.store (i32.const 16) (i32.const 0x0100007f))
    (drop (call $networking.udp_bind (i32.const 4) (i32.const 16) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $message.create_data (i64.const 0) (i64.const 0))
    ${repeat(
      65_537,
      '(drop (call $message.push_udp_socket (call $networking.clone_udp_socket (i64.const 0))))',
    )}`);
  // Each counts 64 KiB, which is more than a root process may have unless it is told otherwise.
  const config = ProcessConfig.forRoot();
  config.maxHostMemory = Number.MAX_SAFE_INTEGER;
  expect(await trapOf(source, { config })).toContain('a message can carry 65536 resources at most');
});
