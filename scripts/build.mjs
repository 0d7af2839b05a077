// Bundles the `lunatic` command, the library and the extension into dist/, with the packages that they use. Only the assembler
// of text modules stays a package of its own: it is large, and loaded only when it is needed.
import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, join, relative, sep } from 'node:path';
import { build } from 'esbuild';

/** Modules that Node itself has loaded before our first line. Each file that got them by getters would have all getters of its own. */
const ALWAYS_LOADED = new Set(['node:fs', 'node:path', 'node:process', 'node:url', 'node:util']);

const shared = {
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  platform: 'node',
  sourcemap: true,
  metafile: true,
  logLevel: 'warning',
};

const modern = {
  target: 'node24',
  plugins: [builtinModules()],
  // As literals, V8 compiles them when they are first used.
  supported: { 'regexp-unicode-property-escapes': true },
  define: { REWRITER: JSON.stringify(rewriter()) },
};

/** For the extension host of VS Code, which brings a Node of its own. */
const forExtensionHost = {
  ...shared,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  target: 'node20',
  external: ['vscode', 'wabt'],
  // Only what is not bundled uses it.
  define: { 'import.meta.url': '""' },
  minifyWhitespace: true,
  minifySyntax: true,
};

/**
 * The command is two scripts: `main.cjs` has what most programs run in, and `program.cjs` all the rest, which imports from the
 * first what both need. As scripts, V8 can keep their code. Modules would be slower, too: what they import from each other V8
 * looks up at each use.
 */
const script = {
  ...shared,
  ...modern,
  // Functions, which the launcher calls.
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  banner: {
    js: '(function (module, require) { const assemblerScript = () => new URL("assembler.cjs", module.url), symbolReaderScript = () => new URL("symbol-reader.cjs", module.url);',
  },
  footer: { js: '})' },
  // Scripts can import only by what is experimental in Node, so they require what they load later.
  supported: { ...modern.supported, 'dynamic-import': false },
  define: { ...modern.define, 'import.meta.url': 'module.url' },
  minifyWhitespace: true,
  minifySyntax: true,
};
/** What the first script takes from the second one when it is needed. */
const LATER = ['./debugging.ts', './inspection.ts', './metrics-export.ts', '../plugins/load-plugins.ts'];
/** What both take from the launcher. */
const IN_LAUNCHER = ['./checksum.ts', './private-files.ts'];
const IMPORTING = 'runtime/plugins/import-module.ts';
const first = {
  ...script,
  external: ['wabt', ...LATER, ...IN_LAUNCHER],
};
const second = {
  ...script,
  stdin: {
    resolveDir: 'runtime/cli',
    contents: `export * from './program.ts';
      export const later = { ${LATER.map((path) => `get '${path}'() { return require('${path}'); }`)} };`,
  },
  entryNames: 'program',
  external: ['wabt', ...IN_LAUNCHER],
};
let inFirst = filesIn(
  await build({ ...first, plugins: [], entryPoints: ['runtime/cli/main.ts'], write: false }),
);
let program;
let main;
// What the second script takes from the first may bring more into that, which the second must then take from there, too.
for (let known = 0; known < inFirst.size; ) {
  known = inFirst.size;
  const wanted = new Set();
  program = await build({
    ...second,
    plugins: [takenFromFirst(inFirst, wanted), ...modern.plugins],
  });
  main = await build({
    ...first,
    stdin: {
      resolveDir: '.',
      contents: `export * from './runtime/cli/main.ts';
        ${[...wanted].map((path, i) => `import * as m${i} from './${path}';`).join('\n')}
        export const modules = { ${[...wanted].map((path, i) => `'${path}': m${i}`)} };`,
    },
    entryNames: 'main',
  });
  inFirst = inFirst.union(filesIn(main));
}

