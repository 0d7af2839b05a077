/** Tests are judged and reported as with one scheduler, wherever their processes run. */
import { expect, test } from 'vitest';
import { lunatic, RunningCommand } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { inspectPrograms, programFile } from '../support/inspected.ts';
import { assemble } from '../support/program.ts';

inspectPrograms();

/** Each process begins on another scheduler than its parent, and the root processes of tests on others than the first. */
const APART = ['--schedulers', '3', '--place-children', 'apart'];
const SAYS = ['--log', 'lunatic::schedulers=debug'];

/** Events of the report, without times, and without the ids of children, which tell where these were spawned. */
async function reportOf(file: string, ...options: string[]): Promise<unknown[]> {
  const { stdout } = await lunatic(['test', '--reporter=json', ...options, file]);
  return stdout
    .replace(/process \d+ trapped/g, 'process 2 trapped')
    .trimEnd()
    .split('\n')
    .map((line) => ({ ...JSON.parse(line), duration: 0 }));
}

/** A computation of some time, in steps of about a millisecond. */
const COMPUTE = `(func $compute (param $steps i32) (local $left i32)
  (loop $step
    (local.set $left (i32.const 1000000))
    (loop $on (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (br_if $step (local.tee $steps (i32.sub (local.get $steps) (i32.const 1))))))`;

test('tests that compute are divided among schedulers', async () => {
  const tests = ['a', 'b', 'c'].map(
    (name) => `(func (export "#lunatic_test_${name}") (call $compute (i32.const 500)))`,
  );
  const file = programFile(guest(`${COMPUTE} ${tests.join('\n')}`));
  const { stdout, stderr, exitCode } = await lunatic(['test', '--schedulers=2', ...SAYS, file]);
  expect(stdout).toContain('3 passed; 0 failed');
  expect(stderr).toMatch(/Scheduler 1 has started \(OS process \d+\)\n.* 1 process moved to scheduler 1\n/);
  expect(exitCode).toBe(0);
});

/** A module that a test makes. */
const MADE = await assemble(
  '(module (func $inner unreachable) (func $outer (export "outer") (call $inner)))',
);

/** A test of every verdict, each with all that a report may tell. */
const VERDICTS = guest(
  `
  (func (export "#lunatic_test_passes") (call $print (text "fine")))
  (func (export "#lunatic_test_traps") (call $print (text "about to")) (call $outer))
  (func $outer unreachable)
  (func (export "#lunatic_test_exits") (call $proc_exit (i32.const 3)))
  (func (export "#lunatic_test_panics")
    (call $print (text "thread 'main' panicked at src/lib.rs:7:5:\\ntoo bad\\n")) unreachable)
  (func (export "#lunatic_test_reports")
    (call $test.set_name (text "says much"))
    (call $test.fail_comparison (text "sum") (text "4") (text "5"))
    (call $test.fail (text "and more")))
  (func (export "#lunatic_test_reports without end") (local $left i32)
    (local.set $left (i32.const 250))
    (loop $on
      (call $test.fail (text "again"))
      (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
  (func (export "#lunatic_test_#panic_#must fail") unreachable)
  (func (export "#lunatic_test_#panic_#must fail, but ends"))
  (func (export "#lunatic_test_#panic_too good#must say something else")
    (call $print (text "thread 'main' panicked at src/lib.rs:7:5:\\ntoo bad\\n")) unreachable)
  (func (export "#lunatic_test_expects a trap") (call $test.should_trap (text "divide by zero"))
    (drop (i32.div_u (i32.const 1) (i32.const 0))))
  (func (export "#lunatic_test_is killed")
    (call $process.kill (call $process.process_id)) (call $forever))
  (func (export "#lunatic_test_dies of its child")
    (call $spawned (text "child")) (call $forever))
  (func (export "#lunatic_test_dies of a child of its child")
    (call $spawned (text "parent")) (call $forever))
  (func (export "parent") (call $spawned (text "child")) (call $forever))
  (func (export "child") (call $print (text "a child speaks")) (call $outer))
  (func (export "#lunatic_test_expects what its child traps with")
    (call $test.should_trap (text "unreachable")) (call $spawned (text "parent")) (call $forever))
  (func (export "#lunatic_test_has children that report")
    (drop (call $spawn (i64.const 0) (text "reporter"))) (drop (call $spawn (i64.const 0) (text "reporter")))
    (drop (call $receive)) (drop (call $receive)))
  (func (export "reporter")
    (call $test.fail (text "a child is not content"))
    (call $send (i64.const 1) (i64.const 5) (i64.const 8)))
  (func $spawned (param i32 i32) (drop (call $spawn (i64.const 1) (local.get 0) (local.get 1))))
  (func (export "#lunatic_test_dies of a process of a module that it has made")
    (call $expect (call $process.compile_module (blob "made") (i32.const 0)) (i32.const 0))
    (call $expect (call $process.spawn (i64.const 1) (i64.const -1) (i64.load (i32.const 0)) (text "outer")
      (i32.const 0) (i32.const 0) (i32.const 16)) (i32.const 0))
    (call $forever))`,
  { blobs: { made: MADE } },
);

