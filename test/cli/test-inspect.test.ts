import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ReportEvent, TestReportReader } from '../../runtime/internal.ts';
import { AdapterClient } from '../adapter/adapter-client.ts';
import { type CommandResult, lunatic, projectFolder } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { Inspected, type Inspecting, inspectPrograms, programFile } from '../support/inspected.ts';

inspectPrograms();

const eventsOf = (stdout: string): ReportEvent[] => {
  const reader = new TestReportReader();
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => reader.read(line));
};

/** What a report says, but for how long things took. */
const withoutTimes = (stdout: string) =>
  eventsOf(stdout).map((event) => ('duration' in event ? { ...event, duration: 0 } : event));

const outcomes = (stdout: string) =>
  eventsOf(stdout).flatMap((event) => (event.event === 'finished' ? `${event.name} ${event.outcome}` : []));

interface Tests extends Inspecting {
  readonly command: Inspected['command'];
}

/** Starts tests that wait for their inspector, and connects. */
async function waiting(file: string, ...options: string[]): Promise<Tests> {
  const run = await Inspected.start([
    'test',
    '--inspect-wait',
    '--reporter=json',
    '--jobs=1',
    ...options,
    file,
  ]);
  return Object.assign(await run.connect(), { command: run.command });
}

/** A test of every verdict. */
const VERDICTS = guest(`
  (func (export "#lunatic_test_passes") (call $print (text "fine")))
  (func (export "#lunatic_test_traps") (call $print (text "about to")) (call $outer))
  (func $outer unreachable)
  (func (export "#lunatic_test_exits") (call $proc_exit (i32.const 3)))
  (func (export "#lunatic_test_panics")
    (call $print (text "thread 'main' panicked at src/lib.rs:7:5:\\ntoo bad\\n")) unreachable)
  (func (export "#lunatic_test_reports") (call $test.fail_comparison (text "sum") (text "4") (text "5")))
  (func (export "#lunatic_test_#ignore_later") unreachable)
  (func (export "#lunatic_test_#panic_#must fail") unreachable)
  (func (export "#lunatic_test_#panic_#must fail, but ends"))
  (func (export "#lunatic_test_#panic_too bad#must say so")
    (call $print (text "thread 'main' panicked at src/lib.rs:7:5:\\ntoo bad\\n")) unreachable)
  (func (export "#lunatic_test_#panic_too good#must say something else")
    (call $print (text "thread 'main' panicked at src/lib.rs:7:5:\\ntoo bad\\n")) unreachable)
  (func (export "#lunatic_test_expects a trap") (call $test.should_trap (text "divide by zero"))
    (drop (i32.div_u (i32.const 1) (i32.const 0))))
  (func (export "#lunatic_test_dies of its child")
    (drop (call $spawn (i64.const 1) (text "child"))) (call $forever))
  (func (export "child") (call $print (text "a child speaks")) unreachable)
  (func (export "#lunatic_test_hangs") (call $forever))`);

const SETUP_FAILS = guest(`
  (func (export "__lunatic_start_test") unreachable)
  (func (export "__lunatic_test_passes"))
  (func (export "__lunatic_test_fails") unreachable)`);

const built = (path: string) => join(projectFolder, 'test/guests/built', path);

