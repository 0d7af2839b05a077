import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { installControl } from './control.ts';
import { installServer } from './install.ts';
import { WorkbenchServer } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The address and port of the server of all test files that want none of their own. */
    authority: string;
    /** A folder for the workspaces of windows that test files share. */
    workspaces: string;
  }
}

/**
 * Called before all tests, for the root project and for each of the others, which have what the root provides: installs the server where it is missing, and
 * starts the one that test files share.
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!project.isRootProject()) return undefined;
  // Each file that needs a server of its own would install it again, at the same time.
  await installServer();
  const extensionsFolder = await installControl();
  const server = await WorkbenchServer.start({ extensionsFolder });
  project.provide('authority', server.authority);
  const workspaces = mkdtempSync(join(tmpdir(), 'lunatic-workspaces-'));
  project.provide('workspaces', workspaces);
  return async () => {
    await server.stop();
    rmSync(workspaces, { recursive: true, force: true });
    rmSync(extensionsFolder, { recursive: true, force: true });
  };
}
