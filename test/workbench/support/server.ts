import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Installation, installServer } from './install.ts';

/** Milliseconds that a server has to end: machines are busy. */
const END_GRACE = 30_000;

/** Settings under which nothing moves that is not looked at. */
const SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.enableExperiments': false,
  'workbench.tips.enabled': false,
  // What takes the focus, as an editor that the debugger opens, does not close what a test types into.
  'workbench.quickOpen.closeOnFocusLost': false,
  'workbench.commandPalette.experimental.enableNaturalLanguageSearch': false,
  'chat.disableAIFeatures': true,
  'extensions.ignoreRecommendations': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'telemetry.telemetryLevel': 'off',
  'window.restoreWindows': 'none',
  'git.enabled': false,
  // In a browser, files are saved after a second.
  'files.autoSave': 'off',
  // Lines would move while tests point at them.
  'lunatic.tests.codeLens': false,
  'lunatic.processes.codeLens': false,
  // Tests that share a window have files of the same names.
  'workbench.editor.restoreViewState': false,
  'debug.openDebug': 'neverOpen',
  'debug.internalConsoleOptions': 'openOnSessionStart',
};

export interface ServerOptions {
  /** Asks whether the workspace is trusted. Otherwise it is. */
  readonly workspaceTrust?: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Folder for all that it keeps. Default: one of its own, which is removed at the end. */
  readonly dataFolder?: string;
  readonly extensionsFolder?: string;
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Whether pages can load extensions from their sources, and run tests. Notifications are hidden then.
   * Default: yes.
   */
  readonly isDriven?: boolean;
}

/** A VS Code server that runs, which another OS process may have started. */
export interface RunningServer {
  /** Its address and port. */
  readonly authority: string;
}

/** A VS Code server, which serves workbenches to browsers and runs their extension hosts. */
export class WorkbenchServer implements RunningServer {
  readonly authority: string;
  readonly #child: ChildProcess;
  readonly #ownFolder: string | undefined;
  readonly #ended: Promise<void>;

  private constructor(child: ChildProcess, authority: string, ownFolder: string | undefined) {
    this.#child = child;
    this.authority = authority;
    this.#ownFolder = ownFolder;
    this.#ended = new Promise((done) => child.once('exit', () => done()));
  }

  static async start(options: ServerOptions = {}): Promise<WorkbenchServer> {
    const { workspaceTrust = false, isDriven = true, env, settings, extensionsFolder } = options;
    const ownFolder =
      options.dataFolder === undefined ? mkdtempSync(join(tmpdir(), 'lunatic-workbench-')) : undefined;
    const data = options.dataFolder ?? ownFolder ?? '';
    const user = join(data, 'data', 'User');
    mkdirSync(user, { recursive: true });
    writeFileSync(join(user, 'settings.json'), JSON.stringify({ ...SETTINGS, ...settings }));

    const installation = await installServer();
    const child = spawnServer(installation, env, [
      ...[
        '--host',
        '127.0.0.1',
        '--port',
        '0',
        '--without-connection-token',
        '--accept-server-license-terms',
      ],
      ...['--telemetry-level', 'off', '--server-data-dir', data],
      // The PATH is that of this process, whatever the user's shell makes of it.
      '--force-disable-user-env',
      ...(extensionsFolder === undefined ? [] : ['--extensions-dir', extensionsFolder]),
      ...(workspaceTrust ? [] : ['--disable-workspace-trust']),
      ...(isDriven ? ['--enable-smoke-test-driver'] : []),
    ]);
    const port = await announcedPort(child);
    return new WorkbenchServer(child, `127.0.0.1:${port}`, ownFolder);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    // It ends its extension hosts first. Killed before, it would leave them behind.
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_GRACE);
    await this.#ended;
    clearTimeout(timer);
    if (this.#ownFolder !== undefined) rmSync(this.#ownFolder, { recursive: true, force: true });
  }
}

/** Where a browser finds the workbench of a server. */
export function urlOf(
  { authority }: RunningServer,
  folder: string | undefined,
  payload: readonly (readonly [string, string])[] = [],
): string {
  const what = folder === undefined ? 'ew=true' : `folder=${encodeURI(folder)}`;
  return `http://${authority}/?${what}&payload=${encodeURIComponent(JSON.stringify(payload))}`;
}

/** How the page of a server names a file of this machine. */
export function remotePath({ authority }: RunningServer, path: string): string {
  return `vscode-remote://${authority}${path}`;
}

/** Installs a packed extension as a user would. */
export async function installExtension(
  vsix: string,
  dataFolder: string,
  extensionsFolder: string,
): Promise<void> {
  const child = spawnServer(await installServer(), {}, [
    ...['--accept-server-license-terms', '--server-data-dir', dataFolder],
    ...['--extensions-dir', extensionsFolder, '--install-extension', vsix],
  ]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += text));
  const code = await new Promise((done) => child.once('exit', done));
  if (code !== 0 || !output.includes('successfully installed')) throw new Error(output);
}

function spawnServer(
  { node, main }: Installation,
  env: Readonly<Record<string, string>> | undefined,
  args: readonly string[],
): ChildProcess {
  return spawn(node, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
}

function announcedPort(child: ChildProcess): Promise<number> {
  return new Promise((done, fail) => {
    let log = '';
    const look = (text: Buffer) => {
      log += text;
      const port = /Extension host agent listening on (\d+)/.exec(log)?.[1];
      if (port !== undefined) done(Number(port));
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('exit', () => fail(new Error(`the server did not start:\n${log}`)));
    child.once('error', fail);
  });
}
