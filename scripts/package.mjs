// `npm run package`: makes lunatic.vsix, with the runtime and the debug adapter in it.
//
//   npm run package                              lunatic.vsix: runs on the Node that it finds
//   npm run package -- --target linux-x64        lunatic-linux-x64.vsix: has a Node inside, that of this machine
//   npm run package -- --out FILE
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, extname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { install, jspiNode, projectFolder, run } from './setup.mjs';

/** Bytes that a package without Node may have. */
const MAX_SIZE = 3 * 2 ** 20;

/** Folders and files of the project that are packed beside the bundles. */
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
  'extension/language',
];

/** What else the README shows, which the documents show too. */
const PICTURES = /\]\((media\/[^)]+)\)/g;
/** The view of extensions shows pictures of web servers only. */
const PICTURE_LINES = /^!\[.*\]\(media\/.*\)\n\n/gm;

/** The assembler of text modules stays a package of its own. */
const PACKAGES = { wabt: ['package.json', 'index.js', 'LICENSE'] };

/** Parts of the manifest that are for those who work on the project. */
const FOR_DEVELOPERS = ['scripts', 'devDependencies', 'dependencies', 'allowScripts', 'files', 'bin'];

const EXECUTABLE = 0o755;
const PLAIN = 0o644;

/** The platform that this machine is. */
export const thisTarget = `${process.platform}-${process.arch}`;

/**
 * Makes a VSIX of what `npm run build` has made. Returns its path.
 * @param {{ target?: string | undefined, out?: string | undefined }} options `target` is the platform whose Node is packed
 *   with it; undefined for none
 */