describe('a test that is debugged', () => {
  test('is judged as one that is not, although it is held at its entry and where it traps', async () => {
    const file = programFile(VERDICTS);
    const plain = await lunatic(['test', '--reporter=json', '--jobs=1', '--timeout=0.5', file]);
    expect(outcomes(plain.stdout)).toEqual([
      ...['passes passed', 'traps failed', 'exits failed', 'panics failed', 'reports failed'],
      ...[
        'must fail passed',
        'must fail, but ends failed',
        'must say so passed',
        'must say something else failed',
      ],
      ...['expects a trap passed', 'dies of its child failed', 'hangs failed'],
    ]);

    const { ask, client, command } = await waiting(file, '--timeout=0.5');
    const stops: string[] = [];
    client.on('process/stopped', ({ process: { key, entry }, why }) => {
      stops.push(`${why} ${entry.replace(/^#lunatic_test_/, '')}`);
      ask('process/resume', { process: key });
    });
    await ask('watch', { traps: true });
    await ask('start', { pauseRoot: true });
    const { stdout, exitCode } = await command.ended;
    expect(withoutTimes(stdout)).toEqual(withoutTimes(plain.stdout));
    expect(exitCode).toBe(plain.exitCode);
    expect(stops).toEqual([
      ...['entry passes', 'entry traps', 'failure traps', 'entry exits', 'entry panics', 'failure panics'],
      ...[
        'entry reports',
        'entry #panic_#must fail',
        'failure #panic_#must fail',
        'entry #panic_#must fail, but ends',
      ],
      ...['entry #panic_too bad#must say so', 'failure #panic_too bad#must say so'],
      ...['entry #panic_too good#must say something else', 'failure #panic_too good#must say something else'],
      ...[
        'entry expects a trap',
        'failure expects a trap',
        'entry dies of its child',
        'failure child',
        'entry hangs',
      ],
    ]);
  });

  test.each([
    ['of every verdict', () => programFile(VERDICTS), ['--timeout=0.5']],
    ['of Rust', () => built('rust/tests.wasm'), []],
    ['of C', () => built('c/tests.wasm'), []],
    ['with a set-up that fails', () => programFile(SETUP_FAILS), []],
    ['with a set-up', () => programFile(SETUP_FAILS.replace('unreachable', 'nop')), []],
  ])(
    '%s is judged in a debug adapter as without it, where it goes on from each stop',
    async (_, file, options) => {
      const path = file();
      const plain = await lunatic(['test', '--reporter=json', '--jobs=1', ...options, path]);
      const run = await Inspected.start([
        ...['test', '--inspect=debug', '--inspect-wait', '--reporter=json', '--jobs=1', ...options, path],
      ]);
      const adapter = await AdapterClient.stdio();
      adapter.on('stopped', ({ body }: { body: { threadId?: number } }) =>
        adapter.continueRequest({ threadId: body.threadId ?? 0 }),
      );
      await adapter.attachRequest({ url: run.url } as object);
      await adapter.event('initialized');
      await adapter.configurationDoneRequest();
      const { stdout, exitCode } = await run.command.ended;
      expect(withoutTimes(stdout)).toEqual(withoutTimes(plain.stdout));
      expect(exitCode).toBe(plain.exitCode);
    },
  );

  test('has as long as it likes while it is held', async () => {
    const file = programFile(
      guest(`
        (func (export "#lunatic_test_#panic_#traps") unreachable)
        (func (export "#lunatic_test_leaves a child that traps")
          (drop (call $spawn (i64.const 0) (text "child"))) (call $process.sleep_ms (i64.const 200)))
        (func (export "child") unreachable)`),
    );
    const { ask, client, command } = await waiting(file, '--timeout=0.5');
    client.on('process/stopped', ({ process: { key } }) => {
      // What a test has left behind may be gone with the last of the tests.
      setTimeout(() => ask('process/resume', { process: key }).catch(() => {}), 1500);
    });
    await ask('watch', { traps: true });
    await ask('start', { pauseRoot: true });
    const { stdout, exitCode } = await command.ended;
    expect(outcomes(stdout)).toEqual(['traps passed', 'leaves a child that traps passed']);
    expect(exitCode).toBe(0);
  });

  test('has no longer than others once it goes on', async () => {
    const file = programFile(guest('(func (export "#lunatic_test_hangs") (loop $on (br $on)))'));
    const { ask, client, command } = await waiting(file, '--timeout=0.3');
    client.on('process/stopped', ({ process: { key } }) => ask('process/resume', { process: key }));
    await ask('start', { pauseRoot: true });
    const { stdout } = await command.ended;
    expect(eventsOf(stdout)[3]).toMatchObject({ outcome: 'failed', failures: [{ reason: 'timeout' }] });
  });

  test('prints for whoever debugs it at once, and for its result', async () => {
    const file = programFile(
      guest('(func (export "#lunatic_test_says") (call $print (text "hello")) (drop (call $receive)))'),
    );
    const { ask, received, command } = await waiting(file);
    const output = received('output');
    await ask('watch', { output: true });
    await ask('start', {});
    await output.find(() => output.all.map(({ data }) => atob(data)).join('') === 'hello\n');
    expect(new Set(output.all.map(({ stream }) => stream))).toEqual(new Set(['stdout']));
    await ask('process/send', { process: '1:1', data: '' });
    const { stdout, stderr } = await command.ended;
    expect(eventsOf(stdout)[3]).toMatchObject({ outcome: 'passed', output: 'hello\n' });
    expect(stderr).not.toContain('hello');
  });

  test('goes on when its debugger goes away', async () => {
    const { ask, client, command, received } = await waiting(
      programFile(VERDICTS),
      '--export=#lunatic_test_passes',
    );
    const stopped = received('process/stopped');
    await ask('start', { pauseRoot: true });
    await stopped.find(({ why }) => why === 'entry');
    await client.close();
    expect(outcomes((await command.ended).stdout)).toEqual(['passes passed']);
  });

  test('that is killed while it is held has failed', async () => {
    const { ask, client, command } = await waiting(programFile(VERDICTS), '--export=#lunatic_test_passes');
    client.on('process/stopped', ({ process: { key } }) => ask('process/kill', { process: key }));
    await ask('start', { pauseRoot: true });
    expect(outcomes((await command.ended).stdout)).toEqual(['passes failed']);
  });

  test('stops at its entry and at a trap in a debug adapter that attaches', async () => {
    const run = await Inspected.start([
      ...['test', '--inspect-wait', '--reporter=json', '--include-ignored'],
      ...['--export=#lunatic_test_traps', programFile(VERDICTS)],
    ]);
    const adapter = await AdapterClient.stdio();
    await adapter.attachRequest({ url: run.url, stopOnEntry: true } as object);
    await adapter.event('initialized');
    await adapter.configurationDoneRequest();
    const entry = await adapter.event('stopped');
    expect(entry.body.reason).toBe('entry');
    await adapter.continueRequest({ threadId: entry.body.threadId ?? 0 });
    const trap = await adapter.event('stopped', ({ body }) => body.reason === 'exception');
    const threadId = trap.body.threadId ?? 0;
    const { stackFrames } = (await adapter.stackTraceRequest({ threadId })).body;
    expect(stackFrames.map(({ name }) => name)).toEqual(['outer', '#lunatic_test_traps']);
    await adapter.printed('about to\n');
    await adapter.continueRequest({ threadId });
    expect((await adapter.event('exited')).body.exitCode).toBe(1);
    await adapter.event('terminated');
    expect(outcomes((await run.command.ended).stdout)).toEqual(['traps failed']);
  });
});

