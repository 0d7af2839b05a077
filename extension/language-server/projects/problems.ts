import { existsSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import type { Node } from 'jsonc-parser';
import { type Diagnostic, DiagnosticSeverity } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { readRunArguments } from '../../../runtime/cli/run-arguments.ts';
import { pathOf } from '../documents.ts';
import { PROJECT_FILE } from '../protocol.ts';
import { type JsonLaunch, type Located, launchOf, located, member, readJson } from './json-launch.ts';

const WORKSPACE_FOLDER = /\$\{workspaceFolder\}/g;

/** What is wrong at a place. */
interface Fault extends Located {
  readonly message: string;
}

/** What a schema does not tell of a `lunatic.json`, and of Lunatic's parts of `launch.json` and `tasks.json`: what is not there, and options that mean nothing. */
export function projectDiagnosticsOf(document: TextDocument): Diagnostic[] {
  const path = pathOf(document.uri);
  const root = readJson(document.getText());
  if (path === undefined || root === undefined) return [];
  return faultsOf(path, root).map(({ start, end, message }) => ({
    range: { start: document.positionAt(start), end: document.positionAt(end) },
    severity: DiagnosticSeverity.Warning,
    source: 'lunatic',
    code: 'project',
    message,
  }));
}

function faultsOf(path: string, root: Node): Fault[] {
  const folder = dirname(path);
  switch (basename(path)) {
    case PROJECT_FILE:
      return faultsOfProject(root, folder);
    case 'launch.json':
      return lunaticOnes(member(root, 'configurations')).flatMap((one) =>
        faultsOfConfiguration(one, dirname(folder)),
      );
    case 'tasks.json':
      return lunaticOnes(member(root, 'tasks')).flatMap((one) =>
        missingFile(member(one, 'project'), dirname(folder)),
      );
    default:
      return [];
  }
}

/** The objects of an array that are Lunatic's. */
function lunaticOnes(array: Node | undefined): readonly Node[] {
  return (array?.children ?? []).filter((one) => member(one, 'type')?.value === 'lunatic');
}

function faultsOfProject(root: Node, folder: string): Fault[] {
  const launch = launchOf(root);
  // What is built need not be there yet.
  const module = launch.build === undefined ? missingFile(member(root, 'module'), folder) : [];
  return [...module, ...faultsOfRun(launch, folder, folder)];
}

function faultsOfConfiguration(configuration: Node, folder: string): Fault[] {
  if (member(configuration, 'request')?.value !== 'launch') return [];
  const files = ['project', 'stdin', 'coreDump'].flatMap((name) =>
    missingFile(member(configuration, name), folder),
  );
  return [...files, ...faultsOfRun(launchOf(configuration), folder, folder)];
}

/** @param base what the working directory counts from */
function faultsOfRun({ runtimeArgs, dirs, cwd }: JsonLaunch, base: string, folder: string): Fault[] {
  const where = cwd === undefined ? base : pathIn(cwd, base);
  // What only the editor knows when it starts the program.
  if (where === undefined) return [];
  if (!isFolder(where))
    return cwd === undefined ? [] : [{ ...cwd, message: `There is no folder '${cwd.text}'` }];
  return [...faultsOfOptions(runtimeArgs, where, folder), ...faultsOfOptions(dirs, where, folder, '--dir=')];
}

function faultsOfOptions(options: readonly Located[], where: string, folder: string, before = ''): Fault[] {
  const texts = options.map(({ text }) => before + text.replace(WORKSPACE_FOLDER, () => folder));
  return readRunArguments(texts, where).faults.flatMap(({ at, message }) => {
    const option = options[at];
    return option === undefined || option.text.includes('${') ? [] : [{ ...option, message }];
  });
}

function missingFile(node: Node | undefined, folder: string): Fault[] {
  const file = located(node);
  const path = file && pathIn(file, folder);
  if (file === undefined || path === undefined || existsSync(path)) return [];
  return [{ ...file, message: `There is no file '${file.text}'` }];
}

/** A path that a text names; undefined if it names more variables than the folder of the workspace. */
function pathIn({ text }: Located, folder: string): string | undefined {
  const path = text.replace(WORKSPACE_FOLDER, () => folder);
  return path.includes('${') ? undefined : isAbsolute(path) ? path : resolve(folder, path);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
