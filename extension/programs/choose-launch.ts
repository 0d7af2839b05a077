import * as vscode from 'vscode';
import { isCode } from '../projects/project-keys.ts';
import type { ProjectLaunch } from '../projects/project-launch.ts';
import { activeModule, chooseModule, folderOf } from './choose-module.ts';
import { launchOf } from './launch-configuration.ts';

/**
 * Chooses what is started if nothing names it: the module in the editor; the program of the project that the source in the editor belongs
 * to; the last one; the one that was chosen; the only module, or the one that the user picks.
 * @param verb for messages: `run`, `debug`
 * @param last the configuration of the program that ran last, where that counts
 * @returns undefined if there is none, after telling the user, and if the user picks none
 */
export async function chooseLaunch(
  verb: string,
  projects: ProjectLaunch,
  last?: vscode.DebugConfiguration,
): Promise<vscode.DebugConfiguration | undefined> {
  const module = activeModule();
  if (module !== undefined) return launchOf(module, folderOf(module));
  const source = vscode.window.activeTextEditor?.document.uri;
  const own = source !== undefined && isCode(source) ? await projects.programOf(source) : undefined;
  if (own === null) return undefined;
  // A source alone may be one that the last program was made of.
  const isAlone = own?.project.file === source?.fsPath;
  if (own !== undefined && !(isAlone && last !== undefined)) return projects.configurationOf(own);
  if (last !== undefined) return last;
  const chosen = await projects.chosen();
  if (chosen === null) return undefined;
  if (chosen !== undefined) return projects.configurationOf(chosen);
  const picked = await chooseModule(verb);
  return picked === undefined ? undefined : launchOf(picked, folderOf(picked));
}
