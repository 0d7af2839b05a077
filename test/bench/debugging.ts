/** What it costs that a program could be stopped anywhere. */
import { openSymbols } from '../../runtime/symbols/open-symbols.ts';
import {
  memoryPass,
  type Pass,
  ProbeMap,
  preemptPass,
  probePass,
  readModule,
  rewriteModule,
} from '../../runtime/wasm/index.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';
import { buildKernels, type KernelProgram } from './kernel-programs.ts';
import { compareKernels, type Forms, meanOf } from './kernels.ts';

const forms: Forms = {
  rewritten: (program) =>
    rewriteModule(readModule(program.bytes), [memoryPass, probes(program), preemptPass]),
  plain: ({ bytes }) => rewriteModule(readModule(bytes), [memoryPass, preemptPass]),
};

/** Stops at each line. */
function probes({ bytes, sourceMap }: KernelProgram): Pass {
  const symbols = openSymbols(bytes, ({ kind }) =>
    kind === 'source map' && sourceMap !== undefined ? Buffer.from(sourceMap) : null,
  );
  const offsets = symbols
    .files()
    .flatMap((file) =>
      symbols.linesOf(file).flatMap((line) => symbols.startsOf(file, line).map(({ offset }) => offset)),
    );
  if (offsets.length === 0) throw new Error('the kernels have no lines');
  return probePass(new ProbeMap(readModule(bytes), { offsets: Uint32Array.from(new Set(offsets)).sort() }));
}

export const debugging: Benchmark = {
  rows: [
    {
      name: 'kernels in a debug session',
      what: 'small programs that only compute, without a breakpoint: the geometric mean',
      unit: 'ms',
      peer: 'not debugged',
      better: 'less',
      must: 2,
      aim: 1.25,
    },
  ],
  async measure() {
    return [meanOf(await compareKernels(await buildKernels(true), forms))];
  },
};

if (import.meta.main) process.exit(await bench([debugging], process.argv.slice(2)));
