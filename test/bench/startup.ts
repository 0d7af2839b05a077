/** How long a user waits for the smallest program. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assembleText } from '../../runtime/wat/index.ts';
import { launcher } from '../support/command.ts';
import { alternate, time } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';

const ROUNDS = 25;

const HELLO = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\08\\00\\00\\00\\0d\\00\\00\\00Hello, world\\n")
  (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))))`;

/** Runs this Node, without the flags it has itself. */
function node(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

export const startup: Benchmark = {
  rows: [
    {
      name: 'hello world',
      unit: 'ms',
      what: '`lunatic run` of a program that prints a line, from the start of the command to its end',
      peer: 'node -e 0',
      better: 'less',
      must: 3,
      aim: 1.5,
    },
  ],
  async measure() {
    const folder = mkdtempSync(join(tmpdir(), 'lunatic-bench-'));
    try {
      const file = join(folder, 'hello.wasm');
      writeFileSync(file, await assembleText(HELLO, 'hello.wat'));
      const printed = node([launcher, 'run', file]);
      if (printed !== 'Hello, world\n') throw new Error(`it printed ${JSON.stringify(printed)}`);
      return [
        await alternate(
          ROUNDS,
          () => time(() => node([launcher, 'run', file])),
          () => time(() => node(['-e', '0'])),
        ),
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

if (import.meta.main) process.exit(await bench([startup], process.argv.slice(2)));
