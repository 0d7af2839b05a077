import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { assembleText } from '../../runtime/wat/index.ts';
import { guest } from '../support/guest.ts';
import { pidOf, Several } from './several.ts';

const several = new Several();
afterAll(() => several.remove());

const APART = ['--schedulers', '2', '--place-children', 'apart'];
const MIB = 2 ** 20;

/** A module that answers its parent. A custom section of its own follows it in the memory of the one who compiles it. */
const ANSWERING = await assembleText(
  guest(`(func (export "answer") (call $send (i64.const 1) (i64.const 5) (i64.const 1)))`),
  'answering.wat',
);

/** Makes modules of one mebibyte, each another one. `$next` returns the id of the next one. */
const MAKER = `
  (global $made (mut i32) (i32.const 0))
  (func $next (result i64)
    (memory.copy (i32.const 0x40000) (blob "answering"))
    ;; Section 0, of ${MIB} bytes as a LEB128, with a name of none.
    (i32.store (i32.add (i32.const 0x40000) (i32.const ${ANSWERING.length})) (i32.const 0x40808000))
    (global.set $made (i32.add (global.get $made) (i32.const 1)))
    (i32.store (i32.add (i32.const 0x40010) (i32.const ${ANSWERING.length})) (global.get $made))
    (call $expect
      (call $process.compile_module
        (i32.const 0x40000) (i32.const ${ANSWERING.length + 4 + MIB}) (i32.const 16))
      (i32.const 0))
    (i64.load (i32.const 16)))`;

const OPTIONS = {
  blobs: { answering: ANSWERING },
  memory: '(memory (export "memory") 32)',
};

describe('modules that processes make', () => {
  test.runIf(process.platform === 'linux')(
    'do not stay on other schedulers when there are many, and all can be used there',
    { timeout: 120_000 },
    async () => {
      const program = guest(
        `${MAKER}
         (func (export "_start") (local $i i32) (local $id i64)
           (loop $more
             (local.set $id (call $next))
             (call $expect
               (call $process.spawn (i64.const 0) (i64.const -1) (local.get $id) (text "answer")
                 (i32.const 0) (i32.const 0) (i32.const 16))
               (i32.const 0))
             (drop (call $receive_value))
             (call $process.drop_module (local.get $id))
             (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 400))))
           (call $show32 (text "answers") (local.get $i))
           (call $forever))`,
        OPTIONS,
      );
      const command = await several.start(program, APART, { input: null });
      await command.printed('answers 400\n');
      const status = readFileSync(`/proc/${await pidOf(command, 1)}/status`, 'utf8');
      command.child.kill('SIGKILL');
      await command.ended;
      const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
      expect(Number(kibibytes) / 1024).toBeLessThan(420);
    },
  );

  test('of which more are in one mailbox than stay', { timeout: 60_000 }, async () => {
    const program = guest(
      `${MAKER}
       (func (export "child") (local $i i32)
         (loop $more
           (drop (call $receive))
           (drop (call $message.take_module (i64.const 0)))
           (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
         (call $expect
           (call $process.spawn (i64.const 0) (i64.const -1) (i64.const 1) (text "answer")
             (i32.const 0) (i32.const 0) (i32.const 16))
           (i32.const 0)))
       (func (export "_start") (local $i i32) (local $id i64) (local $child i64)
         (local.set $child (call $spawn (i64.const 0) (text "child")))
         (loop $more
           (call $message.create_data (i64.const 5) (i64.const 0))
           (drop (call $message.push_module (call $next)))
           (drop (call $message.send (local.get $child)))
           (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
         (call $show (text "answer") (call $receive_value)))`,
      OPTIONS,
    );
    const { stdout, stderr, exitCode } = await several.run(program, APART);
    expect(stderr).not.toContain('ERROR');
    expect(stdout).toBe('answer 1\n');
    expect(exitCode).toBe(0);
  });
});
