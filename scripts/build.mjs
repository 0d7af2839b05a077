// Bundles the `lunatic` command, the library and the extension into dist/, with the packages that they use. Only the assembler
// of text modules stays a package of its own: it is large, and loaded only when it is needed.
import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import { hostFunctionsAsJson } from './host-functions.mjs';
import { installCommands } from './install-command.cjs';

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
 * The command is five scripts: `main.cjs` has what every program runs in, `rest.cjs` what many do without, `program.cjs` commands and
 * options, `schedulers.cjs` what opens several schedulers for a program that needs nothing of `program.cjs`, and `nats.cjs` the
 * client of NATS. The later ones take from
 * the earlier ones what they need, too. As scripts, V8 can keep their code. Modules
 * would be slower, too: what they import from each other V8 looks up at each use.
 */
const script = {
  ...shared,
  ...modern,
  // Functions, which the launcher calls.
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  banner: {
    js: '(function (module, require) { const assemblerScript = () => new URL("assembler.cjs", module.url), symbolReaderScript = () => new URL("symbol-reader.cjs", module.url), moduleMakerScript = () => new URL("module-maker.cjs", module.url);',
  },
  footer: { js: '})' },
  // Scripts can import only by what is experimental in Node, so they require what they load later.
  supported: { ...modern.supported, 'dynamic-import': false },
  define: { ...modern.define, 'import.meta.url': 'module.url' },
  minifyWhitespace: true,
  minifySyntax: true,
};
/** What the first script imports dynamically. It takes it from the last one, which loads it when it is needed. */
const LATER = [
  './core-dumps.ts',
  './coverage.ts',
  './debugging.ts',
  './inspection.ts',
  './metrics-export.ts',
  './schedulers.ts',
  '../plugins/load-plugins.ts',
];
/** What the first script loads from the second one when it uses something of it. Nobody may use anything of it while a script is loaded. */
const LAZY = new Set(
  [
    ...['command', 'metrics', 'networking', 'permissions', 'sqlite'].map((name) => `host/${name}`),
    ...['maker-thread', 'module-bounds'].map((name) => `kernel/${name}`),
    ...['process-end', 'snapshot', 'view/index'].map((name) => `inspect/${name}`),
    ...['demangle', 'stack-frame', 'stack-places'].map((name) => `symbols/${name}`),
    ...[
      'draft-pass',
      'drop-customs-pass',
      'features',
      'meter-pass',
      'preempt-pass',
      'probe-codec',
      'reuse-pass',
      'rewrite-module',
    ].map((name) => `wasm/${name}`),
    'certificates/control-certificates',
    'cli/stack-locator',
    'wat/index',
  ].map((name) => `runtime/${name}.ts`),
);
/** What the first script has for the last one alone: the second one would be loaded for it while processes compute. */
const EARLY = ['runtime/net/socket.ts'];
const SCRIPTS = ['main', 'rest', 'program', 'schedulers', 'nats'].map((name) => `dist/${name}.cjs`);
/** What all take from the launcher. */
const IN_LAUNCHER = ['./checksum.ts', './private-files.ts'];
const IMPORTING = 'runtime/plugins/import-module.ts';
const main = {
  ...script,
  entryNames: 'main',
  external: ['wabt', ...LATER, ...IN_LAUNCHER],
};
const rest = {
  ...script,
  entryNames: 'rest',
  external: ['wabt', ...IN_LAUNCHER],
};
const program = {
  ...script,
  entryNames: 'program',
  external: ['wabt', '../cluster/nats/join.ts', ...IN_LAUNCHER],
  stdin: {
    resolveDir: 'runtime/cli',
    contents: `export * from './program.ts';
      export const later = { ${LATER.map((path) => `get '${path}'() { return require('${path}'); }`)} };`,
  },
};
const schedulers = {
  ...script,
  entryNames: 'schedulers',
  // To inspect a program, options are needed.
  external: ['wabt', '../schedulers/inspected-*.ts', ...IN_LAUNCHER],
  stdin: { resolveDir: 'runtime/cli', contents: "export * from './schedulers.ts';" },
};
/** What `program.cjs` takes of the client of NATS, which few need. */
const NATS = '../cluster/nats/join.ts';
const nats = {
  ...script,
  entryNames: 'nats',
  external: ['wabt', ...IN_LAUNCHER],
  stdin: { resolveDir: 'runtime/cli', contents: `export * from '${NATS}';` },
};
const takesLater = takenFrom((file) => LAZY.has(file));
let inMain = new Set([
  ...EARLY,
  ...filesIn(
    await build({ ...main, plugins: [takesLater], entryPoints: ['runtime/cli/main.ts'], write: false }),
  ),
]);
let inRest = new Set();
let builtMain;
let builtRest;
let builtProgram;
let builtSchedulers;
let builtNats;
// What others take from a script may bring more into that, which they must then take from there, too.
for (let known = ''; known !== `${inMain.size} ${inRest.size}`; ) {
  known = `${inMain.size} ${inRest.size}`;
  const wanted = new Set();
  builtProgram = await buildTaking(program, wanted, (file) => inMain.has(file) || inRest.has(file));
  builtSchedulers = await buildTaking(schedulers, wanted, (file) => inMain.has(file) || inRest.has(file));
  builtNats = await buildTaking(nats, wanted, (file) => inMain.has(file) || inRest.has(file));
  const later = new Set([...LAZY, ...[...wanted].filter((file) => !inMain.has(file))]);
  builtRest = await buildTaking({ ...rest, stdin: loadedLater(later) }, wanted, (file) => inMain.has(file));
  const fromMain = [...wanted].filter((file) => inMain.has(file));
  builtMain = await build({
    ...main,
    plugins: [takesLater, ...modern.plugins],
    stdin: {
      resolveDir: '.',
      contents: `export * from './runtime/cli/main.ts';
        ${fromMain.map((path, i) => `import * as m${i} from './${path}';`).join('\n')}
        export const modules = { ${fromMain.map((path, i) => `'${path}': m${i}`)} };`,
    },
  });
  inMain = new Set([...inMain, ...filesIn(builtMain)]);
  inRest = new Set([...inRest, ...filesIn(builtRest)].filter((file) => !inMain.has(file)));
}

