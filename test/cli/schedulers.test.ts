import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { lunatic, RunningCommand } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { inspectPrograms, programFile } from '../support/inspected.ts';
import { FAMILY } from '../support/inspected-guests.ts';

inspectPrograms();

/** Every child begins on another scheduler than its parent. */
const APART = ['--schedulers', '3', '--place-children', 'apart'];

test('SIGUSR1 prints the processes of all schedulers with their names and stacks', async () => {
  const command = new RunningCommand(['run', ...APART, '--trace', programFile(FAMILY)], { input: null });
  await command.printed('ready\n');
  const frame = String.raw`\(\S+\.wat:\d+:\d+\)`;
  const expected = new RegExp(
    `^4 processes
process 1: sleeping
    at rest ${frame}
    at _start ${frame}
process 2 \\(worker, wor\ufffdker\\): waiting for a message, 2 messages in its mailbox
    at wait_for_orders ${frame}
    at worker ${frame}
process 3: (running|ready)
    at count ${frame}
    at spin ${frame}
process \\d{10,}: waiting for a message
    at receive ${frame}
    at leaf ${frame}
$`,
    'm',
  );
  // Until they have come to where they wait.
  while (!expected.test(command.stderr)) {
    command.child.kill('SIGUSR1');
    await sleep(200);
  }
  command.child.kill('SIGKILL');
  await command.ended;
});

test('the end of a process on another scheduler is logged behind what it has printed, before the program ends', async () => {
  const program = guest(
    `(func $warn (param i32 i32)
       (i32.store (i32.const 16) (local.get 0))
       (i32.store (i32.const 20) (local.get 1))
       (drop (call $fd_write (i32.const 2) (i32.const 16) (i32.const 1) (i32.const 24))))
     (func (export "child") (call $warn (text "no luck\\n")) unreachable)
     (func (export "_start")
       (drop (call $spawn (i64.const 1) (text "child")))
       (call $forever))`,
  );
  const { stderr, exitCode } = await lunatic(['run', ...APART, programFile(program)]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    /^no luck\n\[WARN lunatic::process\] Process 2 failed, notifying: 1 links\n {4}trapped: unreachable .*\n( {4}at .*\n)*\[WARN lunatic::process\] Process 1 was killed/,
  );
});

test('reports of many failures on other schedulers are whole, and none is lost', async () => {
  const program = guest(
    `(func (export "child") (call $process.sleep_ms (i64.const 20)) unreachable)
     (func (export "_start") (local $left i32)
       (call $process.die_when_link_dies (i32.const 0))
       (local.set $left (i32.const 300))
       (loop $next
         (drop (call $spawn (i64.const 1) (text "child")))
         (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
       (local.set $left (i32.const 300))
       (loop $next
         (drop (call $receive))
         (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))`,
  );
  const { stderr, exitCode } = await lunatic(['run', ...APART, programFile(program)]);
  expect(exitCode).toBe(0);
  const heads = stderr.match(/^\[WARN lunatic::process\] Process \d+ failed, notifying: 1 links$/gm) ?? [];
  expect(new Set(heads).size).toBe(300);
  const others = stderr.replace(
    /^\[WARN lunatic::process\] Process \d+ failed, notifying: 1 links\n(?: {4}.*\n)+/gm,
    '',
  );
  expect(others).toBe('');
});

/** A child that sends a message to its parent, which prints it. */
const HELLO = guest(`
  (func (export "child") (call $send (i64.const 1) (i64.const 5) (i64.const 8)))
  (func (export "_start")
    (drop (call $spawn (i64.const 0) (text "child")))
    (call $show (text "heard") (call $receive_value)))`);

test.runIf(process.platform === 'linux')(
  'a program that is run without options has more processes than one scheduler has room for',
  { timeout: 60_000 },
  async () => {
    const wanted = Math.floor(Number(readFileSync('/proc/sys/vm/max_map_count', 'utf8')) / 4);
    const file = programFile(
      guest(`
      (func (export "child") (call $forever))
      (func (export "_start") (local $count i32)
        (block $refused (loop $more
          (br_if $refused (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (text "child")
            (i32.const 0) (i32.const 0) (i32.const 16)))
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (br_if $more (i32.lt_u (local.get $count) (i32.const ${wanted})))))
        (call $show32 (text "spawned") (local.get $count)))`),
    );
    // From now on the command needs none of the code that prepares the module.
    expect((await lunatic(['run', '--max-processes', '10', file])).stdout).toBe('spawned 9\n');
    const { stdout, stderr } = await lunatic(['run', file]);
    expect(stderr).toBe('');
    expect(stdout).toBe(`spawned ${wanted}\n`);
  },
);

test('where other schedulers cannot be started, a program says so and runs on one', async () => {
  const folder = mkdtempSync(join(tmpdir(), `${'long-'.repeat(25)}`));
  try {
    const places = [
      [folder, /the path of the folder for temporary files is too long/],
      [join(folder, 'missing'), /./],
      [join(tmpdir(), 'missing'), /ENOENT/],
    ] as const;
    for (const [TMPDIR, why] of places) {
      const { stdout, stderr, exitCode } = await lunatic(['run', ...APART, programFile(HELLO)], {
        env: { TMPDIR },
      });
      expect(stdout).toBe('heard 8\n');
      expect(stderr).toMatch(/^\[WARN lunatic::schedulers\] No other scheduler can be started: .*\n$/);
      expect(stderr).toMatch(why);
      expect(exitCode).toBe(0);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('processes that were to begin on a scheduler that dies at its start begin on the first one', async () => {
  // The others are started with the options of Node that this one has.
  const nodeArgs = ['--import', 'data:text/javascript,if(process.connected)process.exit(3)'];
  const { stdout, stderr, exitCode } = await lunatic(['run', ...APART, programFile(HELLO)], { nodeArgs });
  expect(stdout).toBe('heard 8\n');
  expect(stderr).toContain('Scheduler 1 has ended (exit status 3)');
  expect(exitCode).toBe(0);
});

test('spawns that fail on another scheduler do not count as processes', async () => {
  const program = guest(
    `(func (export "idle") (call $forever))
     (func (export "child") (local $left i32) (local $small i64)
       (local.set $small (call $process.create_config))
       (call $process.config_set_max_memory (local.get $small) (i64.const 1))
       (local.set $left (i32.const 20))
       (loop $next
         (call $expect
           (call $process.spawn (i64.const 0) (local.get $small) (i64.const -1) (text "idle")
             (i32.const 0) (i32.const 0) (i32.const 16))
           (i32.const 1))
         (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
       (drop (call $scheduler.place_children (i32.const 1)))
       (call $send (i64.const 1) (i64.const 5) (call $spawn (i64.const 0) (text "idle")))
       (call $forever))
     (func (export "_start")
       (drop (call $spawn (i64.const 0) (text "child")))
       (drop (call $receive_value))
       (call $print (text "spawned")))`,
  );
  const { stdout, stderr } = await lunatic(['run', ...APART, '--max-processes', '5', programFile(program)]);
  expect(stderr).toBe('');
  expect(stdout).toBe('spawned\n');
});

test('variables that are set by mistake do no harm', async () => {
  const { stdout, stderr, exitCode } = await lunatic(['run', programFile(HELLO)], {
    env: { LUNATIC_SCHEDULER: '1', LUNATIC_SCHEDULERS: 'many' },
  });
  expect(stdout).toBe('heard 8\n');
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
});