export async function makeVsix({ target, out }) {
  const { zipSync } = await import('fflate');
  const manifest = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8'));
  const file = out ?? join(projectFolder, target === undefined ? 'lunatic.vsix' : `lunatic-${target}.vsix`);
  const entries = new Map();
  const add = (path, content, mode = PLAIN) => entries.set(path, { content: Buffer.from(content), mode });

  add('extension/package.json', JSON.stringify(published(manifest), null, 2));
  const readme = readFileSync(join(projectFolder, 'README.md'), 'utf8');
  const pictures = [...readme.matchAll(PICTURES)].map(([, path]) => path);
  for (const path of [...OWN, ...pictures].flatMap(filesOf)) {
    add(`extension/${path}`, readFileSync(join(projectFolder, path)));
  }
  add('extension/README.md', readme.replace(PICTURE_LINES, ''));
  for (const path of filesOf('dist')) {
    // Those of the command as npm installs it, types, and maps for people who work on it.
    if (/\.map$|^dist\/types\//.test(path) || basename(path) === 'cargo-lunatic.js') continue;
    add(`extension/${path}`, withoutMapComment(path), path.endsWith('/lunatic.js') ? EXECUTABLE : PLAIN);
  }
  for (const [name, files] of Object.entries(PACKAGES)) {
    for (const path of files.map((part) => `node_modules/${name}/${part}`)) {
      add(`extension/${path}`, readFileSync(join(projectFolder, path)));
    }
  }
  if (target !== undefined) {
    add(`extension/dist/node/${basename(jspiNode)}`, readFileSync(jspiNode), EXECUTABLE);
    add('extension/dist/node/LICENSE', nodeLicence());
  }
  add('extension.vsixmanifest', vsixManifest(manifest, target));
  add('[Content_Types].xml', contentTypes([...entries.keys()]));

  const zip = zipSync(
    Object.fromEntries(
      // Unix, whose file modes those who unpack it respect. The same files make the same package.
      [...entries].map(([path, { content, mode }]) => [
        path,
        [content, { os: 3, attrs: mode << 16, level: 9, mtime: '1980-01-01T00:00:00' }],
      ]),
    ),
  );
  if (target === undefined && zip.length > MAX_SIZE) {
    throw new Error(`The package has ${zip.length} bytes, and should have at most ${MAX_SIZE}`);
  }
  writeFileSync(file, zip);
  return { file, size: zip.length, files: entries.size };
}

function published(manifest) {
  return Object.fromEntries(Object.entries(manifest).filter(([name]) => !FOR_DEVELOPERS.includes(name)));
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

/** Node's own licence, with those of what is in it. The package has its executable from one of its platform. */
function nodeLicence() {
  const { platform, arch } = process;
  const names = [`node-${platform === 'win32' ? 'win' : platform}-${arch}`, `node-bin-${platform}-${arch}`];
  const places = names.flatMap((name) => [`node_modules/node/node_modules/${name}`, `node_modules/${name}`]);
  const file = places.map((place) => join(projectFolder, place, 'LICENSE')).find((path) => existsSync(path));
  if (file === undefined) throw new Error('The licence of the package `node` is not found');
  return readFileSync(file);
}

function vsixManifest(manifest, target) {
  const { name, version, publisher, displayName, description, keywords, categories, engines } = manifest;
  const property = (id, value) =>
    `      <Property Id="Microsoft.VisualStudio.${id}" Value="${xml(value)}" />`;
  const asset = (type, path) =>
    `    <Asset Type="Microsoft.VisualStudio.${type}" Path="extension/${xml(path)}" Addressable="true" />`;
  const platform = target === undefined ? '' : ` TargetPlatform="${xml(target)}"`;
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011"
  xmlns:d="http://schemas.microsoft.com/developer/vsx-schema-design/2011">
  <Metadata>
    <Identity Language="en-US" Id="${xml(name)}" Version="${xml(version)}" Publisher="${xml(publisher)}"${platform} />
    <DisplayName>${xml(displayName)}</DisplayName>
    <Description xml:space="preserve">${xml(description)}</Description>
    <Tags>${xml([...keywords, 'debuggers', '__ext_wat'].join(','))}</Tags>
    <Categories>${xml(categories.join(','))}</Categories>
    <GalleryFlags>Public</GalleryFlags>
    <Properties>
${[
  property('Code.Engine', engines.vscode),
  property('Code.ExtensionDependencies', ''),
  property('Code.ExtensionPack', ''),
  property('Code.ExtensionKind', manifest.extensionKind.join(',')),
  property('Code.LocalizedLanguages', ''),
  property('Code.ExecutesCode', 'true'),
  property('Services.GitHubFlavoredMarkdown', 'true'),
].join('\n')}
    </Properties>
    <License>extension/LICENSE-MIT</License>
    <Icon>extension/${xml(manifest.icon)}</Icon>
  </Metadata>
  <Installation>
    <InstallationTarget Id="Microsoft.VisualStudio.Code" />
  </Installation>
  <Dependencies />
  <Assets>
${[
  asset('Code.Manifest', 'package.json'),
  asset('Services.Content.Details', 'README.md'),
  asset('Services.Content.Changelog', 'CHANGELOG.md'),
  asset('Services.Content.License', 'LICENSE-MIT'),
  asset('Services.Icons.Default', manifest.icon),
].join('\n')}
  </Assets>
</PackageManifest>
`;
}

const TYPES = {
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.txt': 'text/plain',
  '.js': 'application/javascript',
  '.cjs': 'application/javascript',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.vsixmanifest': 'text/xml',
};

/** What the files of a package are. Those without an extension are named one by one. */
function contentTypes(paths) {
  const extensions = [...new Set(paths.map((path) => extname(path)))].filter((extension) => extension !== '');
  const defaults = extensions.map(
    (extension) =>
      `<Default Extension="${xml(extension)}" ContentType="${TYPES[extension] ?? 'application/octet-stream'}"/>`,
  );
  const others = paths
    .filter((path) => extname(path) === '')
    .map(
      (path) =>
        `<Override PartName="/${xml(path)}" ContentType="${/LICENSE/.test(path) ? 'text/plain' : 'application/octet-stream'}"/>`,
    );
  return `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">${[...defaults, ...others].join('')}</Types>
`;
}

function xml(text) {
  return `${text}`.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

async function main() {
  install();
  const { values } = parseArgs({ options: { target: { type: 'string' }, out: { type: 'string' } } });
  const { target, out } = values;
  if (target !== undefined && target !== thisTarget) {
    console.error(
      `The Node inside is that of this machine, ${thisTarget}: make the package for ${target} on such a machine.`,
    );
    return 2;
  }
  if (run(process.execPath, ['scripts/build.mjs']) !== 0) return 1;
  const { file, size, files } = await makeVsix({ target, out });
  console.log(`${relative(process.cwd(), file)}  ${files} files, ${(size / 2 ** 20).toFixed(1)} MB`);
  return 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exit(await main());
