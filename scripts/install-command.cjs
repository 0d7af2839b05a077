// The install step: has `/bin/sh` run the commands of the package, on POSIX. Whoever leaves it out, as with `--ignore-scripts`, has
// commands that a Node begins. See runtime/cli/command.sh.
// It is no module, since those cannot lie in a folder with a backslash in its name.
const {
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs');
const { dirname, join } = require('node:path');

/** The commands of the package, in `dist`. */
const COMMANDS = ['command.cjs', 'cargo-lunatic.js'];
const SHELL = '/bin/sh';
const STICKY = 0o1000;

/**
 * Installs the commands in a folder `dist`. What cannot be replaced stays as it is.
 * @param {string} dist
 */
function installCommands(dist) {
  if (process.platform === 'win32' || !existsSync(SHELL)) return;
  for (const command of COMMANDS) {
    const path = join(dist, command);
    const unfinished = `${path}.${process.pid}`;
    try {
      const here = realpathSync(dist);
      if (!fitsScript(here)) return;
      const text = readFileSync(path, 'utf8')
        .replace(/^#!.*/, () => `#!${SHELL}`)
        .replace(/^here=.*/m, () => `here=${quote(here)}`)
        .replace(/^own=.*/m, () => `own=${quote(ownNode())}`);
      // A new file: package managers link the same one into several projects.
      writeFileSync(unfinished, text, { flag: 'wx', mode: statSync(path).mode });
      renameSync(unfinished, path);
    } catch {
      rmSync(unfinished, { force: true });
    }
  }
}

/** This Node, if it can run the command and stays what it is. */
function ownNode() {
  const node = process.execPath;
  return 'Suspending' in WebAssembly && fitsScript(node) && foldersAbove(node).every(isNobodyElses)
    ? node
    : '';
}

/** Whether nobody else can put something in a folder of which the rest is not theirs. */
function isNobodyElses(folder) {
  return (statSync(folder).mode & STICKY) === 0;
}

/** @returns {string[]} */
function foldersAbove(path) {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...foldersAbove(folder)];
}

/** Whether a path can stand in a script that is a comment for Node. */
function fitsScript(path) {
  return !/\p{Cc}|\*\/|\ufffd/u.test(path);
}

function quote(path) {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}

module.exports = { COMMANDS, installCommands };

if (require.main === module) installCommands(join(__dirname, '..', 'dist'));
