import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunningCommand } from '../support/command.ts';
import { guest } from '../support/guest.ts';

let program = '';
beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-trace-'));
  program = join(folder, 'program.wat');
  writeFileSync(
    program,
    guest(
      `(func $wait_for_orders (drop (call $message.receive (i32.const 16) (i32.const 1) (i64.const -1))))
       (func (export "worker") (i64.store (i32.const 16) (i64.const 7)) (call $wait_for_orders))
       (func $rest (call $process.sleep_ms (i64.const 1000000)))
       (func (export "_start") (local $worker i64)
         (local.set $worker (call $spawn (i64.const 0) (text "worker")))
         (call $registry.put (text "worker") (i64.const 0) (local.get $worker))
         (call $send (local.get $worker) (i64.const 1) (i64.const 2))
         (call $print (text "ready"))
         (call $rest))`,
    ),
  );
});
afterAll(() => rmSync(join(program, '..'), { recursive: true }));

/** What SIGUSR1 makes the command print, once both processes wait. */
async function snapshot(args: string[]): Promise<string> {
  const command = new RunningCommand(['run', ...args, program], { input: null });
  await command.printed('ready\n');
  command.child.kill('SIGUSR1');
  await command.printed('process 2', 'stderr');
  command.child.kill('SIGINT');
  return (await command.ended).stderr;
}

const frame = String.raw`\(\S+\.wat:\d+:\d+\)`;
const worker = `process 2 \\(worker\\): waiting for a message, 1 message in its mailbox
    at wait_for_orders ${frame}
    at worker ${frame}
`;

test('SIGUSR1 prints every process with its state, its mailbox, and where it waits for a message', async () => {
  expect(await snapshot([])).toMatch(
    new RegExp(`^2 processes; --trace shows all stacks\nprocess 1: sleeping\n${worker}$`),
  );
});

test('with --trace also where it waits for something else', async () => {
  expect(await snapshot(['--trace'])).toMatch(
    new RegExp(`^2 processes\nprocess 1: sleeping\n    at rest ${frame}\n    at _start ${frame}\n${worker}$`),
  );
});

test('a process that was asked for its stack goes on, and can be asked again', async () => {
  const command = new RunningCommand(['run', program], { input: null });
  await command.printed('ready\n');
  for (let i = 0; i < 3; i++) {
    command.stderr = '';
    command.child.kill('SIGUSR1');
    await command.printed('at worker', 'stderr');
  }
  command.child.kill('SIGINT');
  expect((await command.ended).exitCode).toBe(130);
});
