/** The entry point of the extension: VS Code calls `activate` when the extension is needed. */
import * as vscode from 'vscode';
import { ModuleDiagnostics } from './modules/module-diagnostics.ts';
import { Consent } from './node/consent.ts';
import { LunaticCommands } from './node/lunatic-command.ts';
import { registerProcessView } from './processes/process-view.ts';
import { AdapterDeaths, AdapterFactory } from './programs/adapter-factory.ts';
import { ConfigurationProvider, DynamicConfigurations } from './programs/configuration-provider.ts';
import { closeDebugDocuments } from './programs/debug-documents.ts';
import { DEBUG_TYPE } from './programs/debug-type.ts';
import { LastProgram } from './programs/last-program.ts';
import { registerProgramCommands } from './programs/program-commands.ts';
import { registerTestExplorer } from './testing/test-explorer.ts';

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Lunatic', { log: true });
  const commands = new LunaticCommands(context.extensionPath, new Consent(context.workspaceState), log);
  const diagnostics = new ModuleDiagnostics();
  const lastProgram = new LastProgram();
  context.subscriptions.push(
    log,
    diagnostics,
    lastProgram,
    closeDebugDocuments(DEBUG_TYPE),
    vscode.commands.registerCommand('lunatic.showOutput', () => log.show()),
    vscode.debug.registerDebugConfigurationProvider(
      DEBUG_TYPE,
      new ConfigurationProvider(commands, diagnostics, lastProgram, log),
    ),
    vscode.debug.registerDebugConfigurationProvider(
      DEBUG_TYPE,
      new DynamicConfigurations(),
      vscode.DebugConfigurationProviderTriggerKind.Dynamic,
    ),
    vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, new AdapterFactory(commands)),
    vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, new AdapterDeaths(log)),
    registerProgramCommands(),
    registerProcessView(log),
    registerTestExplorer(commands, diagnostics, log),
  );
}
