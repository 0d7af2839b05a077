// `npm run soak`: runs everything for a long time.
import { install, jspiNode, run } from './setup.mjs';

install();
process.exit(run(jspiNode, ['test/soak/start.ts', ...process.argv.slice(2)]));
