import * as vscode from 'vscode';
import { type Log, messageOf } from '../log.ts';

/** What npm installs for AssemblyScript. The compiler options of its projects are in it, and what their sources may use. */
const ASSEMBLYSCRIPT = '**/node_modules/assemblyscript/**';
/** Milliseconds without a new file after which it is installed. */
const CALM = 1000;

const TYPESCRIPT = 'vscode.typescript-language-features';
const RESTART = 'typescript.restartTsServer';

/**
 * Restarts VS Code's server for TypeScript when AssemblyScript has been installed: it reads the options of a project only once, and
 * would go on displaying errors in all sources of one whose options were missing then.
 */
export function restartTypeScript(log: Log): vscode.Disposable {
  const files = vscode.workspace.createFileSystemWatcher(ASSEMBLYSCRIPT, false, true, true);
  let calm: NodeJS.Timeout | undefined;
  const created = files.onDidCreate(() => {
    clearTimeout(calm);
    calm = setTimeout(() => void restart(log), CALM);
  });
  return vscode.Disposable.from(files, created, { dispose: () => clearTimeout(calm) });
}

async function restart(log: Log): Promise<void> {
  // Where it does not run, it has read nothing.
  if (vscode.extensions.getExtension(TYPESCRIPT)?.isActive !== true) return;
  log.info('AssemblyScript was installed: the server for TypeScript is restarted.');
  try {
    await vscode.commands.executeCommand(RESTART);
  } catch (error) {
    log.warn(`The server for TypeScript could not be restarted: ${messageOf(error)}`);
  }
}
