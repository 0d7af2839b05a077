import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../debug-type.ts';
import { fileOfModuleText } from '../modules/module-view.ts';
import { isConfigured } from '../projects/project-keys.ts';
import type { ProjectLaunch } from '../projects/project-launch.ts';
import { chooseLaunch } from './choose-launch.ts';
import { folderOf, isModule } from './choose-module.ts';
import type { LastProgram } from './last-program.ts';
import { OPEN_CORE_DUMP, openCoreDump } from './open-core-dump.ts';
import { nameOfAddress, pickProgram } from './pick-program.ts';

/** Registers the commands that start and attach to programs. */
export function registerProgramCommands(projects: ProjectLaunch, last: LastProgram): vscode.Disposable {
  const run = (uri?: unknown) => start(projects, uri, true);
  const debug = (uri?: unknown) => start(projects, uri, false);
  return vscode.Disposable.from(
    vscode.commands.registerCommand('lunatic.run', run),
    vscode.commands.registerCommand('lunatic.debug', debug),
    // Menus display titles without a category, so these have titles that say Lunatic.
    vscode.commands.registerCommand('lunatic.runFile', run),
    vscode.commands.registerCommand('lunatic.debugFile', debug),
    // Of keys, while F5 is ours.
    vscode.commands.registerCommand('lunatic.startDebugging', () => startMeant(projects, last, false)),
    vscode.commands.registerCommand('lunatic.startWithoutDebugging', () => startMeant(projects, last, true)),
    vscode.commands.registerCommand('lunatic.attach', attach),
    vscode.commands.registerCommand(OPEN_CORE_DUMP, openCoreDump),
  );
}

async function start(projects: ProjectLaunch, given: unknown, noDebug: boolean): Promise<boolean> {
  const uri = given instanceof vscode.Uri ? (fileOfModuleText(given) ?? given) : undefined;
  const config = await (uri === undefined
    ? chooseLaunch(noDebug ? 'run' : 'debug', projects)
    : launchOfFile(projects, uri));
  if (config === undefined) return false;
  return vscode.debug.startDebugging(startFolder(uri), config, { noDebug });
}

/** Starts what F5 runs. The conditions of keys lag behind the editor and a new `launch.json`, so all is decided here again. */
async function startMeant(projects: ProjectLaunch, last: LastProgram, noDebug: boolean): Promise<boolean> {
  const source = vscode.window.activeTextEditor?.document.uri;
  const isOurs = last.runsAgain || (source !== undefined && (await projects.isForWasm(source)));
  if (isConfigured() || !isOurs) {
    await vscode.commands.executeCommand(`workbench.action.debug.${noDebug ? 'run' : 'start'}`);
    return true;
  }
  const { program } = last;
  const config = await chooseLaunch(noDebug ? 'run' : 'debug', projects, program?.config);
  if (config === undefined) return false;
  const folder = config === program?.config ? program.folder : startFolder();
  return vscode.debug.startDebugging(folder, config, { noDebug });
}

/** The workspace folder of a file, or else of the one in the editor, or else the first one. */
function startFolder(
  file = vscode.window.activeTextEditor?.document.uri,
): vscode.WorkspaceFolder | undefined {
  return (file && folderOf(file)) ?? vscode.workspace.workspaceFolders?.[0];
}

/** What the menu of a file starts: a module, or the program that a source belongs to. */
async function launchOfFile(
  projects: ProjectLaunch,
  uri: vscode.Uri,
): Promise<vscode.DebugConfiguration | undefined> {
  if (isModule(uri)) return projects.configurationOfModule(uri);
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
