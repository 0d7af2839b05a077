// `npm run soak`: runs everything for a long time, with the flags of a scheduler for many processes.
import { install, jspiNode, run } from './setup.mjs';

install();
const flags = ['--semi-space-growth-factor=8', '--max-semi-space-size=64', '--expose-gc'];
process.exit(run(jspiNode, [...flags, 'test/soak/main.ts', ...process.argv.slice(2)]));
