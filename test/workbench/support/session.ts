import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, inject } from 'vitest';
import { control, installControl } from './control.ts';
import { type RunningServer, type ServerOptions, WorkbenchServer } from './server.ts';
import { launchBrowser, Workbench } from './workbench.ts';

/** Files of a workspace, by their paths in it. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A folder with files. */
export class Workspace {
  readonly folder: string;

  constructor(files: Files, parent = tmpdir()) {
    this.folder = mkdtempSync(join(parent, 'lunatic-workspace-'));
    for (const [path, content] of Object.entries(files)) this.write(path, content);
  }

  /** Names of the files and folders in it. */
  get names(): string[] {
    return readdirSync(this.folder);
  }

  write(path: string, content: string | Uint8Array): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  remove(path = ''): void {
    rmSync(join(this.folder, path), { recursive: true, force: true });
  }

  /** Makes these the only files. What is the same already is not touched: nobody has to be told of it. */
  replaceAll(files: Files): void {
    for (const name of readdirSync(this.folder, { recursive: true, encoding: 'utf8' })) {
      const isKept = Object.keys(files).some((path) => path === name || path.startsWith(`${name}/`));
      if (!isKept) this.remove(name);
    }
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.folder, path);
      if (!existsSync(file) || !readFileSync(file).equals(Buffer.from(content))) this.write(path, content);
    }
  }
}

/** A window on a workspace. */
export type OpenWorkbench = Workbench & { readonly workspace: Workspace };

export interface OpenOptions {
  /**
   * Opens a window that no other test uses. A test needs one where it changes what a window remembers, or where it looks
   * at how a window begins.
   */
  readonly ownWindow?: boolean;
  /** Settings of the workspace. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Loads the extension from its sources, and with it what lets tests share a window. Default: yes. */
  readonly fromSources?: boolean;
}

/** The browser of all test files that run in this OS process, which ends with that, and perhaps sooner. */
let browser: Browser | undefined;

/** The window that test files share which want no server of their own, once there is one. */
let common: OpenWorkbench | undefined;

/**
 * The server and the browser of a test file, which are there before its first test, and the window that its tests share. With
 * options the file has a server of its own.
 */
export class WorkbenchSession {
  readonly #options: (() => ServerOptions) | undefined;
  /** Where the control extension is installed for a server of its own. */
  #extensions: string | undefined;
  /** Workspaces that go with the test file. */
  readonly #workspaces: Workspace[] = [];
  #server: RunningServer | undefined;
  #browser: Browser | undefined;
  /** The window that tests share on a server of their own, once there is one. */
  #own: OpenWorkbench | undefined;
  /** Windows that the running test has. */
  #open: OpenWorkbench[] = [];

  constructor(options?: () => ServerOptions) {
    this.#options = options;
    beforeAll(async () => {
      [this.#server, this.#browser] = await Promise.all([this.#startServer(), runningBrowser()]);
    }, 300_000);
    afterEach(async ({ task }) => {
      const hasFailed = task.result?.state === 'fail';
      const open = this.#open;
      this.#open = [];
      try {
        if (hasFailed) for (const workbench of open) await workbench.keepFailure(task.name);
      } finally {
        for (const workbench of open) {
          // The next test must not suffer from what this one may have left.
          if (!hasFailed && workbench === this.#shared) continue;
          if (workbench === this.#shared) this.#shared = undefined;
          await workbench.close();
        }
      }
    });
    afterAll(async () => {
      await this.#own?.close();
      if (this.#server instanceof WorkbenchServer) await this.#server.stop();
      if (this.#extensions !== undefined) rmSync(this.#extensions, { recursive: true, force: true });
      for (const workspace of this.#workspaces) workspace.remove();
    });
  }

  get #shared(): OpenWorkbench | undefined {
    return this.#options === undefined ? common : this.#own;
  }

  set #shared(window: OpenWorkbench | undefined) {
    if (this.#options === undefined) common = window;
    else this.#own = window;
  }

  async #startServer(): Promise<RunningServer> {
    if (this.#options === undefined) return { authority: inject('authority') };
    const options = this.#options();
    if (options.extensionsFolder !== undefined) return await WorkbenchServer.start(options);
    this.#extensions = await installControl();
    return await WorkbenchServer.start({ ...options, extensionsFolder: this.#extensions });
  }

  /**
   * Opens a window on a workspace, or brings the one that tests share to the state of one that was just opened. What it
   * displays when the test fails is kept.
   */
  async open(files: Files, options: OpenOptions = {}): Promise<OpenWorkbench> {
    const { ownWindow = false, fromSources = true, settings = {} } = options;
    const isShared = fromSources && !ownWindow;
    const workbench = await (isShared
      ? this.#share(files)
      : this.#openWindow(this.#newWorkspace(files), fromSources));
    if (Object.keys(settings).length > 0)
      await control(workbench.workspace.folder, { name: 'configure', settings });
    return workbench;
  }

  /** The same with one file, which is in the editor. */
  async edit(name: string, text: string, options?: OpenOptions): Promise<OpenWorkbench> {
    const workbench = await this.open({ [name]: text }, options);
    await workbench.isActive();
    await workbench.openFile(name);
    return workbench;
  }

  async #share(files: Files): Promise<OpenWorkbench> {
    const workbench = this.#shared;
    if (workbench === undefined) {
      const isCommon = this.#options === undefined;
      // It outlives the test file.
      const workspace = isCommon ? new Workspace(files, inject('workspaces')) : this.#newWorkspace(files);
      this.#shared = await this.#openWindow(workspace, true);
      return this.#shared;
    }
    const { workspace } = workbench;
    try {
      await workbench.dismissDialog();
      await control(workspace.folder, { name: 'reset' });
    } catch (error) {
      // What the test before has left is no fault of this one.
      process.stderr.write(`A window that tests share was not reset, and is replaced: ${error}\n`);
      await workbench.close();
      this.#shared = undefined;
      return await this.#share(files);
    }
    this.#open.push(workbench);
    workspace.replaceAll(files);
    await workbench.showsFiles(Object.keys(files));
    return workbench;
  }

  #newWorkspace(files: Files): Workspace {
    const workspace = new Workspace(files);
    this.#workspaces.push(workspace);
    return workspace;
  }

  async #openWindow(workspace: Workspace, fromSources: boolean): Promise<OpenWorkbench> {
    if (this.#server === undefined || this.#browser === undefined) throw new Error('no server runs');
    const { folder } = workspace;
    const window = await Workbench.open(this.#browser, this.#server, { folder, fromSources });
    const workbench = Object.assign(window, { workspace });
    this.#open.push(workbench);
    await workbench.showsFiles(workspace.names);
    return workbench;
  }
}

/** The browser of this OS process: another one if there is none that runs, with which the common window has gone. */
async function runningBrowser(): Promise<Browser> {
  if (browser?.isConnected() === true) return browser;
  common = undefined;
  browser = await launchBrowser();
  return browser;
}
