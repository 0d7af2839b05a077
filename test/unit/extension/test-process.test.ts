import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  runTestProcess,
  TestProcessError,
  type TestProcessOptions,
} from '../../../extension/testing/running/test-process.ts';
import { type ReportEvent, TestReportError } from '../../../runtime/internal.ts';
import { launcher } from '../../support/command.ts';
import { guest } from '../../support/guest.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-test-process-'));
  const tests = guest(`
    (func (export "#lunatic_test_says") (call $print (text "hello \\e2\\9c\\97")))
    (func (export "#lunatic_test_fails") (call $test.fail_comparison (text "sum") (text "4") (text "5")) unreachable)
    (func (export "#lunatic_test_hangs") (loop $on (br $on)))
    (func (export "#lunatic_test_waits") (call $forever))
    (func (export "#lunatic_test_crowd_loops") (call $crowd (text "loop")) (loop $on (br $on)))
    (func (export "#lunatic_test_crowd_waits") (call $crowd (text "wait")) (call $forever))
    (func (export "loop") (loop $on (br $on)))
    (func (export "wait") (call $forever))
    (func $crowd (param $name i32) (param $length i32) (local $left i32)
      (local.set $left (i32.const 2000))
      (loop $on
        (drop (call $spawn (i64.const 0) (local.get $name) (local.get $length)))
        (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))`);
  writeFileSync(join(folder, 'tests.wat'), tests);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly events: ReportEvent[];
  noise: string;
  readonly abort: AbortController;
  readonly options: TestProcessOptions;
}

function prepare(exports: readonly string[], more: Partial<TestProcessOptions> = {}): Run {
  const events: ReportEvent[] = [];
  const abort = new AbortController();
  const run: Run = {
    ...{ events, abort, noise: '' },
    options: {
      ...{ node: process.execPath, script: launcher, env: {}, cwd: folder, signal: abort.signal },
      arguments: [
        'test',
        '--reporter=json',
        ...exports.map((name) => `--export=#lunatic_test_${name}`),
        'tests.wat',
      ],
      onEvent: (event) => events.push(event),
      onNoise: (text) => {
        run.noise += text;
      },
      ...more,
    },
  };
  return run;
}

test('tells of each event, and of the end', async () => {
  const { events, options } = prepare(['says', 'fails']);
  expect(await runTestProcess(options)).toEqual({ exitCode: 1, signal: null });
  expect(events.map(({ event }) => event).sort()).toEqual([
    ...['discovered', 'finished', 'finished', 'report', 'started', 'started', 'summary'],
  ]);
  const finished = (name: string) =>
    events.find((event) => event.event === 'finished' && event.export === `#lunatic_test_${name}`);
  expect(finished('says')).toMatchObject({
    outcome: 'passed',
    output: 'hello ✗\n',
    name: 'says',
    title: 'says',
  });
  expect(finished('fails')).toMatchObject({
    outcome: 'failed',
    failures: [{ message: 'sum', expected: '4', actual: '5' }, { reason: 'failed' }],
  });
});

test('what has started can be cancelled, and nothing is left of it', async () => {
  const started = Promise.withResolvers<void>();
  const { abort, options } = prepare(['hangs'], {
    onEvent: (event) => {
      if (event.event === 'started') started.resolve();
    },
  });
  const ended = runTestProcess(options);
  await started.promise;
  abort.abort();
  expect((await ended).exitCode).not.toBe(0);
});

/** Milliseconds in which whatever hangs must have ended, and those after which a crowd is there. */
const PROMPT = 100;
const CROWD_TIME = 500;
const TRIES = 5;

test.each(['hangs', 'waits', 'crowd_loops', 'crowd_waits'])(
  'a test that %s is dead within 100 ms',
  async (name) => {
    const stop = async () => {
      let began = 0;
      const { abort, options } = prepare([name], {
        onEvent: async ({ event }) => {
          if (event !== 'started') return;
          await setTimeout(CROWD_TIME);
          began = performance.now();
          abort.abort();
        },
      });
      await runTestProcess(options);
      return performance.now() - began;
    };
    // Other tests run beside this one: a moment in which they do not is enough.
    let fastest = await stop();
    for (let i = 1; i < TRIES && fastest >= PROMPT; i++) fastest = Math.min(fastest, await stop());
    expect(fastest).toBeLessThan(PROMPT);
  },
);

