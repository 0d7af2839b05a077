/** What it costs to note what is executed. */
import { SourceRuns } from '../../runtime/coverage/source-runs.ts';
import { openSymbols } from '../../runtime/symbols/open-symbols.ts';
import {
  CoverMap,
  coverPass,
  memoryPass,
  type Pass,
  preemptPass,
  readModule,
  rewriteModule,
} from '../../runtime/wasm/index.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';
import { buildKernels, type KernelProgram } from './kernel-programs.ts';
import { compareKernels, type Forms, meanOf } from './kernels.ts';

const forms: Forms = {
  rewritten: (program) => rewriteModule(readModule(program.bytes), [memoryPass, flags(program), preemptPass]),
  plain: ({ bytes }) => rewriteModule(readModule(bytes), [memoryPass, preemptPass]),
};

/** Notes all lines. */
function flags({ bytes, sourceMap }: KernelProgram): Pass {
  const module = readModule(bytes);
  const symbols = openSymbols(bytes, ({ kind }) =>
    kind === 'source map' && sourceMap !== undefined ? Buffer.from(sourceMap) : null,
  );
  const map = CoverMap.of(
    module,
    SourceRuns.of(module, symbols, (file) => !file.startsWith('~lib')),
  );
  if (map.flags === 0) throw new Error('the kernels have no lines');
  return coverPass(map);
}

export const coverage: Benchmark = {
  rows: [
    {
      name: 'kernels with coverage',
      what: 'small programs that only compute, while it is noted which lines and branches are executed: the geometric mean',
      unit: 'ms',
      peer: 'not covered',
      better: 'less',
      must: 1.5,
      aim: 1.15,
    },
  ],
  async measure() {
    return [meanOf(await compareKernels(await buildKernels(true), forms))];
  },
};

if (import.meta.main) process.exit(await bench([coverage], process.argv.slice(2)));
