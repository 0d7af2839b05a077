/**
 * A host call whose work grows with what it is given does it in pieces, and others have turns in between. The turns of a bystander
 * that is always ready are counted, never time.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { guest, main } from '../support/guest.ts';
import { run, start, trapOf } from '../support/program.ts';
import { turnsOfOthers, withFolder } from '../support/turns.ts';

const MEBIBYTE = 2 ** 20;

/** Sends so many messages to itself, of the tag 1. */
const fill = (count: number) => `(loop $fill
  (call $send (call $process.process_id) (i64.const 1) (i64.const 0))
  (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${count}))))`;

describe('others have turns', () => {
  const write = (mebibytes: number) =>
    `(drop (call $message.write_data (i32.const 0) (i32.const ${mebibytes * MEBIBYTE})))`;

  test('while many bytes are written into a message', async () => {
    const turns = await turnsOfOthers(
      '(call $message.create_data (i64.const 1) (i64.const 0))',
      write(64),
      1024,
    );
    expect(turns).toBeGreaterThanOrEqual(30);
  });

  test('while a long message is moved to where it has more room', async () => {
    const turns = await turnsOfOthers(
      `(call $message.create_data (i64.const 1) (i64.const 0)) ${write(64)}`,
      '(drop (call $message.write_data (i32.const 0) (i32.const 1)))',
      1024,
    );
    expect(turns).toBeGreaterThanOrEqual(30);
  });

  test('while many bytes are read from a message', async () => {
    const turns = await turnsOfOthers(
      `(call $message.create_data (i64.const 1) (i64.const 0)) ${write(64)}`,
      `(call $message.seek_data (i64.const 0))
       (call $expect (call $message.read_data (i32.const 0) (i32.const ${64 * MEBIBYTE})) (i32.const ${64 * MEBIBYTE}))`,
      1024,
    );
    expect(turns).toBeGreaterThanOrEqual(30);
  });

  test.each([
    ['of one tag', '(call $receive_tag (i64.const 2) (i64.const 0))'],
    [
      'of one of two tags',
      `(i64.store (i32.const 0) (i64.const 0x7fffffffffffffff)) (i64.store (i32.const 8) (i64.const 3))
       (call $message.receive (i32.const 0) (i32.const 2) (i64.const 0))`,
    ],
  ])('while a message %s is looked for among many others', async (_, receive) => {
    const turns = await turnsOfOthers(fill(400_000), `${receive} (call $expect (i32.const 9027))`, 2);
    expect(turns).toBeGreaterThanOrEqual(5);
  });
});

test('others have turns while many clocks are looked at', async () => {
  const turns = await turnsOfOthers(
    '',
    `(drop (call $poll_oneoff (i32.const 0) (i32.const ${4 * MEBIBYTE}) (i32.const 4096) (i32.const 0xff00)))`,
    128,
  );
  expect(turns).toBeGreaterThanOrEqual(30);
});

