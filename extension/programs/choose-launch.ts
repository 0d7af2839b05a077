import * as vscode from 'vscode';
import { ProjectError } from '../projects/project.ts';
import type { ProjectLaunch } from '../projects/project-launch.ts';
import { tellProjectError } from '../projects/tell-project-error.ts';
import { chooseModule } from './choose-module.ts';
import { type Decision, decideLaunch } from './decide-launch.ts';

/**
 * Chooses what is started if nothing names it: what `decideLaunch` says, or what the user picks.
 * @param verb for messages: `run`, `debug`
 * @param last the configuration of the program that ran last, where that counts
 * @returns undefined if there is none, after telling the user, and if the user picks none
 */
export async function chooseLaunch(
  verb: string,
  projects: ProjectLaunch,
  last?: vscode.DebugConfiguration,
): Promise<vscode.DebugConfiguration | undefined> {
  let decision: Decision;
  try {
    decision = await decideLaunch(projects, last);
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    void tellProjectError(error);
    return undefined;
  }
  if ('last' in decision) return decision.last;
  if ('choices' in decision && decision.choices.length === 0) {
    const picked = await chooseModule(verb);
    return picked && projects.configurationOfModule(picked);
  }
  if ('module' in decision) return projects.configurationOfModule(decision.module);
  const program = 'program' in decision ? decision.program : await projects.ask(decision.choices);
  return program && projects.configurationOf(program, vscode.window.activeTextEditor?.document.uri);
}
