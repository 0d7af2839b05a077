/**
 * The `lunatic` command in JavaScript. It also runs on a Node that is too old for the runtime, and hands over to one
 * that has JavaScript Promise Integration; as the command is usually installed, a shell does that (command.sh). Where there may be many processes it hands over to the same Node with the flags
 * that the scheduler needs then. Nothing is loaded before it is needed, and the build makes it CommonJS, which an older Node
 * loads seven milliseconds faster: short programs pay for every one.
 */
import { dirname } from 'node:path';
import { hasJspi, V8_FLAGS } from '../kernel/jspi.ts';
import { cacheFolder } from './cache-folder.ts';
import { startNode } from './child-node.ts';
import { errorText } from './error-text.ts';
import { isCargoTest, withImpliedRun } from './mode.ts';
import { foldersAbove, makePrivateFolder } from './private-files.ts';
import { Scripts } from './scripts.ts';
import { mayHaveManyProcesses } from './spawning.ts';

/**
 * This variable is set for the Node that takes over, so that two Nodes never hand over to each other. Its value tells whether
 * the first one has been replaced or waits for the second, or that there was none: a shell has chosen this one.
 */
const TAKEN_OVER = 'LUNATIC_LAUNCHED';
const REPLACED = 'replaced';
const WAITS = 'waits';
const CHOSEN = 'chosen';

/**
 * A pipe between the two Nodes, which nobody writes into. It closes when the first one is gone. Descriptor 3 is left to others:
 * a debug adapter watches its own end by it.
 */
const LIFELINE = 4;
/** Milliseconds after which the second Node watches the pipe. Most programs have ended by then, or are being loaded. */
const WATCH_DELAY = 100;

const STICKY = 0o1000;

/** As the build makes it CommonJS. */
declare const require: NodeJS.Require;

const args = process.argv.slice(2);
const named = process.env['LUNATIC_NODE'] ?? '';
const scripts = new Scripts(__dirname, require);

launch();

function launch(): void {
  const launched = process.env[TAKEN_OVER];
  if (launched !== undefined) delete process.env[TAKEN_OVER];
  const isChosen = launched === CHOSEN;
  if (launched !== undefined && !isChosen) {
    if (launched === WAITS) setTimeout(watchLauncher, WATCH_DELAY).unref();
    if (hasJspi()) runHere();
    else
      explain(`The Node that should run it, ${process.execPath} (${process.version}), cannot suspend wasm.`);
  } else if ((named === '' || isChosen) && hasJspi() && !wantsFlags()) {
    runHere();
  } else {
    // A shell does not see that the package `node` is one of an older Node.
    const node = isChosen && named === '' && !hasJspi() ? findNodeInPath() : findNode();
    if (node === undefined) explain(`It was started with ${process.version}, which cannot suspend wasm.`);
    else handOver(node);
  }
}

/** Whether this Node should have been started with flags that it does not have. */
function wantsFlags(): boolean {
  if (V8_FLAGS.every((flag) => process.execArgv.includes(flag))) return false;
  return mayHaveManyProcesses(args, process.env, fileSystem());
}

async function runHere(): Promise<void> {
  const words = withImpliedRun(args);
  try {
    process.exit(await (isPlainRun(words) ? scripts.main().run(words.slice(1)) : runProgram(words)));
  } catch (error) {
    process.stderr.write(errorText(error));
    process.exit(1);
  }
}

/** Whether a program is to run without any option. Then no parser of command lines is loaded. */
function isPlainRun(words: string[]): boolean {
  const [command, path = ''] = words;
  const isPlain = command === 'run' && path !== '' && !words.some((word) => word.startsWith('-'));
  return isPlain && !isCargoTest(words, process.env);
}

function runProgram(words: string[]): Promise<number> {
  // The adapter is no script.
  if (words[0] === 'dap') keepCompiledCode();
  return scripts.program(words).runProgram(words);
}

/**
 * Lets Node cache V8's compiled code for the next start, in a folder that is this user's alone: the code is executed unchecked,
 * so whoever could write there could run theirs.
 */
function keepCompiledCode(): void {
  const folder = cacheFolder(process.env);
  if (folder !== null && makePrivateFolder(folder))
    process.getBuiltinModule('node:module').enableCompileCache(folder);
}

