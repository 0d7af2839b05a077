// Bundles the `lunatic` command into dist/.
import { chmodSync } from 'node:fs';
import { build } from 'esbuild';

await build({
  entryPoints: { lunatic: 'runtime/cli/launch.ts', main: 'runtime/cli/main.ts' },
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  platform: 'node',
  // The launcher must still run on a Node that is too old for the rest.
  target: 'node18',
  supported: { 'top-level-await': true },
  packages: 'external',
  external: ['./main.js'],
  sourcemap: true,
  banner: { js: '#!/usr/bin/env node' },
  logLevel: 'warning',
});
chmodSync('dist/lunatic.js', 0o755);
