// What every other script needs: the packages of package-lock.json, among them a Node that can suspend wasm.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectFolder = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** The Node with JavaScript Promise Integration that comes with the development dependencies. */
export const jspiNode = join(
  projectFolder,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

/** Runs a command and shows its output. Returns its exit code. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: projectFolder, stdio: 'inherit', ...options });
  if (error !== undefined) {
    console.error(`cannot run ${command}: ${error.message}`);
    return 1;
  }
  return status ?? 1;
}

/** Installs the development dependencies if they are missing or older than the lock file. Ends this program on failure. */
export function install() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) fail(`Node 20 or newer is needed, this is ${process.version}`);
  if (!isInstalled()) {
    console.log('installing the packages of package-lock.json ...');
    // npm tells in the environment how it was started. On Windows it is not a plain executable.
    const npm = process.env.npm_execpath;
    const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
    const code =
      npm === undefined ? run('npm', args, { shell: true }) : run(process.execPath, [npm, ...args]);
    if (code !== 0) fail('the packages could not be installed');
  }
  if (!existsSync(jspiNode)) {
    fail(
      'the package `node` did not install its executable; perhaps npm is set to ignore install scripts.\n' +
        'Try `npm rebuild node --ignore-scripts=false`.',
    );
  }
}

function isInstalled() {
  const marker = join(projectFolder, 'node_modules', '.package-lock.json');
  const lock = join(projectFolder, 'package-lock.json');
  if (!existsSync(marker)) return false;
  return statSync(marker).mtimeMs >= statSync(lock).mtimeMs || samePackages(marker, lock);
}

/** A fresh checkout makes the lock file newer than an installation of exactly its packages. */
function samePackages(marker, lock) {
  const versions = (file) =>
    Object.entries(JSON.parse(readFileSync(file, 'utf8')).packages)
      .filter(([path, { optional }]) => path !== '' && !optional)
      .map(([path, { version }]) => `${path}@${version}`)
      .sort()
      .join('\n');
  return versions(marker) === versions(lock);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
