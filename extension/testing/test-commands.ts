import * as vscode from 'vscode';
import { isModule } from '../programs/choose-module.ts';
import { isInside } from '../projects/files.ts';
import type { TestFinder } from './finding/test-finder.ts';
import type { RunTests } from './running/continuous-runs.ts';
import type { TestItems } from './test-items.ts';

/** What runs tests with each kind of run profile, by the names that the setting `lunatic.tests.defaultProfile` has for them. */
export type TestProfiles = ReadonlyMap<
  string,
  { readonly profile: vscode.TestRunProfile; readonly run: RunTests }
>;

/** Runs tests with a kind of run profile. */
export type RunChosen = (profile: string, include: readonly vscode.TestItem[] | undefined) => Promise<void>;

/** Shows the results view, and runs tests there. */
export function runnerOf(profiles: TestProfiles): RunChosen {
  return async (profile, include) => {
    await vscode.commands.executeCommand('workbench.panel.testResults.view.focus');
    const chosen = profiles.get(profile) ?? profiles.get('run');
    const source = new vscode.CancellationTokenSource();
    await chosen?.run(new vscode.TestRunRequest(include, undefined, chosen.profile), source.token);
  };
}

/** Registers the commands that run tests with the profile that the settings name. */
export function registerTestCommands(
  items: TestItems,
  finder: TestFinder,
  runChosen: RunChosen,
): vscode.Disposable {
  const run = (include: readonly vscode.TestItem[] | undefined, about?: vscode.Uri) =>
    runChosen(
      vscode.workspace.getConfiguration('lunatic.tests', about).get('defaultProfile', 'run'),
      include,
    );
  const hasTests = async () => {
    await finder.find();
    return items.tops().length > 0;
  };
  return vscode.Disposable.from(
    vscode.commands.registerCommand('lunatic.runTests', async (uri?: vscode.Uri) => {
      if (uri instanceof vscode.Uri) await vscode.commands.executeCommand('lunatic.runTestsOfFile', uri);
      else if (await hasTests()) await run(undefined);
      else vscode.window.showInformationMessage('No module of the workspace has tests.');
    }),
    vscode.commands.registerCommand('lunatic.runTestsOfFile', async (given?: vscode.Uri) => {
      const uri = given instanceof vscode.Uri ? given : vscode.window.activeTextEditor?.document.uri;
      if (uri === undefined) {
        vscode.window.showInformationMessage('Open a source or a module to run its tests.');
        return;
      }
      await finder.find();
      if (isModule(uri)) await finder.findIn(uri);
      const found = testsOfFile(items, uri);
      if (found.length > 0) await run(found, uri);
      else vscode.window.showInformationMessage(`${vscode.workspace.asRelativePath(uri)} has no tests.`);
    }),
  );
}

/**
 * The tests that have to do with a file: those of a module; those that a source defines; else those of all modules that a source
 * is part of; else those of its project, if that has not been built yet.
 */
export function testsOfFile(items: TestItems, uri: vscode.Uri): vscode.TestItem[] {
  const module = items.moduleItem(uri);
  if (module !== undefined) return [module];
  const own: vscode.TestItem[] = [];
  const related: vscode.TestItem[] = [];
  for (const { item, data } of items.modules()) {
    if (!data.sources.includes(uri.fsPath)) continue;
    related.push(item);
    for (const test of items.testsOf(item)) if (test.uri?.fsPath === uri.fsPath) own.push(test);
  }
  return [own, related].find(({ length }) => length > 0) ?? unbuiltProjects(items, uri);
}

/** The innermost project around a file whose tests are not known before it is built. */
function unbuiltProjects(items: TestItems, { fsPath }: vscode.Uri): vscode.TestItem[] {
  const around = items.tops().flatMap((item) => {
    const data = items.dataOf(item);
    if (data?.kind !== 'project' || item.children.size > 0) return [];
    const { folder } = data.project;
    return isInside(fsPath, folder) ? [{ item, folder }] : [];
  });
  const [innermost] = around.sort((a, b) => b.folder.length - a.folder.length);
  return innermost === undefined ? [] : [innermost.item];
}
