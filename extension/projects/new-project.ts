import { homedir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import {
  createProject,
  faultOfName,
  LANGUAGES,
  type Language,
  ProjectFileError,
  RUST_TARGETS,
  type RustTarget,
  TEMPLATES,
  type Template,
  usualRustTarget,
} from '../../runtime/internal.ts';
import { rustSysroot } from './tools.ts';

const TITLE = 'New Lunatic Project';

/**
 * Registers *Lunatic: New Project...*, which asks for a template, a language, a name and a place, makes the project, and opens it.
 * @param templates the folder with the templates
 */
export function registerNewProject(templates: string): vscode.Disposable {
  return vscode.commands.registerCommand('lunatic.newProject', async () => {
    const template = await pick('What is it to be?', TEMPLATES);
    if (template === undefined) return;
    const written = LANGUAGES.filter(({ name }) => template.languages.includes(name));
    const language = await pick('In which language?', written);
    if (language === undefined) return;
    const name = await askName(language);
    if (name === undefined) return;
    const parent = await askParent(name);
    if (parent === undefined) return;
    const project = vscode.Uri.joinPath(parent, name);
    if (await make(project, template, language, templates)) await open(project, language);
  });
}

/** What can be chosen: by its label, with what it is. */
interface Choice {
  readonly label: string;
  readonly description?: string;
}

/** @param ignoreFocusOut whether the question stays when something else takes the focus */
async function pick<T extends Choice>(
  placeHolder: string,
  choices: readonly T[],
  ignoreFocusOut = false,
): Promise<T | undefined> {
  const items = choices.map((choice) => ({ label: choice.label, detail: choice.description ?? '', choice }));
  return (await vscode.window.showQuickPick(items, { title: TITLE, placeHolder, ignoreFocusOut }))?.choice;
}

function askName(language: Language): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: TITLE,
    prompt: 'Name of the project, and of its folder',
    value: 'my-project',
    ignoreFocusOut: true,
    validateInput: (name) => faultOfName(name, language),
  });
}

/** Asks for the folder in which that of the project is made. */
async function askParent(name: string): Promise<vscode.Uri | undefined> {
  const [workspace] = vscode.workspace.workspaceFolders ?? [];
  if (workspace?.uri.scheme === 'file') {
    const here = { label: join(workspace.name, name), description: 'in the folder that is open' };
    const elsewhere = { label: 'Another Folder...' };
    const chosen = await pick('Where?', [here, elsewhere], true);
    if (chosen !== elsewhere) return chosen && workspace.uri;
  }
  const [folder] =
    (await vscode.window.showOpenDialog({
      title: `${TITLE}: the folder for ${name}`,
      openLabel: 'Make Project Here',
      canSelectFiles: false,
      canSelectFolders: true,
      defaultUri: vscode.Uri.file(homedir()),
    })) ?? [];
  return folder;
}

/** Returns whether the project was made. If it was not, the user was told. */
async function make(
  project: vscode.Uri,
  template: Template,
  language: Language,
  templates: string,
): Promise<boolean> {
  const target = language.name === 'rust' ? await findTarget() : RUST_TARGETS[0];
  try {
    createProject({ folder: project.fsPath, template, language, target }, templates);
    return true;
  } catch (error) {
    if (!(error instanceof ProjectFileError)) throw error;
    vscode.window.showErrorMessage(error.message);
    return false;
  }
}

async function findTarget(): Promise<RustTarget> {
  return usualRustTarget(await rustSysroot(homedir()).catch(() => undefined));
}

/** Shows the source of a project in the folder that is open. Any other one becomes the folder of a window. */
async function open(project: vscode.Uri, language: Language): Promise<void> {
  if (vscode.workspace.getWorkspaceFolder(project) !== undefined) {
    await vscode.window.showTextDocument(vscode.Uri.joinPath(project, language.source));
    return;
  }
  const forceNewWindow = vscode.workspace.workspaceFolders !== undefined;
  await vscode.commands.executeCommand('vscode.openFolder', project, { forceNewWindow });
}
