import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { guest } from '../support/guest.ts';
import { linesOf } from '../support/program.ts';

/** Exchanges a directory with a link that leads outside, and a file with such a link, without an end. */
const RACER = `
  const { renameSync } = require('node:fs');
  const { workerData: folder } = require('node:worker_threads');
  const at = (name) => folder + '/' + name;
  for (;;) {
    for (const name of ['x', 'f']) {
      renameSync(at(name), at(name + '.real'));
      renameSync(at(name + '.link'), at(name));
      renameSync(at(name), at(name + '.link'));
      renameSync(at(name + '.real'), at(name));
    }
  }`;

const SECRET = 'SECRET';

/** Opens a path, with and without following links at its end, and tells if it can read what is outside. */
const opening = (path: string, flags: number) =>
  [0, 1]
    .map(
      (follow) => `
    (if (i32.eqz (call $path_open (i32.const 3) (i32.const ${follow}) (text "${path}") (i32.const ${flags}) (i64.const 2)
          (i64.const 0) (i32.const 0) (i32.const 16)))
      (then
        (local.set $opened (i32.add (local.get $opened) (i32.const 1)))
        (i32.store (i32.const 32) (i32.const 64)) (i32.store (i32.const 36) (i32.const 16)) (i32.store (i32.const 64) (i32.const 0))
        (drop (call $fd_read (i32.load (i32.const 16)) (i32.const 32) (i32.const 1) (i32.const 24)))
        (if (i32.eq (i32.load8_u (i32.const 64)) (i32.const ${SECRET.charCodeAt(0)}))
          (then (call $print (text "read what is outside through ${path}"))))
        (drop (call $fd_close (i32.load (i32.const 16))))))`,
    )
    .join('\n');

test.runIf(process.platform === 'linux')(
  'a program stays in its directory while somebody exchanges parts of its paths with links that lead out',
  { timeout: 60_000 },
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'lunatic-race-'));
    const [inside, outside] = [join(root, 'in'), join(root, 'out')];
    for (const folder of [inside, outside, join(inside, 'x'), join(outside, 'sub')]) mkdirSync(folder);
    for (const name of ['f', 'victim', 'moved']) writeFileSync(join(outside, name), SECRET);
    for (const name of ['f', 'x/f']) writeFileSync(join(inside, name), 'mine');
    symlinkSync(outside, join(inside, 'x.link'));
    symlinkSync(join(outside, 'f'), join(inside, 'f.link'));
    const racer = new Worker(RACER, { eval: true, workerData: inside });
    onTestFinished(async () => {
      await racer.terminate();
      rmSync(root, { recursive: true });
    });
    const config = ProcessConfig.forRoot();
    config.preopenedDirectories = [{ guestPath: '.', hostPath: inside }];
    const source = guest(
      `(func (export "_start") (local $i i32) (local $opened i32)
         (loop $again
           ${opening('x/f', 0)} ${opening('f', 0)} ${opening('x/sub/../f', 0)} ${opening('x/new', 1)}
           (drop (call $path_unlink_file (i32.const 3) (text "x/victim")))
           (drop (call $path_rename (i32.const 3) (text "x/moved") (i32.const 3) (text "loot")))
           (drop (call $path_create_directory (i32.const 3) (text "x/made")))
           (drop (call $path_remove_directory (i32.const 3) (text "x/sub")))
           (drop (call $path_link (i32.const 3) (i32.const 1) (text "x/f") (i32.const 3) (text "hard")))
           ${opening('hard', 0)}
           (drop (call $path_unlink_file (i32.const 3) (text "hard")))
           (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 600))))
         (if (i32.gt_u (local.get $opened) (i32.const 100)) (then (call $print (text "opened some")))))`,
    );
    expect(await linesOf(source, { config })).toEqual(['opened some']);
    expect(readdirSync(outside).sort()).toEqual(['f', 'moved', 'sub', 'victim']);
  },
);
