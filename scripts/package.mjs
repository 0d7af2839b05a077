// `npm run package`: makes lunatic.vsix, with the runtime and the debug adapter in it.
//
//   npm run package                              lunatic.vsix: runs on the Node that it finds
//   npm run package -- --target linux-x64        lunatic-linux-x64.vsix: has a Node for that platform inside
//   npm run package -- --out FILE
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { unzipSync } from 'fflate';
import { COMMANDS } from './install-command.cjs';
import { nodeFor, platformOf, TARGETS } from './node-binary.mjs';
import { install, projectFolder, run } from './setup.mjs';

/** The size in bytes that a package may have without its Node. */
const MAX_SIZE = 3.5 * 2 ** 20;

/** Where its Node is. */
const NODE_FOLDER = 'dist/node';

/** The folders and files of the project that are packed in addition to the bundles. */
const OWN = [
  'README.md',
  'CHANGELOG.md',
  'LICENSE-MIT',
  'LICENSE-APACHE',
  'docs',
  'media/icon.png',
  'media/lunatic.svg',
  'media/module-light.svg',
  'media/module-dark.svg',
  'media/lunatic.schema.json',
  'media/templates',
  'media/walkthrough',
  'extension/language',
];

/** Pictures in the README. Documents show the same ones. */
const PICTURES = /\]\((media\/[^)]+)\)/g;
/** Pictures that are removed from the README: the view of extensions shows only those of web servers. */
const PICTURE_LINES = /^!\[.*\]\(media\/.*\)\n\n/gm;

/** The assembler of text modules stays a package of its own. */
const PACKAGES = { wabt: ['package.json', 'index.js', 'LICENSE'] };

/** Parts of the manifest for people who work on the project or install it from npm. */
const FOR_DEVELOPERS = ['scripts', 'devDependencies', 'allowScripts', 'files', 'bin'];

const EXECUTABLE = 0o755;
const PLAIN = 0o644;

/** Variables for the packer and npm: the same files make the same package, and nothing asks the network for new versions. */
const PACKER_ENVIRONMENT = {
  SOURCE_DATE_EPOCH: `${Date.UTC(1980) / 1000}`,
  npm_config_update_notifier: 'false',
};

/**
 * Makes a VSIX of what `npm run build` has made. Returns its path, its size and its number of files.
 * @param {{ target?: string | undefined, out?: string | undefined }} options `target` is the platform whose Node is packed
 *   with it; undefined for none
 */
