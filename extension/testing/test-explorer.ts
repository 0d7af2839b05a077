import * as vscode from 'vscode';
import type { Log } from '../log.ts';
import type { ModuleDiagnostics } from '../modules/module-diagnostics.ts';
import type { LunaticCommands } from '../node/lunatic-command.ts';
import { isModule } from '../programs/choose-module.ts';
import type { BuildFaults } from '../projects/build-faults.ts';
import type { ProjectBuilds } from '../projects/project-builds.ts';
import type { Projects } from '../projects/projects.ts';
import { coverageDetails, coverageOfTest } from './coverage/coverage.ts';
import { TestFinder } from './finding/test-finder.ts';
import { TestProjects } from './finding/test-projects.ts';
import { ContinuousRuns, type RunTests } from './running/continuous-runs.ts';
import { TestBuilder } from './running/test-builder.ts';
import { TestRunner } from './running/test-runner.ts';
import { registerTestCommands, runnerOf } from './test-commands.ts';
import { TestItems } from './test-items.ts';
import { TestLenses } from './test-lenses.ts';
import { TestTool } from './test-tool.ts';

/** Registers the Test Explorer's controller, which finds, builds and runs the tests of the workspace; `tool` runs them for others. */
export function registerTestExplorer(
  commands: LunaticCommands,
  diagnostics: ModuleDiagnostics,
  { projects, builds, faults }: Readonly<{ projects: Projects; builds: ProjectBuilds; faults: BuildFaults }>,
  log: Log,
): vscode.Disposable & { readonly tool: TestTool } {
  const controller = vscode.tests.createTestController('lunatic', 'Lunatic');
  const items = new TestItems(controller);
  const finder = new TestFinder(items, new TestProjects(projects), diagnostics, log);
  const builder = new TestBuilder(builds, faults, log);
  const runner = new TestRunner(controller, { items, finder, builder }, commands, log);
  const runs = new ContinuousRuns(items, finder, projects);
  // Called when the user opens the Test Explorer.
  controller.resolveHandler = async (item) => {
    if (item === undefined) await finder.find();
  };
  controller.refreshHandler = () => finder.refresh();

  const addProfile = (label: string, kind: vscode.TestRunProfileKind, run: RunTests) => {
    const profile = controller.createRunProfile(
      label,
      kind,
      (request, token) => runs.run(request, token, run),
      true,
    );
    profile.supportsContinuousRun = true;
    return { profile, run };
  };
  const { Run, Debug, Coverage } = vscode.TestRunProfileKind;
  const profiles = new Map([
    ['run', addProfile('Run', Run, (request, token) => runner.run(request, token))],
    ['debug', addProfile('Debug', Debug, (request, token) => runner.debug(request, token))],
  ]);
  const covered = addProfile('Coverage', Coverage, (request, token) => runner.cover(request, token));
  profiles.set('coverage', covered);
  const { profile: covers } = covered;
  const runChosen = runnerOf(profiles);
  covers.loadDetailedCoverage = async (_, file) => coverageDetails(file);
  covers.loadDetailedCoverageForTest = async (_, file, test) => coverageOfTest(file, test);

  const findInEditor = ({ uri, languageId }: vscode.TextDocument) => {
    if (languageId === 'wat' && isModule(uri)) finder.findIn(uri);
  };
  vscode.workspace.textDocuments.forEach(findInEditor);
  const subscriptions = vscode.Disposable.from(
    controller,
    finder,
    runner,
    runs,
    registerTestCommands(items, finder, runChosen),
    new TestLenses(items, runChosen),
    finder.onDidChange((uri) => {
      const item = items.moduleItem(uri);
      if (item !== undefined) controller.invalidateTestResults(item);
    }),
    vscode.workspace.onDidOpenTextDocument(findInEditor),
    vscode.workspace.onDidChangeWorkspaceFolders(() => finder.refresh()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => finder.refresh()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('lunatic.tests')) finder.refresh();
    }),
  );
  return { tool: new TestTool(items, finder, runner), dispose: () => subscriptions.dispose() };
}
