// Writes the types of the package's API, runtime/index.ts, for programs and plugins that import it.
//
//   node scripts/declarations.mjs [FOLDER]       default: dist/types
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { projectFolder, run } from './setup.mjs';

const folder = resolve(process.argv[2] ?? join(projectFolder, 'dist', 'types'));
const ambient = join('runtime', 'webassembly.d.ts');

/**
 * Makes the declarations independent of libraries of TypeScript: `WebAssembly` is a global name only with that of the DOM,
 * and a second global declaration would collide with it. Files that mention it import it instead.
 */
function bringWebAssembly() {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue;
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    if (!/\bWebAssembly\.[A-Z]/.test(text)) continue;
    const from = relative(dirname(path), join(folder, ambient)).replaceAll('\\', '/').replace('.d.ts', '.ts');
    const specifier = from.startsWith('.') ? from : `./${from}`;
    writeFileSync(path, `import type { WebAssembly } from '${specifier}';\n${text}`);
  }
  const declarations = readFileSync(join(projectFolder, ambient), 'utf8');
  writeFileSync(join(folder, ambient), declarations.replace('declare namespace', 'export declare namespace'));
}

const temporary = mkdtempSync(join(tmpdir(), 'lunatic-types-'));
try {
  const config = join(temporary, 'tsconfig.json');
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(projectFolder, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        // Constructors that only the package itself calls.
        stripInternal: true,
        outDir: folder,
        rootDir: projectFolder,
        typeRoots: [join(projectFolder, 'node_modules', '@types')],
      },
      files: [join(projectFolder, 'runtime', 'index.ts'), join(projectFolder, ambient)],
      include: [],
    }),
  );
  rmSync(folder, { recursive: true, force: true });
  const tsc = join(projectFolder, 'node_modules', 'typescript', 'bin', 'tsc');
  process.exitCode = run(process.execPath, [tsc, '-p', config]);
  if (process.exitCode === 0) bringWebAssembly();
} finally {
  rmSync(temporary, { recursive: true });
}
