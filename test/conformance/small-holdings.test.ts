import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { findPrograms } from '../../runtime/programs/find-programs.ts';
import { guest } from '../support/guest.ts';
import { run } from '../support/program.ts';

const MEBIBYTE = 2 ** 20;
const BEYOND = /the host would keep \d+ bytes besides its memory for .*max_host_memory/;
const MEMORY = { memory: '(memory (export "memory") 40)' };
const CHILDREN = 60;

let folder = '';
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-holdings-')));
  for (let i = 0; i < 300; i++) writeFileSync(join(folder, `${i}-${'x'.repeat(200)}`), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Repeats `body` so often; `$i` counts. */
const times = (count: number, body: string) =>
  `(local.set $i (i32.const 0))
   (loop $again ${body}
     (local.set $i (i32.add (local.get $i) (i32.const 1)))
     (br_if $again (i32.lt_u (local.get $i) (i32.const ${count}))))`;

/** An item of an array from 0x20000 on. */
const item = (size: number, at = 0) =>
  `(i32.add (i32.const ${0x20000 + at}) (i32.mul (local.get $i) (i32.const ${size})))`;

/** Opens the folder for listing, and lists what fits into 60,000 bytes: not all. */
const LIST = `(call $expect (call $path_open (i32.const 3) (i32.const 0) (text ".") (i32.const 2) (i64.const 0x4000)
    (i64.const 0) (i32.const 0) (i32.const 16)) (i32.const 0))
  (call $expect (call $fd_readdir (i32.load (i32.const 16)) (i32.const 0x20000) (i32.const 60000) (i64.const 0)
    (i32.const 24)) (i32.const 0))`;

/** What each of many processes makes the host keep, with the local `$i`. It waits afterwards, if not meanwhile. */
const HOARDS: readonly (readonly [string, string])[] = [
  [
    'the tags of which it waits for one',
    `${times(65_536, `(i64.store ${item(8)} (i64.add (i64.const 0x123456789abcdef) (i64.extend_i32_u (local.get $i))))`)}
     (drop (call $message.receive (i32.const 0x20000) (i32.const 65536) (i64.const -1)))`,
  ],
  [
    'the subscriptions of a poll',
    `${times(4096, `(i64.store ${item(48, 24)} (i64.const 3600000000000)) (i32.store ${item(48, 16)} (i32.const 1))`)}
     (drop (call $poll_oneoff (i32.const 0x20000) (i32.const 0x100000) (i32.const 4096) (i32.const 8)))`,
  ],
  [
    'the buffers of a read',
    '(drop (call $fd_read (i32.const 0) (i32.const 0x20000) (i32.const 1024) (i32.const 8)))',
  ],
  [
    'the directory of an OS program',
    `(memory.fill (i32.const 0x20000) (i32.const 47) (i32.const 500000))
     ${times(
       10,
       `(call $expect (call $command.create (text "sh") (i32.const 16)) (i32.const 0))
       (call $command.set_directory (i64.load (i32.const 16)) (i32.const 0x20000) (i32.const 500000))`,
     )}`,
  ],
  ['listings of directories', times(20, LIST)],
  [
    'files',
    times(
      1000,
      `(call $expect (call $path_open (i32.const 3) (i32.const 0) (text "new") (i32.const 1) (i64.const 2)
         (i64.const 0) (i32.const 0) (i32.const 16)) (i32.const 0))`,
    ),
  ],
];

describe('what is small for one process, and much for many, against max_host_memory', () => {
  test.each(HOARDS)('%s', async (_, body) => {
    const source = guest(
      `(func (export "child") (local $i i32) ${body} (drop (call $receive)))
       (func (export "_start") (local $i i32)
         ${times(CHILDREN, '(call $process.monitor (call $spawn (i64.const 0) (text "child")))')}
         (drop (call $receive)))`,
      MEMORY,
    );
    const config = ProcessConfig.forRoot();
    // It holds for each scheduler apart, and children are on all but the first.
    config.maxHostMemory = 2 * MEBIBYTE;
    config.commands = findPrograms(['sh']);
    config.preopenedDirectories.push({ guestPath: '.', hostPath: folder });
    const program = await run(source, { config });
    const messages = program.exits.map(({ exit }) => (exit.kind === 'trapped' ? exit.message : exit.kind));
    expect(messages.filter((message) => BEYOND.test(message)).length).toBeGreaterThan(0);
  });

  test('what is closed is not counted', async () => {
    const source = guest(
      `(func (export "_start") (local $i i32)
         ${times(200, `${LIST} (call $expect (call $fd_close (i32.load (i32.const 16))) (i32.const 0))`)}
         (call $print (text "done")))`,
      MEMORY,
    );
    const config = ProcessConfig.forRoot();
    config.maxHostMemory = MEBIBYTE / 2;
    config.preopenedDirectories.push({ guestPath: '.', hostPath: folder });
    expect((await run(source, { config })).stdout.lines).toEqual(['done']);
  });
});
