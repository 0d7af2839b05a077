// `npm run fuzz`: runs the fuzzers. CONTRIBUTING.md tells how to repeat what they find.
import { install, jspiNode, run } from './setup.mjs';

install();
process.exit(run(jspiNode, ['test/fuzz/main.ts', ...process.argv.slice(2)]));