/** Ends this Node when the one that waits for it has been killed in a way that it could not pass on. */
function watchLauncher(): void {
  const { Socket } = process.getBuiltinModule('node:net');
  const lifeline = new Socket({ fd: LIFELINE }).unref();
  lifeline.on('error', () => {}).on('close', () => process.kill(process.pid, 'SIGTERM'));
  lifeline.resume();
}

/** The Node that the user names, this Node if it is new enough, or that of the npm package `node` if it is installed nearby. */
function findNode(): string | undefined {
  if (named !== '') {
    if (isFile(named)) return named;
    process.stderr.write(`lunatic: LUNATIC_NODE names ${named}, which is not a file\n`);
    process.exit(1);
  }
  if (hasJspi()) return process.execPath;
  const inPackage = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  // Where `require.resolve` looks first, too. It takes an older Node a millisecond.
  const folders = foldersAbove(__filename);
  const open = folders.findIndex(isSticky);
  const beside = (open === -1 ? folders : folders.slice(0, open))
    .map((folder) => `${folder}/node_modules/node/${inPackage}`)
    .find(isFile);
  if (beside !== undefined || open !== -1) return beside;
  try {
    const binary = `${dirname(require.resolve('node/package.json'))}/${inPackage}`;
    return isFile(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

function findNodeInPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':');
  return folders
    .map((folder) => `${folder || '.'}/node`)
    .find((path) => isFile(path) && path !== process.execPath);
}

function isFile(path: string): boolean {
  return fileSystem().statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Whether anybody may put something into a folder, as into /tmp. */
function isSticky(folder: string): boolean {
  return ((fileSystem().statSync(folder, { throwIfNoEntry: false })?.mode ?? 0) & STICKY) !== 0;
}

/** Loaded when it is needed. */
function fileSystem(): typeof import('node:fs') {
  return require('node:fs') as typeof import('node:fs');
}

function handOver(node: string): void {
  // The flags cost some two milliseconds.
  const flags = wantsFlags() ? V8_FLAGS : [];
  const nodeArgs = [...process.execArgv, ...flags, __filename, ...args];
  // Newer Nodes can replace this OS process, so that none stands between the terminal and the program.
  const { execve } = process as { execve?: (file: string, args: string[], env: NodeJS.ProcessEnv) => void };
  if (execve !== undefined && process.platform !== 'win32') {
    process.removeAllListeners('warning');
    process.on('warning', () => {});
    try {
      execve(node, [node, ...nodeArgs], { ...process.env, [TAKEN_OVER]: REPLACED });
    } catch {
      // Starting it as a child, below, reports why it cannot be started.
    }
  }
  const env = { ...process.env, [TAKEN_OVER]: WAITS };
  const child = startNode(
    { file: node, args: nodeArgs, env, lifeline: LIFELINE },
    {
      ended(code, signal) {
        if (signal === null) process.exit(code);
        const { constants } = require('node:os') as typeof import('node:os');
        if (signal === 'SIGABRT' || signal === 'SIGTRAP' || signal === 'SIGILL') explainFatal(signal);
        process.exit(128 + constants.signals[signal]);
      },
      failed(error) {
        process.stderr.write(`lunatic: cannot start ${node}: ${error.message}\n`);
        process.exit(1);
      },
    },
  );
  // A terminal sends Ctrl-C to both OS processes, `kill` to this one alone. A second signal does not harm the program.
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  if (process.platform !== 'win32') signals.push('SIGUSR1');
  for (const signal of signals) process.on(signal, () => child.kill(signal));
}

/** Says what to do about a fatal error of V8's, which it has described. */
function explainFatal(signal: NodeJS.Signals): void {
  process.stderr.write(
    `lunatic: V8 has ended the command by ${signal} after the fatal error above. If that is memory, --max-processes, --max-memory,\n` +
      '--max-host-memory and --max-mailbox bound what the program takes; what --allow-gc allows has no bound.\n',
  );
}

function explain(found: string): void {
  process.stderr.write(
    `lunatic: this command needs a Node with JavaScript Promise Integration (24.21, or 26 and newer).\n${found}\n` +
      'Install such a Node, or put one beside this package with `npm install node@26`,\n' +
      'or name one in the environment variable LUNATIC_NODE.\n',
  );
  process.exit(1);
}