test('a report says the same where every process is on another scheduler than its parent', async () => {
  const file = programFile(VERDICTS);
  const one = await reportOf(file, '--jobs=1', '--schedulers=1');
  expect(one).toHaveLength(35);
  expect(await reportOf(file, '--jobs=1', ...APART)).toEqual(one);
});

test('a test whose scheduler dies has failed, and only that one', async () => {
  // The first one computes until the other has gone where its child is.
  const file = programFile(
    guest(`
      ${COMPUTE}
      (func (export "#lunatic_test_goes on") (local $code i32)
        (drop (call $scheduler.place_children (i32.const 2)))
        (call $process.die_when_link_dies (i32.const 0))
        (drop (call $spawn (i64.const 7) (text "child")))
        (loop $on
          (call $compute (i32.const 2))
          (local.set $code (call $receive_tag (i64.const 7) (i64.const 0)))
          (br_if $on (i32.eq (local.get $code) (i32.const 9027))))
        (call $expect (local.get $code) (i32.const 1)))
      (func (export "child") (call $print (text "runs")) (call $forever))
      (func (export "#lunatic_test_#panic_#is lost") (call $print (text "runs")) (call $forever))`),
  );
  const command = new RunningCommand(['test', '--schedulers=2', '--nocapture', ...SAYS, file]);
  await command.printed('runs\nruns\n');
  const [, pid] = /Scheduler 1 has started \(OS process (\d+)\)/.exec(command.stderr) ?? [];
  process.kill(Number(pid), 'SIGKILL');
  const { stdout, exitCode } = await command.ended;
  expect(stdout).toContain('test is lost - should panic ... FAILED\n');
  expect(stdout).toContain('note: scheduler 1 has ended, on which the test ran\n');
  expect(stdout).toContain('test goes on ... ok\n');
  expect(exitCode).toBe(1);
});

test('a test that hangs on several schedulers tells where its processes were', async () => {
  const file = programFile(
    guest(`
      (func (export "#lunatic_test_hangs")
        (drop (call $spawn (i64.const 0) (text "child"))) (call $waits))
      (func $waits (call $forever))
      (func (export "child") (call $named (text "kid")) (call $spins))
      (func $named (param i32 i32) (call $registry.put (local.get 0) (local.get 1) (i64.const 0) (call $process.process_id)))
      (func $spins (loop $on (br $on)))`),
  );
  const { stdout, exitCode } = await lunatic(['test', ...APART, '--timeout=0.5', file]);
  expect(stdout).toMatch(
    /note: test did not end within 0\.5 seconds\nprocess 1: waiting for a message\n {4}at forever .*\n {4}at waits \(.*\.wat:\d+:\d+\)\n(?: {4}at .*\n)*process \d{14,} \(kid\): (?:running|ready)\n {4}at spins \(.*\.wat:\d+:\d+\)\n/,
  );
  expect(exitCode).toBe(1);
});

test('Ctrl-C gives up tests on all schedulers, and reports what is known', async () => {
  const file = programFile(
    guest(`
      (func (export "#lunatic_test_hangs")
        (drop (call $spawn (i64.const 0) (text "child"))) (call $forever))
      (func (export "child") (call $print (text "hangs")) (loop $on (br $on)))
      (func (export "#lunatic_test_passes"))`),
  );
  const command = new RunningCommand(['test', ...APART, '--nocapture', file]);
  await command.printed('hangs\n');
  await command.printed('test passes ... ok\n');
  command.child.kill('SIGINT');
  const { stdout, exitCode } = await command.ended;
  expect(stdout).toContain('1 passed; 0 failed');
  expect(exitCode).toBe(130);
});
