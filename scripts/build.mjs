// Bundles the `lunatic` command, the library and the extension into dist/, with the packages that they use. Only the assembler
// of text modules stays a package of its own: it is large, and loaded only when it is needed.
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { jspiNode } from './setup.mjs';

const shared = {
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  platform: 'node',
  sourcemap: true,
  metafile: true,
  logLevel: 'warning',
};

/** The exports of modules that are loaded late, in the Node that runs the bundle: older ones do not have all of them. */
const LAZY = namesOf(['crypto', 'child_process', 'dgram', 'dns', 'net', 'sqlite', 'tls', 'util']);

const modern = { target: 'node24', plugins: [builtinModules()] };

const results = await Promise.all([
  build({
    ...shared,
    entryPoints: { lunatic: 'runtime/cli/launch.ts', 'cargo-lunatic': 'runtime/cli/cargo-lunatic.ts' },
    // The launcher must run on a Node that is too old for the rest, to say so.
    target: 'node18',
    supported: { 'top-level-await': true },
    external: ['./main.js'],
    banner: { js: '#!/usr/bin/env node' },
  }),
  // Everything that `lunatic run` needs is in one file: finding another file takes as long as loading it.
  build({
    ...shared,
    ...modern,
    entryPoints: { main: 'runtime/cli/main.ts' },
    // It runs programs without any option: nothing can ask for an inspection, metrics or plugins.
    external: [
      'wabt',
      './program.js',
      './inspection.ts',
      './metrics-export.ts',
      '../plugins/load-plugins.ts',
    ],
    minifyWhitespace: true,
    minifySyntax: true,
  }),
  // Each of the others loads only the code that it needs.
  build({
    ...shared,
    ...modern,
    entryPoints: {
      program: 'runtime/cli/program.ts',
      dap: 'debug-adapter/command.ts',
      // The library, for plugins and for programs that embed the runtime.
      index: 'runtime/index.ts',
    },
    splitting: true,
    chunkNames: 'part-[hash]',
    external: ['wabt', './dap.js'],
  }),
  // The extension runs in the extension host of VS Code, which brings a Node of its own.
  build({
    ...shared,
    entryPoints: { extension: 'extension/main.ts' },
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    target: 'node20',
    external: ['vscode', 'wabt'],
    minifyWhitespace: true,
    minifySyntax: true,
  }),
]);
for (const command of ['lunatic', 'cargo-lunatic']) chmodSync(`dist/${command}.js`, 0o755);
const metafiles = results.map(({ metafile }) => metafile);
writeLicences(new Set(metafiles.flatMap(({ inputs }) => Object.keys(inputs)).flatMap(packageOf)));
removeOlderParts(
  new Set(metafiles.flatMap(({ outputs }) => Object.keys(outputs)).map((path) => basename(path))),
);

/**
 * Gets modules of Node without making a namespace of each. That would call all their getters, which opens the standard
 * streams and loads half of Node: ten milliseconds before our first line. The modules in `LAZY` are loaded when something of
 * them is used: most programs use no network.
 */
function builtinModules() {
  return {
    name: 'builtin-modules',
    setup({ onResolve, onLoad }) {
      // Older packages leave out the prefix.
      onResolve({ filter: /^[a-z]/ }, ({ path }) =>
        isBuiltin(path) ? { path, namespace: 'builtin' } : null,
      );
      onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => {
        const load = `process.getBuiltinModule(${JSON.stringify(path)})`;
        const names = LAZY[path];
        if (names === undefined) return { contents: `module.exports = ${load};` };
        const getters = names.map((name) => `get ${name}() { return (loaded ??= ${load}).${name}; }`);
        return { contents: `let loaded;\nmodule.exports = { ${getters.join(', ')} };` };
      });
    },
  };
}

function namesOf(modules) {
  const paths = JSON.stringify(modules.map((name) => `node:${name}`));
  const program = `${paths}.map((path) => [path, Object.getOwnPropertyNames(process.getBuiltinModule(path))])`;
  const printed = execFileSync(jspiNode, ['--no-warnings', '-p', `JSON.stringify(${program})`], {
    encoding: 'utf8',
  });
  return Object.fromEntries(JSON.parse(printed));
}

/** The folder of the package that a bundled file is of. */
function packageOf(file) {
  const [folder] = /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? [];
  return folder === undefined ? [] : [folder];
}

/** Writes the licences of all packages in the bundles, which come with them. */
function writeLicences(folders) {
  const texts = [...folders].sort().map((folder) => {
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (file === undefined && license === undefined) throw new Error(`${folder} has no licence`);
    // Some packages only name their licence.
    const text = file === undefined ? `Licence: ${license}` : readFileSync(join(folder, file), 'utf8').trim();
    return `${name} ${version}\n\n${text}\n`;
  });
  writeFileSync('dist/LICENCES.txt', texts.join(`\n${'-'.repeat(80)}\n\n`));
}

/** Removes the parts of earlier builds. Parts are named by their contents, so new ones do not replace them. */
function removeOlderParts(made) {
  for (const name of readdirSync('dist')) {
    const older = name.startsWith('part-') && !made.has(name);
    if (older) rmSync(join('dist', name), { force: true });
  }
}
