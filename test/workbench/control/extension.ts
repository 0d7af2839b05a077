/** The control extension: serves the requests of tests, see protocol.ts. */
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import * as vscode from 'vscode';
import { type ControlAnswer, type ControlRequest, controlSocket } from './protocol.ts';

/** Commands that close what may be open in a window. */
const CLOSING = [
  'workbench.action.closeQuickOpen',
  'testing.cancelRun',
  'testing.clearTestResults',
  'notifications.clearAll',
  'workbench.debug.panel.action.clearReplAction',
  'workbench.debug.viewlet.action.removeAllWatchExpressions',
  'workbench.action.closePanel',
];

/** Sessions that have started and not ended. VS Code tells only of the active one. */
const sessions = new Map<string, vscode.DebugSession>();
const sessionEnded = new vscode.EventEmitter<void>();

/** Names of the settings that tests have set. */
const configured = new Set<string>();

export function activate(context: vscode.ExtensionContext): void {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (folder === undefined) return;
  const server = createServer((socket) => serve(socket)).listen(controlSocket(folder.uri.fsPath));
  context.subscriptions.push(
    { dispose: () => server.close() },
    vscode.debug.onDidStartDebugSession((session) => sessions.set(session.id, session)),
    vscode.debug.onDidTerminateDebugSession(({ id }) => {
      sessions.delete(id);
      sessionEnded.fire();
    }),
  );
}

async function serve(socket: Socket): Promise<void> {
  for await (const line of createInterface(socket)) {
    const answer: ControlAnswer = await act(JSON.parse(line)).then(
      (text) => (text === undefined ? {} : { text }),
      (error: unknown) => ({ error: error instanceof Error ? `${error.stack}` : `${error}` }),
    );
    socket.write(`${JSON.stringify(answer)}\n`);
  }
}

async function act(request: ControlRequest): Promise<string | undefined> {
  switch (request.name) {
    case 'reset':
      await reset();
      return undefined;
    case 'configure':
      await configure(request.settings);
      return undefined;
    case 'useTool':
      return await useTool(request.tool, request.input);
  }
}

async function useTool(tool: string, input: object): Promise<string> {
  const { content } = await vscode.lm.invokeTool(tool, { input, toolInvocationToken: undefined });
  return content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : '')).join('');
}

async function reset(): Promise<void> {
  // It also fails for a session that ends at the same time. What counts is that there is none.
  await vscode.debug.stopDebugging().then(undefined, () => undefined);
  while (sessions.size > 0) await new Promise<void>((done) => once(sessionEnded.event, done));
  vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
  await closeEditors();
  // The command that kills all waits for ever for those of tasks that have ended.
  for (const terminal of vscode.window.terminals) terminal.dispose();
  for (const command of CLOSING) await vscode.commands.executeCommand(command);
  await configure(Object.fromEntries([...configured].map((name) => [name, undefined])));
  configured.clear();
  await vscode.commands.executeCommand('workbench.view.explorer');
}

/** Closes all editors, and drops what was not saved in them. */
async function closeEditors(): Promise<void> {
  for (const document of vscode.workspace.textDocuments) {
    if (!document.isDirty) continue;
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('workbench.action.files.revert');
  }
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}

async function configure(settings: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    configured.add(name);
    await vscode.workspace.getConfiguration().update(name, value, vscode.ConfigurationTarget.Workspace);
  }
}

function once(event: vscode.Event<void>, listener: () => void): void {
  const subscription = event(() => {
    subscription.dispose();
    listener();
  });
}
