import * as vscode from 'vscode';
import type { Log } from '../log.ts';
import type { ModuleDiagnostics } from '../modules/module-diagnostics.ts';
import type { LunaticCommands } from '../node/lunatic-command.ts';
import { isModule } from '../programs/choose-module.ts';
import { TestFinder } from './test-finder.ts';
import { TestItems } from './test-items.ts';
import { TestRunner } from './test-runner.ts';

/** Registers the Test Explorer's controller, which finds and runs the tests of the workspace's modules. */
export function registerTestExplorer(
  commands: LunaticCommands,
  diagnostics: ModuleDiagnostics,
  log: Log,
): vscode.Disposable {
  const controller = vscode.tests.createTestController('lunatic', 'Lunatic');
  const items = new TestItems(controller);
  const finder = new TestFinder(items, diagnostics, log);
  const runner = new TestRunner(controller, items, commands, log);
  // Called when the user opens the Test Explorer.
  controller.resolveHandler = async (item) => {
    if (item === undefined) await finder.find();
  };
  controller.refreshHandler = () => finder.refresh();
  const { Run, Debug } = vscode.TestRunProfileKind;
  const runs = new ContinuousRuns(runner, items, finder);
  const profile = controller.createRunProfile('Run', Run, (request, token) => runs.run(request, token), true);
  profile.supportsContinuousRun = true;
  controller.createRunProfile('Debug', Debug, (request, token) => runner.debug(request, token), true);

  const findInEditor = ({ uri, languageId }: vscode.TextDocument) => {
    if (languageId === 'wat' && isModule(uri)) finder.findIn(uri);
  };
  vscode.workspace.textDocuments.forEach(findInEditor);
  return vscode.Disposable.from(
    controller,
    finder,
    runner,
    runs,
    vscode.workspace.onDidOpenTextDocument(findInEditor),
    vscode.workspace.onDidChangeWorkspaceFolders(() => finder.refresh()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => finder.refresh()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('lunatic.tests')) finder.refresh();
    }),
    vscode.commands.registerCommand('lunatic.runTests', async (uri?: vscode.Uri) => {
      await finder.find();
      const module = uri instanceof vscode.Uri ? items.moduleItem(uri) : undefined;
      if (uri instanceof vscode.Uri && module === undefined) {
        vscode.window.showInformationMessage(`${vscode.workspace.asRelativePath(uri)} has no tests.`);
        return;
      }
      if (items.modules().length === 0) {
        vscode.window.showInformationMessage('No module of the workspace has tests.');
        return;
      }
      await vscode.commands.executeCommand('workbench.panel.testResults.view.focus');
      const source = new vscode.CancellationTokenSource();
      await runner.run(new vscode.TestRunRequest(module && [module]), source.token);
    }),
  );
}

/** Runs the requested tests. A continuous run runs the tests of each module that changes. */
class ContinuousRuns implements vscode.Disposable {
  readonly #runner: TestRunner;
  readonly #items: TestItems;
  readonly #finder: TestFinder;
  readonly #subscriptions = new Set<vscode.Disposable>();

  constructor(runner: TestRunner, items: TestItems, finder: TestFinder) {
    this.#runner = runner;
    this.#items = items;
    this.#finder = finder;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    if (request.continuous !== true) return await this.#runner.run(request, token);
    const subscription = this.#finder.onDidChange((uri) => this.#runAgain(uri, request, token));
    this.#subscriptions.add(subscription);
    token.onCancellationRequested(() => {
      subscription.dispose();
      this.#subscriptions.delete(subscription);
    });
  }

  async #runAgain(
    changed: vscode.Uri,
    { include, exclude, profile }: vscode.TestRunRequest,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const module = this.#items.moduleItem(changed);
    if (module === undefined) return;
    const wanted = include?.filter((item) => item === module || item.uri?.toString() === changed.toString());
    if (wanted?.length === 0) return;
    await this.#runner.run(new vscode.TestRunRequest(wanted ?? [module], exclude, profile, true), token);
  }
}
