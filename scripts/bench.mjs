// `npm run bench`: measures, and holds the figures beside what they are to reach. CONTRIBUTING.md tells how to read them.
import { install, jspiNode, run } from './setup.mjs';

install();
// Some rows are of the bundled command.
if (run(process.execPath, ['scripts/build.mjs']) !== 0) process.exit(1);
process.exit(run(jspiNode, ['test/bench/main.ts', ...process.argv.slice(2)]));