export async function makeVsix({ target, out }) {
  const { createVSIX } = await import('@vscode/vsce');
  Object.assign(process.env, PACKER_ENVIRONMENT);
  const file = out ?? join(projectFolder, target === undefined ? 'lunatic.vsix' : `lunatic-${target}.vsix`);
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-vsix-'));
  try {
    const files = stage(folder, target);
    await createVSIX({
      cwd: folder,
      packagePath: file,
      ...(target === undefined ? {} : { target }),
      allowMissingRepository: true,
      rewriteRelativeLinks: false,
      gitHubIssueLinking: false,
    });
    const { size, node, nodeSize } = contentOf(file);
    if (size - nodeSize > MAX_SIZE)
      throw new Error(
        `Without Node the package has ${size - nodeSize} bytes, and should have at most ${MAX_SIZE}`,
      );
    if (node !== target) throw new Error(`The Node in the package is for ${node}, and not for ${target}`);
    return { file, size, sizeWithoutNode: size - nodeSize, files };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The size of a VSIX, and that of its Node in it; the platform of that Node, if it has one.
 * @param {string} file
 */
export function contentOf(file) {
  const bytes = readFileSync(file);
  let nodeSize = 0;
  const isNode = ({ name, size }) => {
    if (!name.startsWith(`extension/${NODE_FOLDER}/`)) return false;
    nodeSize += size;
    return /\/node(\.exe)?$/.test(name);
  };
  const [executable] = Object.values(unzipSync(bytes, { filter: isNode }));
  const node = executable === undefined ? undefined : platformOf(executable);
  return { size: bytes.length, nodeSize, node };
}

/** Puts everything into a folder as it is to be packed. Returns the number of files. */
function stage(folder, target) {
  let files = 0;
  const add = (path, content, mode = PLAIN) => {
    files++;
    const place = join(folder, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, content);
    chmodSync(place, mode);
  };
  // Without this file the packer warns that it packs everything.
  writeFileSync(join(folder, '.vscodeignore'), '');
  const own = (path) => readFileSync(join(projectFolder, path));
  add('package.json', JSON.stringify(published(JSON.parse(own('package.json'))), null, 2));
  const readme = own('README.md').toString();
  const pictures = [...readme.matchAll(PICTURES)].map(([, path]) => path);
  for (const path of [...OWN, ...pictures].flatMap(filesOf)) add(path, own(path));
  add('README.md', readme.replace(PICTURE_LINES, ''));
  // The editor shows this one.
  add('LICENSE.txt', licence(own('LICENSE-MIT'), own('LICENSE-APACHE')));
  for (const path of filesOf('dist')) {
    // Types, source maps and the commands of npm are for other ways to install the runtime.
    if (/\.map$|^dist\/types\//.test(path) || COMMANDS.includes(basename(path))) continue;
    add(path, withoutMapComment(path), path.endsWith('/lunatic.cjs') ? EXECUTABLE : PLAIN);
  }
  for (const [name, parts] of Object.entries(PACKAGES)) {
    for (const path of parts.map((part) => `node_modules/${name}/${part}`)) add(path, own(path));
  }
  if (target !== undefined) {
    const { name, executable, licence } = nodeFor(target);
    add(`${NODE_FOLDER}/${name}`, executable, EXECUTABLE);
    add(`${NODE_FOLDER}/LICENSE`, licence);
  }
  return files;
}

function published(manifest) {
  const kept = Object.entries(manifest).filter(([name]) => !FOR_DEVELOPERS.includes(name));
  const { dependencies, ...rest } = Object.fromEntries(kept);
  // The code of all others is in the bundles.
  const packed = Object.entries(dependencies).filter(([name]) => name in PACKAGES);
  return { ...rest, dependencies: Object.fromEntries(packed) };
}

function licence(mit, apache) {
  const line = '-'.repeat(80);
  return `MIT OR Apache-2.0, as you like. The texts of both follow.\n\n${line}\n\n${mit}\n${line}\n\n${apache}`;
}

function filesOf(path) {
  if (!statSync(join(projectFolder, path)).isDirectory()) return [path];
  return readdirSync(join(projectFolder, path))
    .sort()
    .flatMap((name) => filesOf(`${path}/${name}`));
}

function withoutMapComment(path) {
  const content = readFileSync(join(projectFolder, path));
  return /\.c?js$/.test(path) ? content.toString().replace(/\n\/\/# sourceMappingURL=.*\n?$/, '\n') : content;
}

async function main() {
  install();
  const { values } = parseArgs({ options: { target: { type: 'string' }, out: { type: 'string' } } });
  const { target, out } = values;
  if (target !== undefined && !TARGETS.includes(target)) {
    console.error(`There is no package for ${target}. Choose one of ${TARGETS.join(', ')}.`);
    return 2;
  }
  if (run(process.execPath, ['scripts/build.mjs']) !== 0) return 1;
  const { file, size, sizeWithoutNode, files } = await makeVsix({ target, out });
  const without =
    target === undefined ? '' : ` (${megabytes(sizeWithoutNode)} without its Node for ${target})`;
  console.log(`${relative(process.cwd(), file)}  ${files} files, ${megabytes(size)}${without}`);
  return 0;
}

function megabytes(size) {
  return `${(size / 2 ** 20).toFixed(1)} MB`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exit(await main());
