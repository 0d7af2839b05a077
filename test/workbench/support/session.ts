import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type ServerOptions, WorkbenchServer } from './server.ts';
import { launchBrowser, Workbench } from './workbench.ts';

/** Files of a workspace, by their paths in it. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A folder with files, for as long as the test file runs. */
export class Workspace {
  readonly folder: string;

  constructor(files: Files) {
    this.folder = mkdtempSync(join(tmpdir(), 'lunatic-workspace-'));
    for (const [path, content] of Object.entries(files)) this.write(path, content);
  }

  write(path: string, content: string | Uint8Array): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  remove(path = ''): void {
    rmSync(join(this.folder, path), { recursive: true, force: true });
  }
}

/** The server and the browser of a test file, which are there before its first test. */
export class WorkbenchSession {
  readonly #options: () => ServerOptions;
  readonly #workspaces: Workspace[] = [];
  #server: WorkbenchServer | undefined;
  #browser: Browser | undefined;
  #open: Workbench[] = [];

  constructor(options: () => ServerOptions = () => ({})) {
    this.#options = options;
    beforeAll(async () => {
      [this.#server, this.#browser] = await Promise.all([
        WorkbenchServer.start(this.#options()),
        launchBrowser(),
      ]);
    }, 300_000);
    afterEach(async ({ task }) => {
      for (const workbench of this.#open) {
        if (task.result?.state === 'fail') await workbench.keepFailure(task.name);
        await workbench.close();
      }
      this.#open = [];
    });
    afterAll(async () => {
      await this.#browser?.close();
      await this.#server?.stop();
      for (const workspace of this.#workspaces) workspace.remove();
    });
  }

  /** Opens a window on a workspace. What it shows when the test fails is kept. */
  async open(
    files: Files,
    { fromSources = true } = {},
  ): Promise<Workbench & { readonly workspace: Workspace }> {
    if (this.#server === undefined || this.#browser === undefined) throw new Error('no server runs');
    const workspace = new Workspace(files);
    this.#workspaces.push(workspace);
    const { folder } = workspace;
    const workbench = await Workbench.open(this.#browser, this.#server, { folder, fromSources });
    this.#open.push(workbench);
    return Object.assign(workbench, { workspace });
  }
}
