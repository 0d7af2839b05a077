// `npm run bench`: measures. Figures are ratios within one run; nothing is asserted.
import { install, jspiNode, run } from './setup.mjs';

install();
const filter = process.argv.slice(2, 3);
// As the command runs its scheduler, see runtime/cli/jspi.ts.
const flags = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'];
const failed = ['test/bench/processes.ts', 'test/bench/kernels.ts'].filter(
  (file) => run(jspiNode, [...flags, file, ...filter]) !== 0,
);
process.exit(failed.length === 0 ? 0 : 1);
