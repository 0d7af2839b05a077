/** How long many small tests take. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assembleText } from '../../runtime/wat/index.ts';
import { launcher } from '../support/command.ts';
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
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < ROUNDS; round++) best = Math.min(best, await time(() => runTests(file)));
      return [{ value: best / 1000, peerValue: null }];
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

if (import.meta.main) process.exit(await bench([testMode], process.argv.slice(2)));
