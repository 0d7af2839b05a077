import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALL_TESTS, ProcessConfig, runTests } from '../../runtime/internal.ts';
import type { LoadedModule } from '../../runtime/kernel/module.ts';
import { builtFolder } from '../../scripts/build-guests.mjs';
import type { Random } from '../fuzz/random.ts';
import { Feed } from '../support/program.ts';
import type { Session } from './session.ts';
import type { Workload } from './workload.ts';

let module: LoadedModule | null = null;

/** Tests of a module, some of which fail and some never end. Some runs are cancelled. */
export const tests: Workload = {
  name: 'tests',
  weight: 2,
  async run({ runtime }: Session, random: Random): Promise<void> {
    module ??= runtime.load(new Uint8Array(readFileSync(join(builtFolder, 'rust', 'tests.wasm'))));
    const abort = new AbortController();
    const timer = random.chance(0.3) ? setTimeout(() => abort.abort(), random.magnitude(100)) : undefined;
    const input = new Feed();
    input.end();
    const summary = await runTests(
      runtime,
      module,
      {
        selection: ALL_TESTS,
        config: ProcessConfig.forRoot(),
        input,
        signal: abort.signal,
        ...(random.chance(0.5) ? { jobs: random.between(1, 4) } : {}),
      },
      () => {},
    );
    clearTimeout(timer);
    if (!abort.signal.aborted && summary.passed === 0)
      throw new Error(`no test has passed: ${JSON.stringify(summary)}`);
  },
};
