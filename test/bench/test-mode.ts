/** How long many small tests take. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { testArguments } from '../../extension/testing/running/test-arguments.ts';
import { runTestProcess } from '../../extension/testing/running/test-process.ts';
import { assembleText } from '../../runtime/wat/index.ts';
import { launcher } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { time } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';

const ROUNDS = 5;
const TESTS = 1000;

export const testMode: Benchmark = {
  rows: [
    {
      name: '1,000 tests',
      unit: 's',
      what: '`lunatic test` of a module with 1,000 tests that do nothing, from start to end',
      peer: null,
      better: 'less',
      must: 5,
      aim: 1.5,
    },
    {
      name: '1,000 tests in the editor',
      unit: 's',
      what: 'the same as the Test Explorer runs them: with a report for each test, which is read',
      peer: 'the command',
      better: 'less',
      must: 1.2,
      aim: 1.05,
    },
    {
      name: 'tests stopped',
      unit: 'ms',
      what: 'the longest of twenty times from *Cancel Test Run* until the runtime has ended in which a test loops or waits, alone or with 5,000 processes',
      peer: null,
      better: 'less',
      must: 100,
      aim: 60,
    },
  ],
  async measure() {
    const folder = mkdtempSync(join(tmpdir(), 'lunatic-bench-'));
    try {
      const file = join(folder, 'tests.wasm');
      const tests = Array.from({ length: TESTS }, (_, i) => `(func (export "#lunatic_test_trivial::t${i}"))`);
      writeFileSync(
        file,
        await assembleText(`(module (memory (export "memory") 1) ${tests.join('\n')})`, 't.wat'),
      );
      let command = Number.POSITIVE_INFINITY;
      let editor = Number.POSITIVE_INFINITY;
      for (let round = 0; round < ROUNDS; round++) {
        command = Math.min(command, await time(() => runTests(file)));
        editor = Math.min(editor, await time(() => runInEditor(file)));
      }
      return [
        { value: command / 1000, peerValue: null },
        { value: editor / 1000, peerValue: command / 1000 },
        { value: await stopTime(folder), peerValue: null },
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** Runs the tests; every one of them must have passed. */
function runTests(file: string): void {
  const args = [launcher, 'test', file];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0 || !stdout.includes(`${TESTS} passed; 0 failed`)) {
    throw new Error(`lunatic test ended with ${status}: ${stderr}${stdout.slice(-200)}`);
  }
}

/** Tests that hang: in a loop, waiting, and with thousands of processes that do the same. */
const HANGING = guest(`
  (func (export "#lunatic_test_loops") (call $loop))
  (func (export "#lunatic_test_waits") (call $forever))
  (func (export "#lunatic_test_loops in a crowd") (call $crowd (text "loop")) (call $loop))
  (func (export "#lunatic_test_waits in a crowd") (call $crowd (text "wait")) (call $forever))
  (func $loop (export "loop") (loop $on (br $on)))
  (func (export "wait") (call $forever))
  (func $crowd (param $name i32) (param $length i32) (local $left i32)
    (local.set $left (i32.const 5000))
    (loop $on
      (drop (call $spawn (i64.const 0) (local.get $name) (local.get $length)))
      (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))`);

/** Milliseconds after which a test has its crowd. */
const CROWD_TIME = 1000;

/** The longest time that stopping a test takes, in milliseconds. */
async function stopTime(folder: string): Promise<number> {
  const file = join(folder, 'hangs.wat');
  writeFileSync(file, HANGING);
  let worst = 0;
  for (const name of ['loops', 'waits', 'loops in a crowd', 'waits in a crowd']) {
    for (let round = 0; round < ROUNDS; round++) {
      const abort = new AbortController();
      let start = 0;
      await runTestProcess({
        ...{ node: process.execPath, script: launcher, env: {}, cwd: folder, signal: abort.signal },
        arguments: ['test', '--reporter=json', `--export=#lunatic_test_${name}`, file],
        onEvent: async ({ event }) => {
          if (event !== 'started') return;
          await setTimeout(CROWD_TIME);
          start = performance.now();
          abort.abort();
        },
        onNoise: () => {},
      });
      worst = Math.max(worst, performance.now() - start);
    }
  }
  return worst;
}

/** Runs the tests as the extension does. */
async function runInEditor(file: string): Promise<void> {
  const request = { file, exports: null, arguments: [], options: [], timeout: null, jobs: null };
  const passed = new Set<string>();
  for (const args of testArguments(request)) {
    await runTestProcess({
      ...{ node: process.execPath, script: launcher, env: {}, cwd: dirname(file) },
      arguments: args,
      signal: new AbortController().signal,
      onEvent: (event) => {
        if (event.event === 'finished' && event.outcome === 'passed') passed.add(event.export);
      },
      onNoise: (text) => {
        throw new Error(text);
      },
    });
  }
  if (passed.size !== TESTS) throw new Error(`${passed.size} tests have passed`);
}

if (import.meta.main) process.exit(await bench([testMode], process.argv.slice(2)));