test.skipIf(process.platform === 'win32')(
  'OS programs that ignore signals end with the test that is cancelled, and so do those that they have started',
  async () => {
    const path = join(folder, 'fifo');
    execFileSync('mkfifo', [path]);
    const pipe = createReadStream(path);
    const opened = new Promise((done) => pipe.once('data', done));
    const closed = new Promise((done) => pipe.once('end', done));
    const script = `trap '' TERM INT HUP; exec > ${path}; sh -c 'while :; do sleep 1; done' & echo; while :; do sleep 1; done`;
    const file = join(folder, 'command.wat');
    writeFileSync(
      file,
      guest(`
        (func (export "#lunatic_test_starts") (local $c i64)
          (drop (call $command.create (text "sh") (i32.const 8)))
          (local.set $c (i64.load (i32.const 8)))
          (call $command.add_argument (local.get $c) (text "-c"))
          (call $command.add_argument (local.get $c) (text "${script}"))
          (drop (call $command.spawn (local.get $c) (i32.const 8)))
          (loop $on (br $on)))`),
    );
    const { abort, options } = prepare([], {
      arguments: ['test', '--reporter=json', '--allow-command=sh', file],
    });
    const ended = runTestProcess(options);
    await opened;
    abort.abort();
    expect((await ended).exitCode).not.toBe(0);
    await closed;
  },
);

test('what was cancelled before it started', async () => {
  const { abort, options } = prepare(['hangs']);
  abort.abort();
  expect((await runTestProcess(options)).exitCode).not.toBe(0);
});

test('what cannot be run is told as an error', async () => {
  const { events, options } = prepare([], { arguments: ['test', '--reporter=json', 'nowhere.wasm'] });
  expect(await runTestProcess(options)).toEqual({ exitCode: 1, signal: null });
  expect(events).toEqual([
    { event: 'report', version: 2 },
    { event: 'error', file: 'nowhere.wasm', message: "Module 'nowhere.wasm' not found" },
  ]);
});

test('a Node that cannot be started', async () => {
  const { options } = prepare([], { node: join(folder, 'nowhere') });
  await expect(runTestProcess(options)).rejects.toThrow(TestProcessError);
});

test('a command that says something else', async () => {
  const script = join(folder, 'other.mjs');
  writeFileSync(
    script,
    "console.log('hello'); console.error('trouble'); console.log('{\"other\": 1}'); process.exit(3);",
  );
  const run = prepare([], { script, arguments: [] });
  expect(await runTestProcess(run.options)).toEqual({ exitCode: 3, signal: null });
  expect(run.events).toEqual([]);
  expect(run.noise.split('\n').sort()).toEqual(['', 'hello', 'trouble', '{"other": 1}']);
});

test('a runtime that does not answer to a signal is killed', async () => {
  const script = join(folder, 'deaf.mjs');
  writeFileSync(script, `process.on('SIGTERM', () => {}); console.log('deaf'); for (;;);`);
  const abort = new AbortController();
  const run = prepare([], { script, arguments: [], signal: abort.signal, onNoise: () => abort.abort() });
  expect(await runTestProcess(run.options)).toEqual({ exitCode: null, signal: 'SIGKILL' });
});

test('a line without an end is given up', async () => {
  const script = join(folder, 'endless.mjs');
  writeFileSync(
    script,
    `const piece = 'x'.repeat(2 ** 20); (function on() { process.stdout.write(piece, on); })();`,
  );
  const run = prepare([], { script, arguments: [] });
  await expect(runTestProcess(run.options)).rejects.toThrow('a line that is too long');
  expect(run.noise).toBe('');
});

test('a report of another version is refused, and the command is ended', async () => {
  const script = join(folder, 'later.mjs');
  writeFileSync(
    script,
    `console.error(process.pid); console.log('{"event":"report","version":3}'); setInterval(() => {}, 1000);`,
  );
  const run = prepare([], { script, arguments: [] });
  const ended = runTestProcess(run.options);
  await expect(ended).rejects.toThrow(TestReportError);
  await expect(ended).rejects.toThrow('of version 3, and version 2 is read here');
  expect(run.events).toEqual([]);
  expect(isAlive(Number(run.noise))).toBe(false);
});

test('tests end with the process that has started them', async () => {
  const script = join(folder, 'starter.mjs');
  const module = new URL('../../../extension/testing/running/test-process.ts', import.meta.url);
  const { arguments: args } = prepare(['hangs']).options;
  writeFileSync(
    script,
    `import { runTestProcess } from ${JSON.stringify(module)};
     import { execFileSync } from 'node:child_process';
     const children = () => execFileSync('ps', ['-o', 'pid=', '--ppid', String(process.pid)], { encoding: 'utf8' });
     runTestProcess({ node: process.execPath, script: ${JSON.stringify(launcher)}, env: {}, cwd: ${JSON.stringify(folder)},
       arguments: ${JSON.stringify(args)}, signal: new AbortController().signal, onNoise() {},
       onEvent() { console.log(children()); process.kill(process.pid, 'SIGKILL'); } });`,
  );
  const { spawnSync } = await import('node:child_process');
  const { stdout, signal } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  expect(signal).toBe('SIGKILL');
  const pid = Number(stdout.trim().split('\n')[0]);
  expect(pid).toBeGreaterThan(0);
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
