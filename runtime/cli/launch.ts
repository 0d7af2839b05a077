/**
 * The `lunatic` command as npm installs it. It also runs on a Node that is too old for the runtime, and hands over to one
 * that has JavaScript Promise Integration. Where there may be many processes it hands over to the same Node with the flags
 * that the scheduler needs then. Nothing is imported before it is needed: short programs pay for every millisecond.
 */
import { hasJspi, V8_FLAGS } from '../kernel/jspi.ts';
import { cacheFolder } from './cache-folder.ts';
import { mayHaveManyProcesses } from './spawning.ts';

/** This variable is set for the Node that takes over, so that two Nodes never hand over to each other. */
const TAKEN_OVER = 'LUNATIC_LAUNCHED';

const args = process.argv.slice(2);
const named = process.env['LUNATIC_NODE'] ?? '';

if (process.env[TAKEN_OVER] !== undefined) {
  delete process.env[TAKEN_OVER];
  if (hasJspi()) await runHere();
  else explain(`The Node that should run it, ${process.execPath} (${process.version}), cannot suspend wasm.`);
} else if (named === '' && hasJspi() && !wantsFlags()) {
  await runHere();
} else {
  const node = await findNode();
  if (node === undefined) explain(`It was started with ${process.version}, which cannot suspend wasm.`);
  else await handOver(node);
}

/** Whether this Node should have been started with flags that it does not have. */
function wantsFlags(): boolean {
  if (V8_FLAGS.every((flag) => process.execArgv.includes(flag))) return false;
  return mayHaveManyProcesses(args, process.env, process.getBuiltinModule('node:fs'));
}

async function runHere(): Promise<void> {
  keepCompiledCode();
  await import('./main.js' as string);
}

/** Lets Node cache V8's compiled code for the next start: in a folder of this user, since the cache is executed unchecked. */
function keepCompiledCode(): void {
  const folder = cacheFolder(process.env);
  if (folder !== null) process.getBuiltinModule('node:module').enableCompileCache(folder);
}

/** The Node that the user names, this Node if it is new enough, or that of the npm package `node` if it is installed nearby. */
async function findNode(): Promise<string | undefined> {
  const { statSync } = await import('node:fs');
  const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  if (named !== '') {
    if (isFile(named)) return named;
    process.stderr.write(`lunatic: LUNATIC_NODE names ${named}, which is not a file\n`);
    process.exit(1);
  }
  if (hasJspi()) return process.execPath;
  const { createRequire } = await import('node:module');
  const { dirname, join } = await import('node:path');
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return isFile(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

async function handOver(node: string): Promise<void> {
  const { fileURLToPath } = await import('node:url');
  const nodeArgs = [...process.execArgv, ...V8_FLAGS, fileURLToPath(import.meta.url), ...args];
  const env = { ...process.env, [TAKEN_OVER]: '1' };
  // Newer Nodes can replace this OS process, so that none stands between the terminal and the program.
  const { execve } = process as { execve?: (file: string, args: string[], env: NodeJS.ProcessEnv) => void };
  if (execve !== undefined && process.platform !== 'win32') {
    process.removeAllListeners('warning');
    process.on('warning', () => {});
    try {
      execve(node, [node, ...nodeArgs], env);
    } catch {
      // Starting it as a child, below, reports why it cannot be started.
    }
  }
  const { spawn } = await import('node:child_process');
  const { constants } = await import('node:os');
  const child = spawn(node, nodeArgs, { stdio: 'inherit', env });
  // A terminal sends Ctrl-C to both OS processes, `kill` to this one alone. A second signal does not harm the program.
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  if (process.platform !== 'win32') signals.push('SIGUSR1');
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`lunatic: cannot start ${node}: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
  });
}

function explain(found: string): void {
  process.stderr.write(
    `lunatic: this command needs a Node with JavaScript Promise Integration (24.21, or 26 and newer).\n${found}\n` +
      'Install such a Node, or put one beside this package with `npm install node@26`,\n' +
      'or name one in the environment variable LUNATIC_NODE.\n',
  );
  process.exit(1);
}
