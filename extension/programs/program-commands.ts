import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../debug-type.ts';
import type { ProjectLaunch } from '../projects/project-launch.ts';
import { chooseLaunch } from './choose-launch.ts';
import { folderOf, isModule } from './choose-module.ts';
import { launchOf } from './launch-configuration.ts';
import { OPEN_CORE_DUMP, openCoreDump } from './open-core-dump.ts';
import { nameOfAddress, pickProgram } from './pick-program.ts';

/** Registers the commands that start and attach to programs. */
export function registerProgramCommands(projects: ProjectLaunch): vscode.Disposable {
  const run = (uri?: unknown) => start(projects, uri, true);
  const debug = (uri?: unknown) => start(projects, uri, false);
  return vscode.Disposable.from(
    vscode.commands.registerCommand('lunatic.run', run),
    vscode.commands.registerCommand('lunatic.debug', debug),
    // Menus display titles without a category, so these have titles that say Lunatic.
    vscode.commands.registerCommand('lunatic.runFile', run),
    vscode.commands.registerCommand('lunatic.debugFile', debug),
    vscode.commands.registerCommand('lunatic.attach', attach),
    vscode.commands.registerCommand(OPEN_CORE_DUMP, openCoreDump),
  );
}

async function start(projects: ProjectLaunch, given: unknown, noDebug: boolean): Promise<boolean> {
  const uri = given instanceof vscode.Uri ? given : undefined;
  const config = await (uri === undefined
    ? chooseLaunch(noDebug ? 'run' : 'debug', projects)
    : launchOfFile(projects, uri));
  if (config === undefined) return false;
  const file = uri ?? vscode.window.activeTextEditor?.document.uri;
  const folder = (file && folderOf(file)) ?? vscode.workspace.workspaceFolders?.[0];
  return vscode.debug.startDebugging(folder, config, { noDebug });
}

/** What the menu of a file starts: a module, or the program that a source belongs to. */
async function launchOfFile(
  projects: ProjectLaunch,
  uri: vscode.Uri,
): Promise<vscode.DebugConfiguration | undefined> {
  if (isModule(uri)) return launchOf(uri, folderOf(uri));
  const program = await projects.programOf(uri);
  if (program !== undefined) return program === null ? undefined : projects.configurationOf(program, uri);
  const name = vscode.workspace.asRelativePath(uri);
  vscode.window.showErrorMessage(`${name} belongs to no project that Lunatic can build.`);
  return undefined;
}

async function attach(given?: unknown): Promise<boolean> {
  const target = typeof given === 'string' ? { url: given, name: nameOfAddress(given) } : await pickProgram();
  if (target === undefined) return false;
  const { url, name } = target;
  const config = { type: DEBUG_TYPE, request: 'attach', name: `Attached to ${name}`, url };
  return vscode.debug.startDebugging(undefined, config);
}
