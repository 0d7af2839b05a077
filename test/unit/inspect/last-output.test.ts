import { expect, test } from 'vitest';
import { LastOutput } from '../../../runtime/inspect/last-output.ts';
import { Account, TotalAccount } from '../../../runtime/kernel/account.ts';
import type { Exit } from '../../../runtime/kernel/exit.ts';
import type { Process } from '../../../runtime/kernel/process.ts';

const unreachable: Exit = { kind: 'trapped', message: 'unreachable', error: new Error() };
/** Only its identity matters, and what is kept for it. */
function newProcess(limit = Number.POSITIVE_INFINITY): Process {
  const total = new TotalAccount(() => true);
  total.limit = limit;
  return { account: new Account(limit, total) } as Process;
}
const PANIC = "thread '<unnamed>' panicked at src/main.rs:7:5:\nno milk\nnote: run with `RUST_BACKTRACE=1`\n";

function printed(...pieces: string[]): { readonly output: LastOutput; readonly process: Process } {
  const output = new LastOutput();
  const process = newProcess();
  for (const piece of pieces) output.add(process, Buffer.from(piece));
  return { output, process };
}

test('the message of a panic is found, in whatever pieces it was printed', () => {
  const { output, process } = printed(...PANIC);
  expect(output.panicOf(process, unreachable)).toBe('no milk');
  expect(output.panicOf(newProcess(), unreachable)).toBe(null);
});

test('it is found behind megabytes of other output, and is forgotten when as much follows', () => {
  const much = Array.from({ length: 1000 }, () => 'x'.repeat(1000));
  const { output, process } = printed(...much, '\n', PANIC);
  expect(output.panicOf(process, unreachable)).toBe('no milk');
  for (const piece of much) output.add(process, Buffer.from(piece));
  expect(output.panicOf(process, unreachable)).toBe(null);
  output.add(process, Buffer.from(`${'y'.repeat(2 ** 20)}\n${PANIC}`));
  expect(output.panicOf(process, unreachable)).toBe('no milk');
});

test.each<[string, Exit]>([
  ['another trap', { kind: 'trapped', message: 'divide by zero', error: new Error() }],
  ['a kill', { kind: 'killed' }],
  ['a return', { kind: 'returned' }],
])('%s after a panic that was caught has another reason', (_, exit) => {
  const { output, process } = printed(PANIC);
  expect(output.panicOf(process, exit)).toBe(null);
});

test('what was printed stays as it was when the memory of the process changes', () => {
  const output = new LastOutput();
  const process = newProcess();
  const memory = Buffer.from('abort: no milk in assembly/index.ts(7:5)\n');
  output.add(process, memory);
  memory.fill(0);
  expect(output.panicOf(process, { kind: 'exited', code: 255 })).toBe('no milk');
});

test('what is kept of a process is as little as it counts for, in however small pieces it was printed', () => {
  const output = new LastOutput();
  const processes = Array.from({ length: 100 }, () => newProcess());
  const letter = Buffer.from('x');
  const before = process.memoryUsage().rss;
  for (const process of processes) {
    for (let i = 0; i < 30_000; i++) output.add(process, letter);
    expect(process.account.bytes).toBe(16_384);
  }
  // It would be several hundred mebibytes if each piece were kept.
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
});

test('a process that can have no more keeps what was there', () => {
  const output = new LastOutput();
  const process = newProcess(300);
  for (const piece of [PANIC, 'x'.repeat(5000)]) output.add(process, Buffer.from(piece));
  expect(process.account.bytes).toBe(256);
  expect(output.panicOf(process, unreachable)).toBe('no milk');
});
