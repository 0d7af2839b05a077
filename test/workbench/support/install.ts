import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** npm's code-server of this version carries the server of VS Code 1.139: the real workbench, in a browser. */
const CODE_SERVER = '4.139.1';
/** The Node that it wants. */
const NODE = '24.21.0';

/** Parts of it that are large, and that nobody here needs. */
const UNNEEDED = [
  'extensions/copilot',
  'extensions/mermaid-markdown-features',
  'node_modules/@github',
  'node_modules/@microsoft/mxc-sdk',
  'node_modules/@vscode/windows-process-tree',
];

/** An installed VS Code server. */
export interface Installation {
  /** The Node that runs it. */
  readonly node: string;
  /** Path of its `server-main.js`. */
  readonly main: string;
}

/**
 * Installs the server where it is missing, some 500 MB from npm's registry, without compiling and without running
 * anybody's scripts. It stays in a cache folder, which `LUNATIC_WORKBENCH_CACHE` may name: `npm ci` would remove it
 * from `node_modules`.
 */
export async function installServer(): Promise<Installation> {
  const cache = process.env['LUNATIC_WORKBENCH_CACHE'] || join(homedir(), '.cache', 'lunatic-workbench');
  const folder = join(cache, `${CODE_SERVER}-${NODE}`);
  const platformNode = `node-${process.platform}-${process.arch}`;
  const installation = {
    node: join(folder, 'node', 'node_modules', platformNode, 'bin', 'node'),
    main: join(folder, 'package', 'lib', 'vscode', 'out', 'server-main.js'),
  };
  if (existsSync(folder)) return installation;

  // Only a whole installation gets the name.
  const draft = `${folder}.${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(join(draft, 'node'), { recursive: true });
  await writeFile(join(draft, 'node', 'package.json'), '{ "private": true }');
  await Promise.all([
    npm(join(draft, 'node'), 'install', '--ignore-scripts', `${platformNode}@${NODE}`),
    npm(draft, 'pack', `code-server@${CODE_SERVER}`),
  ]);
  await run('tar', ['xzf', `code-server-${CODE_SERVER}.tgz`], { cwd: draft });
  await rm(join(draft, `code-server-${CODE_SERVER}.tgz`));
  const server = join(draft, 'package', 'lib', 'vscode');
  // Not `npm ci`: an entry is missing in its lock file.
  for (const part of [server, join(server, 'extensions')]) {
    await npm(part, 'install', '--omit=dev', '--ignore-scripts');
  }
  for (const part of UNNEEDED) await rm(join(server, part), { recursive: true, force: true });
  await rename(draft, folder);
  return installation;
}

async function npm(cwd: string, ...args: string[]): Promise<void> {
  const npmScript = process.env['npm_execpath'];
  const [command, ...before] = npmScript === undefined ? ['npm'] : [process.execPath, npmScript];
  await run(command ?? 'npm', [...before, ...args, '--silent', '--no-audit', '--no-fund'], {
    cwd,
    maxBuffer: 2 ** 26,
  });
}
