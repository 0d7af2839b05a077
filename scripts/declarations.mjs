// Writes the types of the public face, runtime/index.ts, for programs and plugins that import the package.
//
//   node scripts/declarations.mjs [FOLDER]       default: dist/types
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { projectFolder, run } from './setup.mjs';

const folder = resolve(process.argv[2] ?? join(projectFolder, 'dist', 'types'));
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
        // What the package's own code calls, and nobody else.
        stripInternal: true,
        outDir: folder,
        rootDir: projectFolder,
        typeRoots: [join(projectFolder, 'node_modules', '@types')],
      },
      files: ['index.ts', 'webassembly.d.ts'].map((name) => join(projectFolder, 'runtime', name)),
      include: [],
    }),
  );
  rmSync(folder, { recursive: true, force: true });
  const tsc = join(projectFolder, 'node_modules', 'typescript', 'bin', 'tsc');
  process.exitCode = run(process.execPath, [tsc, '-p', config]);
} finally {
  rmSync(temporary, { recursive: true });
}