test('others have turns while many buffers are checked', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const turns = await turnsOfOthers(
    `(i32.store (i32.const 16) (i32.const 0x0100007f))
     (call $expect (call $networking.tcp_connect (i32.const 4) (i32.const 16) (i32.const ${port}) (i32.const 0) (i32.const 0)
       (i64.const -1) (i32.const 8)) (i32.const 0))`,
    `(call $expect (call $networking.tcp_write_vectored (i64.const 0) (i32.const ${MEBIBYTE}) (i32.const 2000000)
       (i32.const 8)) (i32.const 0))
     (call $expect (i32.load (i32.const 8)) (i32.const 0))`,
    512,
  );
  expect(turns).toBeGreaterThanOrEqual(20);
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('others have turns while many certificates are checked', async () => {
  const shortest = [...rootCertificates].sort((a, b) => a.length - b.length)[0] ?? '';
  const certificate = `${shortest}\n`.replaceAll('\n', '\\n');
  const turns = await turnsOfOthers(
    `(loop $copy
       (memory.copy (i32.add (i32.const ${MEBIBYTE}) (i32.mul (local.get $i) (i32.const ${shortest.length + 1})))
         (text "${certificate}"))
       (br_if $copy (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 256))))
     (i32.store (i32.const 0) (i32.const ${MEBIBYTE}))
     (i32.store (i32.const 4) (i32.const ${256 * (shortest.length + 1)}))`,
    `(call $expect (call $networking.tls_connect (text "local host") (i32.const 1) (i64.const -1) (i32.const 8)
       (i32.const 0) (i32.const 1)) (i32.const 1))`,
    64,
  );
  expect(turns).toBeGreaterThanOrEqual(10);
});

test('others have turns between the statements of a long SQL text', async () => {
  const insert = 'INSERT INTO t VALUES (1);';
  const count = 4000;
  const turns = await turnsOfOthers(
    `(drop (call $sqlite.open (text ":memory:") (i32.const 0x900)))
     (drop (call $sqlite.execute (i64.const 0) (text "CREATE TABLE t (a)")))
     (loop $copy
       (memory.copy (i32.add (i32.const 0x20000) (i32.mul (local.get $i) (i32.const ${insert.length}))) (text "${insert}"))
       (br_if $copy (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${count}))))`,
    `(call $expect (call $sqlite.execute (i64.const 0) (i32.const 0x20000) (i32.const ${count * insert.length})) (i32.const 0))`,
    16,
    { config: withFolder() },
  );
  expect(turns).toBeGreaterThanOrEqual(30);
});

test.each([
  ['directories', 64, '(call $wasi.config_preopen_dir (local.get $c) (text "."))'],
  ['arguments', 8192, '(call $wasi.config_add_command_line_argument (local.get $c) (text "a"))'],
  ['variables', 8192, '(call $wasi.config_add_environment_variable (local.get $c) (text "a") (text "b"))'],
])('a config has a limited number of %s', async (_, most, add) => {
  const adding = (count: number) =>
    main(`(local $c i64) (local $i i32)
      (local.set $c (call $process.create_config))
      (loop $l ${add}
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${count}))))`);
  expect((await run(adding(most))).exit).toEqual({ kind: 'returned' });
  expect(await trapOf(adding(most + 1))).toContain(`a config can have ${most} `);
});

test('a message that arrives during a long search is found, after those that were there', async () => {
  const program = await start(
    guest(
      `(func (export "sender")
        (call $send (i64.const 1) (i64.const 2) (i64.const 20))
        (call $send (i64.const 1) (i64.const 3) (i64.const 30)))
      (func (export "_start") (local $i i32)
        ${fill(300_000)}
        (drop (call $spawn (i64.const 0) (text "sender")))
        (drop (call $receive_tag (i64.const 2) (i64.const -1)))
        (call $show (text "got") (call $message.get_tag))
        (drop (call $receive_tag (i64.const 1) (i64.const -1)))
        (call $show (text "got") (call $message.get_tag))
        (drop (call $receive_tag (i64.const 3) (i64.const -1)))
        (call $show (text "got") (call $message.get_tag)))`,
    ),
  );
  expect(await program.root.ended).toEqual({ kind: 'returned' });
  expect(program.stdout.lines).toEqual(['got 2', 'got 1', 'got 3']);
});

test('a process can be killed while it looks for a message', async () => {
  const program = await start(
    guest(
      `(func (export "looker") (local $i i32)
        ${fill(300_000)}
        (call $send (i64.const 1) (i64.const 5) (i64.const 0))
        (drop (call $receive_tag (i64.const 2) (i64.const -1))))
      (func (export "_start")
        (drop (call $spawn (i64.const 0) (text "looker")))
        (drop (call $receive_tag (i64.const 5) (i64.const -1)))
        (call $process.kill (i64.const 2)))`,
    ),
  );
  expect(await program.root.ended).toEqual({ kind: 'returned' });
  await program.empty;
  expect(program.exits.map(({ process, exit }) => [process.id, exit.kind])).toContainEqual([2, 'killed']);
});

test('what is written and read in pieces is what it was', async () => {
  const size = 5 * MEBIBYTE + 3;
  const program = await start(
    guest(
      `(func (export "_start") (local $i i32)
        (loop $fill
          (i32.store (local.get $i) (i32.mul (local.get $i) (i32.const 0x9e3779b1)))
          (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const ${size}))))
        (call $message.create_data (i64.const 0) (i64.const 0))
        (drop (call $message.write_data (i32.const 0) (i32.const 100)))
        (drop (call $message.write_data (i32.const 100) (i32.const ${size - 100})))
        (drop (call $message.send (call $process.process_id)))
        (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const -1)))
        (call $expect (call $message.read_data (i32.const ${8 * MEBIBYTE}) (i32.const 7)) (i32.const 7))
        (call $expect (call $message.read_data (i32.const ${8 * MEBIBYTE + 7}) (i32.const ${size})) (i32.const ${size - 7}))
        (call $expect (call $message.read_data (i32.const 0) (i32.const ${3 * MEBIBYTE})) (i32.const 0))
        (local.set $i (i32.const 0))
        (loop $compare
          (if (i32.ne (i32.load8_u (local.get $i)) (i32.load8_u (i32.add (local.get $i) (i32.const ${8 * MEBIBYTE}))))
            (then (unreachable)))
          (br_if $compare (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${size})))))`,
      { memory: '(memory (export "memory") 256)' },
    ),
  );
  expect(await program.root.ended).toEqual({ kind: 'returned' });
});

test.each([
  ['is cut', '(call $fd_filestat_set_size (i32.const 4) (i64.const 1))', 1],
  [
    'is opened to be written anew',
    `(call $path_open (i32.const 3) (i32.const 0) (text "large") (i32.const 8) (i64.const 0x4000c0) (i64.const 0)
       (i32.const 0) (i32.const 8))`,
    0,
  ],
])('others have turns while a large file %s', async (_, cut, size) => {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-large-'));
  const path = join(folder, 'large');
  writeFileSync(path, Buffer.alloc(64 * MEBIBYTE, 1));
  const turns = await turnsOfOthers(
    `(call $expect (call $path_open (i32.const 3) (i32.const 0) (text "large") (i32.const 0) (i64.const 0x4000c0)
       (i64.const 0) (i32.const 0) (i32.const 8)) (i32.const 0))`,
    `(call $expect ${cut} (i32.const 0))`,
    2,
    { config: withFolder(folder) },
  );
  expect(turns).toBeGreaterThanOrEqual(3);
  expect(statSync(path).size).toBe(size);
  rmSync(folder, { recursive: true });
});
