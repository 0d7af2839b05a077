/**
 * The `lunatic` command as npm installs it. It runs also on a Node that is too old for the rest, and hands over to one that has
 * JavaScript Promise Integration, with the flags the scheduler wants.
 */
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasJspi, V8_FLAGS } from './jspi.ts';

/** Set for the Node that takes over, so that two never hand over to each other. */
const TAKEN_OVER = 'LUNATIC_LAUNCHED';

const args = process.argv.slice(2);

if (process.env[TAKEN_OVER] !== undefined) {
  delete process.env[TAKEN_OVER];
  if (hasJspi()) await import('./main.js' as string);
  else explain(`The Node that should run it, ${process.execPath} (${process.version}), cannot suspend wasm.`);
} else {
  const node = findNode();
  if (node === undefined) explain(`It was started with ${process.version}, which cannot suspend wasm.`);
  else handOver(node);
}

/** This Node where it will do; otherwise the one the user names, or the npm package `node` installed near. */
function findNode(): string | undefined {
  const named = process.env['LUNATIC_NODE'];
  if (named !== undefined && named !== '') {
    if (isFile(named)) return named;
    process.stderr.write(`lunatic: LUNATIC_NODE names ${named}, which is no file\n`);
    process.exit(1);
  }
  if (hasJspi()) return process.execPath;
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return isFile(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function handOver(node: string): void {
  const nodeArgs = [...process.execArgv, ...V8_FLAGS, fileURLToPath(import.meta.url), ...args];
  const env = { ...process.env, [TAKEN_OVER]: '1' };
  // Replacing this process leaves no second one between the terminal and the program. Newer Nodes can.
  const { execve } = process as { execve?: (file: string, args: string[], env: NodeJS.ProcessEnv) => void };
  if (execve !== undefined && process.platform !== 'win32') {
    process.removeAllListeners('warning');
    process.on('warning', () => {});
    try {
      execve(node, [node, ...nodeArgs], env);
    } catch {
      // Starting it as a child tells why it cannot be started.
    }
  }
  const child = spawn(node, nodeArgs, { stdio: 'inherit', env });
  // A terminal sends Ctrl-C to both, others to this one alone. The program takes the second one lightly.
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
