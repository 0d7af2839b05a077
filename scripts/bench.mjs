// `npm run bench`: measures, and compares the figures with their bounds. CONTRIBUTING.md tells how to read them.
import { install, jspiNode, run } from './setup.mjs';

install();
// Some rows measure the bundled command.
if (run(process.execPath, ['scripts/build.mjs']) !== 0) process.exit(1);
process.exit(run(jspiNode, ['test/bench/main.ts', ...process.argv.slice(2)]));
