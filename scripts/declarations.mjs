// Writes the types of the package's API, runtime/index.ts, for programs and plugins that import it.
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
        // Constructors that only the package itself calls.
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