test('a process that a test has left behind does not end while somebody looks at it', async () => {
  const file = programFile(
    guest(`
      (func (export "#lunatic_test_leaves") (drop (call $spawn (i64.const 0) (text "worker"))))
      (func $worker (export "worker") (local $sum i32)
        (local.set $sum (i32.const 20))
        (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
        (call $print (text "worked")))`),
  );
  const run = await Inspected.start(['test', '--inspect-wait', '--inspect=debug', '--nocapture', file]);
  const adapter = await AdapterClient.stdio();
  await adapter.attachRequest({ url: run.url } as object);
  await adapter.event('initialized');
  await adapter.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'worker' }] });
  await adapter.configurationDoneRequest();
  const { threadId = 0 } = (await adapter.event('stopped')).body;
  await adapter.printed(
    'The tests have ended; the program ends when no other process stands still or steps.\n',
    'console',
  );
  await adapter.nextRequest({ threadId });
  await adapter.until(() => adapter.eventsOf('stopped').length > 1, 'the end of a step');
  const { id: frameId } = await adapter.topFrame(threadId);
  expect((await adapter.evaluateRequest({ expression: '$sum', frameId })).body.result).toBe('20');
  await adapter.continueRequest({ threadId });
  await adapter.event('terminated');
  const { stdout, exitCode } = await run.command.ended;
  expect(stdout).toContain('worked');
  expect(exitCode).toBe(0);
});

test('tests of several files are seen one after the other, and clients are told how it ended', async () => {
  const files = ['first', 'second'].map((name) =>
    programFile(guest(`(func (export "#lunatic_test_${name}") (drop (call $receive)))`)),
  );
  const run = await Inspected.start(['test', '--inspect', ...files]);
  const { ask, client, received } = await run.connect();
  expect(client.welcome).toMatchObject({ program: files.join(', '), waiting: false });
  const ended = received('ended');
  for (const [i, name] of ['first', 'second'].entries()) {
    const key = `${i + 1}:1`;
    for (;;) {
      const { processes } = await ask('process/list', {});
      if (processes[0]?.key !== key || processes[0].state !== 'waiting') continue;
      expect(processes[0]).toMatchObject({ entry: `#lunatic_test_${name}`, module: `m${i + 1}` });
      break;
    }
    await ask('process/send', { process: key, data: '' });
  }
  expect(await ended.find(() => true)).toEqual({ exitCode: 0, reason: 'all tests passed' });
  expect((await run.command.ended).stdout).toContain('test second ... ok');
});

test('who connects may look with `lunatic ps`', async () => {
  const file = programFile(guest('(func (export "#lunatic_test_waits") (drop (call $receive)))'));
  const run = await Inspected.start(['test', '--inspect=127.0.0.1:0', file]);
  expect(run.url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/[\w-]{32}$/);
  let seen: CommandResult;
  do seen = await lunatic(['ps', run.url]);
  while (seen.exitCode === 0 && !seen.stdout.includes('#lunatic_test_waits'));
  expect(seen.stdout).toMatch(/^1 +waiting for a message .*#lunatic_test_waits$/m);
});

test('clients are told why tests could not be run', async () => {
  const file = programFile('(module (import "a" "b" (func)))');
  const { exitCode, stderr } = await lunatic(['test', '--inspect-wait', file]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('a::b');
  const start = guest('(start $start) (func $start unreachable) (func (export "#lunatic_test_a"))');
  const { ask, received } = await waiting(programFile(start));
  const ended = received('ended');
  await ask('start', {});
  expect(await ended.find(() => true)).toMatchObject({
    exitCode: 1,
    reason: expect.stringContaining('Failed to spawn process from'),
  });
});

test.each([
  ['--inspect', '--watch'],
  ['--inspect-wait', '--watch'],
  ['--inspect=9229', '--list'],
])('%s cannot be used with %s', async (option, other) => {
  const { stderr, exitCode } = await lunatic(['test', option, other, 'a.wasm']);
  expect(stderr).toContain(`option '${option.replace(/=.*/, '')}' cannot be used with ${other}`);
  expect(exitCode).toBe(2);
});
