import * as vscode from 'vscode';
import type { Program } from '../projects/project.ts';
import { isCode } from '../projects/project-keys.ts';
import { activeModule } from './choose-module.ts';
import { findEntries, languageOf } from './entries.ts';

/** What is started if nothing names it. */
export type Decision =
  | { readonly module: vscode.Uri }
  | { readonly program: Program }
  /** The program that ran last, by its configuration. */
  | { readonly last: vscode.DebugConfiguration }
  /** One of these that the user picks; if there are none, a module. */
  | { readonly choices: readonly Program[] };

/** The programs of a workspace. */
export interface WorkspacePrograms {
  /** All of them that are for WebAssembly. */
  programs(): Promise<readonly Program[]>;
  /** Those of the project that a file belongs to. May throw a `ProjectError`. */
  programsAt(file: vscode.Uri): Promise<readonly Program[]>;
  /** The one of some that is meant: the one that begins in a file, the chosen one, or the only one. */
  meant(programs: readonly Program[], file?: vscode.Uri): Program | undefined;
}

/**
 * Decides what is started if nothing names it: the module in the editor; the program of the project that the source in the editor belongs
 * to; the last one; the one that was chosen.
 * @param last the configuration of the program that ran last, where that counts
 * @throws ProjectError
 */
export async function decideLaunch(
  workspace: WorkspacePrograms,
  last?: vscode.DebugConfiguration,
): Promise<Decision> {
  const module = activeModule();
  if (module !== undefined) return { module };
  const source = vscode.window.activeTextEditor?.document.uri;
  const own = source !== undefined && isCode(source) ? await workspace.programsAt(source) : [];
  const isAlone = own[0]?.project.file === source?.fsPath;
  if (own.length > 0 && !(isAlone && last !== undefined && isPartOf(last))) return among(own);
  return last === undefined ? among(await workspace.programs()) : { last };

  function among(choices: readonly Program[]): Decision {
    const program = workspace.meant(choices, source);
    return program === undefined ? { choices } : { program };
  }
}

/** Whether a source that is in no project may be one that the last program was made of: this was not built, or nothing begins in it. */
function isPartOf({ project }: vscode.DebugConfiguration): boolean {
  const { document } = vscode.window.activeTextEditor ?? {};
  const language = document && languageOf(document.fileName);
  if (project === undefined || language === undefined) return true;
  // Those of AssemblyScript begin with their top level.
  return language !== 'assemblyscript' && findEntries(document?.getText() ?? '', language).length === 0;
}
