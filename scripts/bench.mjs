// `npm run bench`: measures. Figures are ratios within one run; nothing is asserted.
import { install, jspiNode, run } from './setup.mjs';

install();
process.exit(run(jspiNode, ['test/bench/kernels.ts']));
