/** The entry point of the extension: VS Code calls `activate` when the extension is needed. */
import { join } from 'node:path';
import * as vscode from 'vscode';
import { registerTools } from './assistants/register-tools.ts';
import { DEBUG_TYPE } from './debug-type.ts';
import { LanguageClients } from './language-client/start.ts';
import { ModuleDiagnostics } from './modules/module-diagnostics.ts';
import { ModuleSources } from './modules/module-sources.ts';
import { ModuleView } from './modules/module-view.ts';
import { Consent } from './node/consent.ts';
import { LunaticCommands } from './node/lunatic-command.ts';
import { putOnTerminalPath } from './node/terminal-path.ts';
import { registerProcessView } from './processes/process-view.ts';
import { Programs } from './processes/program.ts';
import { AdapterDeaths, AdapterFactory } from './programs/adapter-factory.ts';
import { ConfigurationProvider, DynamicConfigurations } from './programs/configuration-provider.ts';
import { closeDebugDocuments } from './programs/debug-documents.ts';
import { EntryLenses } from './programs/entry-lenses.ts';
import { LastProgram } from './programs/last-program.ts';
import { registerProgramCommands } from './programs/program-commands.ts';
import { ProgramStatus } from './programs/program-status.ts';
import { RunOnSave } from './programs/run-on-save.ts';
import { TrapDiagnostics } from './programs/trap-diagnostics.ts';
import { BuildFaults } from './projects/build-faults.ts';
import { BuildTasks } from './projects/build-tasks.ts';
import { Builder, TASK_TYPE } from './projects/builder.ts';
import { registerNewProject } from './projects/new-project.ts';
import { ProgramChoice } from './projects/program-choice.ts';
import { ProjectBuilds } from './projects/project-builds.ts';
import { ProjectKeys } from './projects/project-keys.ts';
import { ProjectLaunch } from './projects/project-launch.ts';
import { Projects } from './projects/projects.ts';
import { restartTypeScript } from './projects/restart-typescript.ts';
import { registerTestExplorer } from './testing/test-explorer.ts';

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Lunatic', { log: true });
  putOnTerminalPath(context, log);
  const commands = new LunaticCommands(context.extensionPath, new Consent(context.workspaceState), log);
  const diagnostics = new ModuleDiagnostics();
  const lastProgram = new LastProgram();
  const faults = new BuildFaults();
  const builds = new ProjectBuilds(commands, faults);
  const builder = new Builder(builds, faults, log);
  const projects = new Projects(join(context.globalStorageUri.fsPath, 'builds'), log);
  const choice = new ProgramChoice(context.workspaceState);
  const launch = new ProjectLaunch(projects, choice, builder);
  const runOnSave = new RunOnSave(launch, diagnostics, log);
  const languages = new LanguageClients(context.extensionPath, log);
  const programs = new Programs(log);
  const tests = registerTestExplorer(commands, diagnostics, { projects, builds, faults }, log);
  context.subscriptions.push(
    log,
    diagnostics,
    lastProgram,
    faults,
    projects,
    choice,
    new ProgramStatus(projects, choice, launch, lastProgram),
    new ProjectKeys(projects),
    restartTypeScript(log),
    new EntryLenses(projects, launch),
    runOnSave,
    new TrapDiagnostics(),
    vscode.tasks.registerTaskProvider(TASK_TYPE, new BuildTasks(projects, builder)),
    closeDebugDocuments(DEBUG_TYPE),
    vscode.commands.registerCommand('lunatic.showOutput', () => log.show()),
    vscode.debug.registerDebugConfigurationProvider(
      DEBUG_TYPE,
      new ConfigurationProvider(commands, diagnostics, lastProgram, launch, runOnSave, log),
    ),
    vscode.debug.registerDebugConfigurationProvider(
      DEBUG_TYPE,
      new DynamicConfigurations(launch),
      vscode.DebugConfigurationProviderTriggerKind.Dynamic,
    ),
    vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, new AdapterFactory(commands)),
    vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, new AdapterDeaths(log)),
    registerNewProject(join(context.extensionPath, 'media', 'templates')),
    registerProgramCommands(launch, lastProgram),
    programs,
    tests,
    registerProcessView(programs),
    registerTools(programs, tests.tool),
    languages,
    new ModuleView(
      (params) => languages.moduleText(params),
      new ModuleSources((params) => languages.moduleSource(params)),
      log,
    ),
  );
}
