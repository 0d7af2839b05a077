/** Programs that people run, which compute for long: as commands, beside Node's own `node:wasi`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { launcher } from '../support/command.ts';
import { alternate } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark, Figure, Row } from './benchmark.ts';
import { outsideProgram, programIsMissing } from './outside-programs.ts';

/** A start now and then is luckier than others: V8 optimizes the loop of an interpreter before or after it is entered for good. */
const ROUNDS = 5;

const peer = join(import.meta.dirname, 'wasi-peer.mjs');
const own = join(import.meta.dirname, 'programs');

interface Run {
  readonly output: string;
  /** Milliseconds of processor time, of all threads, from the start of the command to its end. */
  readonly time: number;
}

/** Runs this Node, without the flags it has itself. */
function run(args: readonly string[]): Run {
  // The shell's `times` writes those of its children last: `0m1.234s 0m0.056s`.
  const script = '"$@"; status=$?; times; exit $status';
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', process.execPath, ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  const lines = stdout.trimEnd().split('\n');
  const found = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/.exec(lines.at(-1) ?? '');
  if (found === null) throw new Error(`the shell reports no times, but ${lines.at(-1)}`);
  const [, userMinutes, user, systemMinutes, system] = found.map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const time = (userMinutes + systemMinutes) * 60_000 + (user + system) * 1000;
  return { output: lines.slice(0, -2).join('\n'), time };
}

const ours = (file: string, args: readonly string[]): Run => run([launcher, 'run', file, '--', ...args]);
const plain = (file: string, args: readonly string[]): Run => run(['--no-warnings', peer, file, ...args]);

function checkSame(file: string, args: readonly string[]): void {
  const [found, expected] = [ours(file, args).output, plain(file, args).output];
  if (found !== expected || found === '') {
    throw new Error(`${file} printed ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
  }
}

const programRow = {
  unit: 'ms',
  peer: 'node:wasi',
  better: 'less',
} as const satisfies Partial<Row>;

/** A row for the processor time of a whole command. */
function command(
  row: Pick<Row, 'name' | 'what' | 'must' | 'aim'>,
  path: string,
  args: readonly string[],
  missing: string | null = null,
): Benchmark {
  return {
    rows: [{ ...programRow, ...row }],
    missing,
    async measure() {
      checkSame(path, args);
      return [
        await alternate(
          ROUNDS,
          async () => ours(path, args).time,
          async () => plain(path, args).time,
        ),
      ];
    },
  };
}

const JAVASCRIPT = `
  const numbers = [];
  let seed = 12345;
  for (let i = 0; i < 1000000; i++) numbers.push((seed = (seed * 1103515245 + 12345) % 2147483648));
  numbers.sort((x, y) => x - y);
  let sum = 0;
  for (let i = 0; i < 8000000; i++) sum = (sum + i * 3) % 1000003;
  console.log(numbers[0], numbers[500000], sum);`;

const PYTHON = `
total = 0
for i in range(3000000):
    total = (total + i * 3) % 1000003
print(total)`;

/** What a kernel of `programs/kernels.c` takes, in microseconds. */
type Times = Map<string, number>;

function kernelTimes({ output }: Run): Times {
  return new Map(output.split('\n').map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]));
}

function checkKernels(file: string): void {
  const results = ({ output }: Run) => output.replace(/ \d+ /g, ' ');
  const [found, expected] = [results(ours(file, [])), results(plain(file, []))];
  if (found !== expected) throw new Error(`the kernels print\n${found}\nand not\n${expected}`);
}

/** Takes over what is less. */
function takeLeast(least: Times, found: Times): void {
  for (const [name, time] of found) least.set(name, Math.min(time, least.get(name) ?? time));
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

const kernels: Benchmark = {
  rows: [
    {
      ...programRow,
      name: 'C kernels, mean',
      what: 'ten kernels in C that only compute, as PolyBench has them: the geometric mean, without start-up',
      must: 1.08,
      aim: 1.02,
    },
    {
      ...programRow,
      name: 'C kernels, worst',
      what: 'the one of them that is slowest beside node:wasi',
      must: 1.25,
      aim: 1.1,
    },
  ],
  async measure() {
    const file = join(own, 'kernels.wasm');
    checkKernels(file);
    const rewritten: Times = new Map();
    const original: Times = new Map();
    for (let round = 0; round < ROUNDS; round++) {
      takeLeast(rewritten, kernelTimes(ours(file, [])));
      takeLeast(original, kernelTimes(plain(file, [])));
    }
    const all = [...rewritten].map(([name, time]) => {
      const other = original.get(name) ?? Number.NaN;
      return { name, time: time / 1000, other: other / 1000, ratio: time / other };
    });
    const mean: Figure = {
      value: geometricMean(all.map(({ time }) => time)),
      peerValue: geometricMean(all.map(({ other }) => other)),
      details: all.map(
        ({ name, time, other, ratio }) =>
          `${name.padEnd(16)}${time.toFixed(2).padStart(7)} ms ${other.toFixed(2).padStart(7)} ms ${ratio.toFixed(3).padStart(7)}`,
      ),
    };
    const [worst] = all.toSorted((a, b) => b.ratio - a.ratio);
    if (worst === undefined) throw new Error('there are no kernels');
    return [mean, { value: worst.time, peerValue: worst.other, details: [worst.name] }];
  },
};

/** Interpreters, C++ with exceptions, kernels in C. */
export const programs: readonly Benchmark[] = [
  command(
    {
      name: 'QuickJS',
      what: 'processor time of an interpreter of JavaScript that sorts a million numbers and turns a loop 8 million times',
      must: 1.25,
      aim: 1.05,
    },
    outsideProgram('quickjs.wasm'),
    ['--std', '-e', JAVASCRIPT],
    programIsMissing('quickjs.wasm'),
  ),
  command(
    {
      name: 'CPython',
      what: 'processor time of an interpreter of Python that turns a loop 3 million times',
      must: 1.25,
      aim: 1.05,
    },
    outsideProgram('python.wasm'),
    ['-c', PYTHON],
    programIsMissing('python.wasm'),
  ),
  command(
    {
      name: 'C++ with exceptions',
      what: 'processor time of a program in C++ that throws and catches now and then',
      must: 1.2,
      aim: 1.05,
    },
    join(own, 'exceptions.wasm'),
    ['200000'],
  ),
  kernels,
];

if (import.meta.main) process.exit(await bench(programs, process.argv.slice(2)));
