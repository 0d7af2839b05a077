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
  return probePass(ProbeMap.of(readModule(bytes), { offsets: Uint32Array.from(new Set(offsets)).sort() }));
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

/** While a kernel runs, another one is armed, which it does not call. */
const armed: Forms = {
  rewritten(program) {
    const { exports, importedFunctions } = readModule(program.bytes);
    const kernels = exports.filter(({ kind, name }) => kind === 'function' && !name.startsWith('__'));
    return {
      ...forms.rewritten(program),
      armedFor(kernel) {
        const next = (kernels.findIndex(({ name }) => name === kernel) + 1) % kernels.length;
        return (kernels[next]?.index ?? 0) - importedFunctions;
      },
    };
  },
  plain: forms.plain,
};

export const breakpointElsewhere: Benchmark = {
  rows: [
    {
      name: 'kernels, breakpoint elsewhere',
      what: 'the same with a breakpoint in a function that is not on the way',
      unit: 'ms',
      peer: 'not debugged',
      better: 'less',
      must: 2,
      aim: 1.25,
    },
  ],
  async measure() {
    return [meanOf(await compareKernels(await buildKernels(true), armed))];
  },
};

if (import.meta.main) process.exit(await bench([debugging, breakpointElsewhere], process.argv.slice(2)));