const results = await Promise.all([
  build({
    ...shared,
    entryPoints: { lunatic: 'runtime/cli/launch.ts' },
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    // The launcher must run on a Node that is too old for the rest, to say so.
    target: 'node18',
    define: { SCRIPTS_HASH: JSON.stringify(hashOf(SCRIPTS)) },
    banner: { js: '#!/usr/bin/env node' },
  }),
  build({
    ...shared,
    entryPoints: { 'cargo-lunatic': 'runtime/cli/cargo-lunatic.ts' },
    target: 'node18',
    banner: { js: readFileSync('runtime/cli/cargo-lunatic.sh', 'utf8').trimEnd() },
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
        const symbolReaderScript = () => import.meta.dirname + "/symbol-reader.cjs";
        const moduleMakerScript = () => import.meta.dirname + "/module-maker.cjs";`,
    },
  }),
  // The threads for work that must not hold up the others.
  build({
    ...forExtensionHost,
    entryPoints: {
      assembler: 'runtime/wat/assembler.ts',
      'module-maker': 'runtime/kernel/module-maker.ts',
      'symbol-reader': 'runtime/wat/symbol-reader.ts',
    },
  }),
  build({
    ...forExtensionHost,
    entryPoints: {
      disassembler: 'debug-adapter/disassembler.ts',
      'module-reader': 'extension/modules/module-reader.ts',
    },
    plugins: [onlyWhatIsUsed()],
    logOverride: { 'ignored-bare-import': 'silent' },
  }),
  // The language server is an OS process of its own, and its client is loaded when a text module is opened.
  build({
    ...forExtensionHost,
    entryPoints: {
      'language-server': 'extension/language-server/main.ts',
      'language-client': 'extension/language-client/client.ts',
    },
    minifyIdentifiers: true,
    banner: { js: 'const symbolReaderScript = () => __dirname + "/symbol-reader.cjs";' },
    // The other form of the parser of JSON requires files by names that are computed.
    alias: { 'jsonc-parser': './node_modules/jsonc-parser/lib/esm/main.js' },
    plugins: [hostFunctionsAlone(), onlyWhatIsUsed()],
    logOverride: { 'ignored-bare-import': 'silent' },
  }),
  build({
    ...forExtensionHost,
    entryPoints: { extension: 'extension/main.ts' },
    // The editor reads all of it before the extension is active.
    minifyIdentifiers: true,
    plugins: [onlyWhatIsUsed(), vscodeItself()],
    logOverride: { 'ignored-bare-import': 'silent' },
    banner: {
      js: `const moduleReaderScript = () => __dirname + "/module-reader.cjs";
        const symbolReaderScript = () => __dirname + "/symbol-reader.cjs";
        const languageClient = () => require("./language-client.cjs");`,
    },
  }),
]);
const flags = (await importBuilt('runtime/kernel/jspi.ts')).V8_FLAGS.join(' ');
writeFileSync(
  'dist/command.cjs',
  readFileSync('runtime/cli/command.sh', 'utf8').replace('V8_FLAGS', () => flags),
);
for (const command of ['lunatic.cjs', 'command.cjs', 'cargo-lunatic.js'])
  chmodSync(join('dist', command), 0o755);
// In a package they are installed where it is.
if (!process.argv.includes('--for-package')) installCommands('dist');
const metafiles = [builtMain, builtRest, builtProgram, builtSchedulers, builtNats, ...results].map(
  ({ metafile }) => metafile,
);
writeLicences(new Set(metafiles.flatMap(({ inputs }) => Object.keys(inputs)).flatMap(packageOf)));
removeOlderParts(
  new Set(metafiles.flatMap(({ outputs }) => Object.keys(outputs)).map((path) => basename(path))),
);

/** Builds a script that takes files from others. The first one has been loaded before. */
async function buildTaking(options, wanted, isTaken) {
  const names = await importedNames({ ...options, plugins: [takenFrom(isTaken, { wanted })] }, (path) =>
    inMain.has(path),
  );
  return await build({ ...options, plugins: [takenFrom(isTaken, { names }), ...modern.plugins] });
}

/** Imports a file of the project that imports no other. The Node that builds may not know its types. */
async function importBuilt(path) {
  const { outputFiles } = await build({ entryPoints: [path], format: 'esm', write: false });
  return await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}

/** The files of the project of which code is in a bundle. */
function filesIn({ metafile }) {
  const files = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  return new Set(
    files.flatMap(([path, { bytesInOutput }]) =>
      path.startsWith('runtime/') && bytesInOutput > 0 ? [path] : [],
    ),
  );
}

/** A script that loads each of these files when it is asked for it. */
function loadedLater(files) {
  const getters = [...files].map((file) => `get '${file}'() { return require('./${file}'); }`);
  return { resolveDir: '.', contents: `export const modules = { ${getters} };` };
}

/**
 * Lets a script take files of others, by their paths in the project.
 * @param wanted collects them
 * @param names what is used of those that have been loaded before: it becomes variables of the script, since what is looked up at each
 *   use takes longer
 */
function takenFrom(isTaken, { wanted = new Set(), names = new Map() } = {}) {
  return {
    name: 'taken-from-others',
    setup(builder) {
      builder.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, importer, kind }) => {
        const file = relative('.', join(resolveDir, path)).replaceAll(sep, '/');
        if (file === IMPORTING) return { path: file, external: true };
        // What a script itself has is asked for by its own text.
        if (importer === '<stdin>' || kind === 'entry-point' || !isTaken(file)) return null;
        wanted.add(file);
        return names.has(file) && kind !== 'dynamic-import'
          ? { path: file, namespace: 'taken' }
          : { path: file, external: true };
      });
      builder.onResolve({ filter: /^/, namespace: 'taken' }, ({ path }) => ({ path, external: true }));
      builder.onLoad({ filter: /^/, namespace: 'taken' }, ({ path }) => ({
        contents: `const taken = require(${JSON.stringify(path)});
          ${[...names.get(path)].map((name) => `export const ${name} = taken.${name};`).join('\n')}`,
      }));
    },
  };
}

/** A hash of the sources of which rewritten modules depend: those kept by an older version are not used. */
function rewriter() {
  // Where processes of a debug session can be stopped is kept as well, which symbols tell.
  const folders = ['runtime/wasm', 'runtime/kernel', 'runtime/symbols', 'runtime/wat'];
  return hashOf([
    'runtime/cli/debugging.ts',
    ...folders.flatMap((folder) =>
      readdirSync(folder, { recursive: true })
        .filter((name) => name.endsWith('.ts'))
        .sort()
        .map((name) => join(folder, name)),
    ),
  ]);
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
}

/**
 * Leaves out files, and packages of them, of which nothing is used: the extension takes a little of the runtime, and loading all of it
 * would keep the editor waiting. They declare host functions when they are loaded, which the extension never calls.
 */
function onlyWhatIsUsed() {
  return {
    name: 'only-what-is-used',
    setup({ onResolve, resolve }) {
      onResolve({ filter: /^(\.\.?\/.*\.ts|ws|vscode-jsonrpc\/node|prom-client)$/ }, async (asked) => {
        if (asked.pluginData === 'known') return null;
        const { importer, kind, resolveDir } = asked;
        const found = await resolve(asked.path, { importer, kind, resolveDir, pluginData: 'known' });
        return { ...found, sideEffects: false };
      });
    },
  };
}

/** Gives a bundle what the table of host functions says, without their code. */
function hostFunctionsAlone() {
  return {
    name: 'host-functions-alone',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]runtime[\\/]host[\\/]table\.ts$/ }, async () => ({
        contents: `const functions = ${await hostFunctionsAsJson()};
          export const allHostFunctions = () => functions;
          export const functionsOf = (module) => functions.filter((one) => one.module === module);`,
      }));
    },
  };
}

/** Lets the extension use VS Code's API itself: an import of all of it would copy its 500 names for each file, which takes longer than the rest. */
function vscodeItself() {
  return {
    name: 'vscode-itself',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]extension[\\/].*\.ts$/ }, ({ path }) => ({
        loader: 'ts',
        contents: readFileSync(path, 'utf8').replace(
          /^import \* as vscode from 'vscode';$/m,
          "import vscode = require('vscode');",
        ),
      }));
    },
  };
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
      const names = await importedNames({ ...initialOptions, plugins: [] }, isBuiltin);
      // Older packages leave out the prefix.
      onResolve({ filter: /^[a-z]/ }, ({ path, kind }) => {
        if (ALWAYS_LOADED.has(path)) return { path, external: true };
        return isBuiltin(path)
          ? { path, namespace: kind === 'require-call' ? 'required' : 'imported' }
          : null;
      });
      // A connection without encryption takes none of these, which takes up to thirty milliseconds to load.
      onLoad({ filter: /node_modules.ws.lib.websocket\.js$/ }, ({ path }) => ({
        contents: readFileSync(path, 'utf8').replace(
          /^const (https|tls) = require\('\1'\);$/gm,
          (_, name) => `const ${name} = {
            get request() { return ${load(name)}.request; },
            get connect() { return ${load(name)}.connect; },
          };`,
        ),
      }));
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

/** The names that a bundle imports of each of some modules; '*' where it takes the whole module. */
async function importedNames(options, isWanted) {
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
      if (!isWanted(path)) continue;
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
