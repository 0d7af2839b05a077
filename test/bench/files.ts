/** How fast guests read and write files. */
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessConfig, Runtime } from '../../runtime/internal.ts';
import type { LoadedModule } from '../../runtime/kernel/module.ts';
import { assembleText } from '../../runtime/wat/index.ts';
import { Capture, Feed } from '../support/program.ts';
import { alternate, time } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';

const ROUNDS = 30;
const FILE = 64 * 2 ** 20;
const BUFFER = 64 * 2 ** 10;
const CALLS = FILE / BUFFER;
const NAME = 'file';

/**
 * Opens the file in descriptor 3 and calls a function for each buffer of it. The first word of each buffer is its
 * number. Prints the sum of those it finds in the end.
 */
function program(call: 'fd_read' | 'fd_write', flags: number): string {
  return `(module
    (import "wasi_snapshot_preview1" "path_open"
      (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "${call}" (func $move (param i32 i32 i32 i32) (result i32)))
    ${call === 'fd_write' ? '' : '(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))'}
    (memory (export "memory") 4)
    (data (i32.const 0) "${NAME}")
    (func (export "_start") (local $i i32) (local $sum i32)
      (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const ${NAME.length}) (i32.const ${flags})
            (i64.const 66) (i64.const 0) (i32.const 0) (i32.const 16)) (then unreachable))
      (i32.store (i32.const 32) (i32.const 0x10000))
      (i32.store (i32.const 36) (i32.const ${BUFFER}))
      (loop $next
        ${call === 'fd_write' ? '(i32.store (i32.const 0x10000) (local.get $i))' : ''}
        (if (call $move (i32.load (i32.const 16)) (i32.const 32) (i32.const 1) (i32.const 40)) (then unreachable))
        (if (i32.ne (i32.load (i32.const 40)) (i32.const ${BUFFER})) (then unreachable))
        (local.set $sum (i32.add (local.get $sum) (i32.load (i32.const 0x10000))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const ${CALLS}))))
      (i32.store (i32.const 48) (local.get $sum))
      (i32.store (i32.const 32) (i32.const 48))
      (i32.store (i32.const 36) (i32.const 4))
      (drop (call ${call === 'fd_write' ? '$move' : '$write'} (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 40)))))`;
}

const SUM = (CALLS * (CALLS - 1)) / 2;

async function runGuest(runtime: Runtime, module: LoadedModule, folder: string): Promise<void> {
  const config = ProcessConfig.forRoot();
  config.preopenedDirectories.push({ guestPath: '.', hostPath: folder });
  const output = new Capture();
  const stdio = { input: new Feed(), output, error: new Capture() };
  const exit = await (await runtime.run(module, { config, stdio })).ended;
  if (exit.kind !== 'returned') throw new Error(`the guest failed: ${JSON.stringify(exit)}`);
  if (output.bytes.readUInt32LE(0) !== SUM) throw new Error('the guest did not see every buffer once');
}

function writePlainly(path: string): void {
  const fd = openSync(path, 'r+');
  const buffer = Buffer.alloc(BUFFER);
  for (let i = 0; i < CALLS; i++) {
    buffer.writeUInt32LE(i);
    if (writeSync(fd, buffer, 0, BUFFER) !== BUFFER) throw new Error('it wrote less');
  }
  closeSync(fd);
}

function readPlainly(path: string): void {
  const fd = openSync(path, 'r');
  const buffer = Buffer.alloc(BUFFER);
  let sum = 0;
  for (let i = 0; i < CALLS; i++) {
    if (readSync(fd, buffer, 0, BUFFER, null) !== BUFFER) throw new Error('it read less');
    sum += buffer.readUInt32LE(0);
  }
  closeSync(fd);
  if (sum !== SUM) throw new Error('it did not read every buffer once');
}

/** What is expected in the file: every buffer zero, except for its number. */
function checkContents(path: string): void {
  const found = readFileSync(path);
  if (found.length !== FILE) throw new Error(`the file has ${found.length} bytes`);
  const expected = Buffer.alloc(BUFFER);
  for (let i = 0; i < CALLS; i++) {
    expected.writeUInt32LE(i);
    if (!found.subarray(i * BUFFER, (i + 1) * BUFFER).equals(expected))
      throw new Error(`buffer ${i} is wrong`);
  }
}

const row = { unit: 'ms', better: 'less', must: 1 / 0.5, aim: 1 / 0.9 } as const;

export const files: Benchmark = {
  rows: [
    {
      ...row,
      name: 'file writing',
      what: 'a guest writes a file of 64 MiB through WASI, 64 KiB a call',
      peer: 'plain node:fs',
    },
    {
      ...row,
      name: 'file reading',
      what: 'a guest reads a file of 64 MiB through WASI, 64 KiB a call',
      peer: 'plain node:fs',
    },
  ],
  async measure() {
    const folder = mkdtempSync(join(tmpdir(), 'lunatic-bench-'));
    const path = join(folder, NAME);
    try {
      const runtime = new Runtime();
      const writer = runtime.load(await assembleText(program('fd_write', 1), 'write.wat'));
      const reader = runtime.load(await assembleText(program('fd_read', 0), 'read.wat'));
      await runGuest(runtime, writer, folder);
      checkContents(path);
      const written = await alternate(
        ROUNDS,
        () => time(() => runGuest(runtime, writer, folder)),
        () => time(() => writePlainly(path)),
      );
      checkContents(path);
      const read = await alternate(
        ROUNDS,
        () => time(() => runGuest(runtime, reader, folder)),
        () => time(() => readPlainly(path)),
      );
      return [written, read];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

if (import.meta.main) process.exit(await bench([files], process.argv.slice(2)));
