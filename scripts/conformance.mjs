// `npm run conformance`: runs the tests of the contract with guests with 1, with 2 and with 4 schedulers, all those that can differ.
// Arguments are passed to vitest.
import { join } from 'node:path';
import { install, jspiNode, projectFolder, run } from './setup.mjs';

install();
const vitest = join(projectFolder, 'node_modules', 'vitest', 'vitest.mjs');
const projects = ['conformance', '2 schedulers', '4 schedulers'].flatMap((name) => ['--project', name]);
const env = { ...process.env, LUNATIC_TEST_ALL: '1' };
process.exit(run(jspiNode, [vitest, 'run', ...projects, ...process.argv.slice(2)], { env }));
