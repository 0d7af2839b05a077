// `npm start`: installs, builds the command and the first example, and runs it.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { install, projectFolder, run } from './setup.mjs';

install();
if (run(process.execPath, ['scripts/build.mjs']) !== 0) process.exit(1);

const source = join('examples', 'supervisor-assemblyscript', 'supervisor.ts');
const module = join('build', 'examples', 'supervisor.wasm');
console.log(`compiling ${source} ...`);
const { buildAssemblyScript } = await import('./build-guests.mjs');
mkdirSync(join(projectFolder, 'build', 'examples'), { recursive: true });
await buildAssemblyScript(join(projectFolder, source), join(projectFolder, module));

console.log(`$ lunatic run ${module}\n`);
process.exit(run(process.execPath, [join('dist', 'lunatic.cjs'), 'run', module]));
