/** What preemption costs: small programs as compiled and as rewritten. */
import {
  memoryPass,
  preemptPass,
  type RewrittenModule,
  readModule,
  rewriteModule,
} from '../../runtime/wasm/index.ts';
import { alternate, time } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark, Figure, Row } from './benchmark.ts';
import {
  buildKernels,
  instantiateKernels,
  type Kernel,
  type KernelProgram,
  withMark,
} from './kernel-programs.ts';

/**
 * Times that everything is compiled anew. What the engine inlines depends on how far a function had got when it was
 * compiled, and how fast memory is on where it lies: with the best of several, both forms have their luck.
 */
const COMPILATIONS = 5;
const ROUNDS = 8;
/** Milliseconds of running both, until the optimizing compiler has had its say on every function. */
const WARM_UP = 100;

/** Arguments for about 5 ms each. */
const SIZES: Readonly<Record<string, number>> = {
  'as fib': 30,
  'as sieve': 10,
  'as matrix': 5,
  'as mandelbrot': 180,
  'as nbody': 50_000,
  'as sort': 5,
  'as search': 250,
  'as strings': 10_000,
  'as map': 250_000,
  'as sha256': 3_000,
  'c fib': 31,
  'c sieve': 16,
  'c matrix': 10,
  'c mandelbrot': 180,
  'c nbody': 50_000,
  'c sort': 3,
  'c search': 14,
  'c sha256': 18_000,
  'c indirect': 5_000_000,
  'c trees': 25,
  'c tight': 3_000_000,
  'c collatz': 60_000,
};

/** What is compared: a form of a module, and what it should be as fast as. */
export interface Forms {
  rewritten(program: KernelProgram): Form;
  plain(program: KernelProgram): Form;
}

type Form = Pick<RewrittenModule, 'bytes'> & {
  readonly startExport?: string;
  /** The function that is armed for a debugger while a kernel runs, by its place among those that the module defines. */
  armedFor?(kernel: string): number;
};

export interface Comparison {
  readonly name: string;
  /** Milliseconds. */
  readonly rewritten: number;
  readonly plain: number;
  readonly ratio: number;
  /** Microseconds between two ticks. */
  readonly tickTime: number;
}

/** @param programs modules by language, as `buildKernels` gives them */
export async function compareKernels(
  programs: ReadonlyMap<string, KernelProgram>,
  forms: Forms,
): Promise<Comparison[]> {
  const best = new Map<string, { rewritten: number; plain: number }>();
  const ticks = new Map<string, number>();
  for (let i = 0; i < COMPILATIONS; i++) {
    for (const [language, program] of programs) {
      let name = '';
      const onTick = () => ticks.set(name, (ticks.get(name) ?? 0) + 1);
      const changed = forms.rewritten(program);
      const original = forms.plain(program);
      const plain = await instantiateKernels(withMark(original.bytes, i), original.startExport);
      const rewritten = await instantiateKernels(
        withMark(changed.bytes, i),
        changed.startExport,
        onTick,
        changed.armedFor,
      );
      for (const [kernel, plainly] of plain) {
        name = `${language} ${kernel}`;
        const size = SIZES[name];
        const other = rewritten.get(kernel);
        if (size === undefined || other === undefined) throw new Error(`nothing is known of ${name}`);
        await warmUp(name, plainly, other, size);
        ticks.set(name, 0);
        const { value, peerValue } = await alternate(
          ROUNDS,
          () => time(() => other(size)),
          () => time(() => plainly(size)),
        );
        const before = best.get(name) ?? { rewritten: value, plain: peerValue };
        best.set(name, {
          rewritten: Math.min(before.rewritten, value),
          plain: Math.min(before.plain, peerValue),
        });
      }
    }
  }
  return [...best].map(([name, { rewritten, plain }]) => {
    const tickTime = (rewritten * 1000 * ROUNDS) / (ticks.get(name) ?? 0);
    return { name, rewritten, plain, ratio: rewritten / plain, tickTime };
  });
}

/** Runs both until they are as fast as they get, and sees that they compute the same. */
async function warmUp(name: string, plain: Kernel, rewritten: Kernel, size: number): Promise<void> {
  const end = performance.now() + WARM_UP;
  do {
    const expected = await plain(size);
    const found = await rewritten(size);
    if (found !== expected) throw new Error(`${name} rewritten gives ${found}, not ${expected}`);
    // The compiler works in the background, and what it made is taken at the next call.
    await new Promise((turn) => setTimeout(turn, 5));
  } while (performance.now() < end);
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

export function meanOf(all: readonly Comparison[]): Figure {
  return {
    value: geometricMean(all.map(({ rewritten }) => rewritten)),
    peerValue: geometricMean(all.map(({ plain }) => plain)),
    details: all.map(
      ({ name, rewritten, plain, ratio, tickTime }) =>
        `${name.padEnd(16)}${rewritten.toFixed(2).padStart(7)} ms ${plain.toFixed(2).padStart(7)} ms ` +
        `${ratio.toFixed(3).padStart(7)} ${tickTime.toFixed(1).padStart(8)} us between two ticks`,
    ),
  };
}

function worstOf(all: readonly Comparison[]): Figure {
  const [worst] = all.toSorted((a, b) => b.ratio - a.ratio);
  if (worst === undefined) throw new Error('there are no kernels');
  return { value: worst.rewritten, peerValue: worst.plain, details: [worst.name] };
}

const kernelRow = { unit: 'ms', peer: 'not rewritten', better: 'less' } as const satisfies Partial<Row>;

export const kernels: Benchmark = {
  rows: [
    {
      ...kernelRow,
      name: 'compute kernels, mean',
      what: 'small programs that only compute, with the checks for preemption: the geometric mean',
      must: 1.05,
      aim: 1,
    },
    {
      ...kernelRow,
      name: 'compute kernels, worst',
      what: 'the one of them that the checks slow down most',
      must: 1.2,
      aim: 1.1,
    },
  ],
  async measure() {
    const all = await compareKernels(await buildKernels(), {
      rewritten: ({ bytes }) => rewriteModule(readModule(bytes), [memoryPass, preemptPass]),
      plain: ({ bytes }) => ({ bytes }),
    });
    return [meanOf(all), worstOf(all)];
  },
};

if (import.meta.main) process.exit(await bench([kernels], process.argv.slice(2)));