const results = await Promise.all([
  build({
    ...shared,
    entryPoints: { lunatic: 'runtime/cli/launch.ts' },
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    // The launcher must run on a Node that is too old for the rest, to say so.
    target: 'node18',
    define: { SCRIPTS_HASH: JSON.stringify(hashOf(['dist/main.cjs', 'dist/program.cjs'])) },
    banner: { js: '#!/usr/bin/env node' },
  }),
  build({
    ...shared,
    entryPoints: { 'cargo-lunatic': 'runtime/cli/cargo-lunatic.ts' },
    target: 'node18',
    banner: { js: '#!/usr/bin/env node' },
  }),
  // Each of the others loads only the code that it needs.
  build({
    ...shared,
    ...modern,
    entryPoints: {
      dap: 'debug-adapter/command.ts',
      // The library, for plugins and for programs that embed the runtime.
      index: 'runtime/index.ts',
    },
    splitting: true,
    chunkNames: 'part-[hash]',
    external: ['wabt'],
    banner: {
      js: `const assemblerScript = () => import.meta.dirname + "/assembler.cjs";
        const disassemblerScript = () => import.meta.dirname + "/disassembler.cjs";
        const symbolReaderScript = () => import.meta.dirname + "/symbol-reader.cjs";`,
    },
  }),
  // The threads for work that must not hold up the others.
  build({
    ...forExtensionHost,
    entryPoints: {
      assembler: 'runtime/wat/assembler.ts',
      disassembler: 'debug-adapter/disassembler.ts',
      'module-reader': 'extension/modules/module-reader.ts',
      'symbol-reader': 'runtime/wat/symbol-reader.ts',
    },
  }),
  build({
    ...forExtensionHost,
    entryPoints: { extension: 'extension/main.ts' },
    banner: {
      js: `const moduleReaderScript = () => __dirname + "/module-reader.cjs";
        const disassemblerScript = () => __dirname + "/disassembler.cjs";
        const symbolReaderScript = () => __dirname + "/symbol-reader.cjs";`,
    },
  }),
]);
for (const command of ['lunatic.cjs', 'cargo-lunatic.js']) chmodSync(join('dist', command), 0o755);
const metafiles = [main, program, ...results].map(({ metafile }) => metafile);
writeLicences(new Set(metafiles.flatMap(({ inputs }) => Object.keys(inputs)).flatMap(packageOf)));
removeOlderParts(
  new Set(metafiles.flatMap(({ outputs }) => Object.keys(outputs)).map((path) => basename(path))),
);

/** The files of which code is in a bundle. */
function filesIn({ metafile }) {
  const files = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  return new Set(files.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])));
}

/** Lets the second script import files that are in the first one from there, and collects them in `wanted`. */
function takenFromFirst(inFirst, wanted) {
  return {
    name: 'taken-from-first',
    setup(builder) {
      builder.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        const file = relative('.', join(resolveDir, path)).replaceAll(sep, '/');
        if (file === IMPORTING) return { path: file, external: true };
        // What only passes on what others export would bring all of these.
        if (!file.startsWith('runtime/') || file.endsWith('/index.ts') || !inFirst.has(file)) return null;
        wanted.add(file);
        return { path: file, external: true };
      });
    },
  };
}

/** A hash of the sources of which rewritten modules depend: those kept by an older version are not used. */
function rewriter() {
  const folders = ['runtime/wasm', 'runtime/kernel'];
  return hashOf(
    folders.flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.ts'))
        .sort()
        .map((name) => join(folder, name)),
    ),
  );
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
}

/**
 * Gets modules of Node when something of them is used: most programs use no network, and need no streams. Making a namespace
 * of each, as esbuild does, would call all their getters, which opens the standard streams and loads half of Node: ten
 * milliseconds before our first line. A name that is imported becomes a getter, so `names` must be known before.
 */
function builtinModules() {
  return {
    name: 'builtin-modules',
    async setup({ onResolve, onLoad, initialOptions }) {
      const names = await importedNames(initialOptions);
      // Older packages leave out the prefix.
      onResolve({ filter: /^[a-z]/ }, ({ path, kind }) => {
        if (ALWAYS_LOADED.has(path)) return { path, external: true };
        return isBuiltin(path)
          ? { path, namespace: kind === 'require-call' ? 'required' : 'imported' }
          : null;
      });
      onLoad({ filter: /^/, namespace: 'required' }, ({ path }) => ({
        contents: `module.exports = ${load(path)};`,
      }));
      onLoad({ filter: /^/, namespace: 'imported' }, ({ path }) => {
        const used = names.get(path);
        if (used === undefined || used.has('*')) return { contents: `module.exports = ${load(path)};` };
        const getters = [...used].map(
          (name) => `get ${name}() { return (loaded ??= ${load(path)}).${name}; }`,
        );
        const marked = [...getters, '__esModule: true'].join(', ');
        return { contents: `let loaded;\nmodule.exports = { ${marked} };` };
      });
    },
  };
}
function load(path) {
  return `process.getBuiltinModule(${JSON.stringify(path)})`;
}

/** The names that a bundle imports of each module of Node; '*' where it takes the whole module. */
async function importedNames({ plugins: _, ...options }) {
  const plain = {
    write: false,
    sourcemap: false,
    minifyWhitespace: false,
    minifySyntax: false,
    format: 'esm',
  };
  const { outputFiles } = await build({ ...options, ...plain });
  const names = new Map();
  for (const { text } of outputFiles) {
    for (const [, what, path] of text.matchAll(/^import ([^"';]+) from "([^"]+)";$/gm)) {
      if (!isBuiltin(path)) continue;
      const used = names.get(path) ?? new Set();
      names.set(path, used);
      const list = /^\{(.*)\}$/s.exec(what.trim());
      if (list === null) used.add('*');
      for (const item of list?.[1].split(',') ?? []) used.add(item.trim().split(' ')[0]);
    }
  }
  return names;
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
