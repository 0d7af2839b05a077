import { devNull } from 'node:os';
import * as vscode from 'vscode';
import { DEBUG_TYPE, launchOf } from '../programs/configuration-provider.ts';
import type { FoundTest } from './read-module-tests.ts';
import type { TestItems } from './test-items.ts';
import { chooseTests } from './test-selection.ts';

/** Debugs tests, one after the other, each in a session of its own. */
export class TestDebugger implements vscode.Disposable {
  readonly #controller: vscode.TestController;
  readonly #items: TestItems;
  readonly #exitCodes = new Map<string, number>();
  readonly #tracker: vscode.Disposable;

  constructor(controller: vscode.TestController, items: TestItems) {
    this.#controller = controller;
    this.#items = items;
    this.#tracker = vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, {
      createDebugAdapterTracker: ({ id, configuration }) =>
        configuration['lunaticTest'] === undefined
          ? undefined
          : {
              onDidSendMessage: (message) => {
                if (message.type === 'event' && message.event === 'exited')
                  this.#exitCodes.set(id, message.body.exitCode);
              },
            },
    });
  }

  dispose(): void {
    this.#tracker.dispose();
  }

  async run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const run = this.#controller.createTestRun(request);
    try {
      for (const { chosen, ignored } of chooseTests(this.#items, request)) {
        for (const item of ignored) run.skipped(item);
        for (const item of chosen.values()) {
          if (token.isCancellationRequested) run.skipped(item);
          else await this.#debug(item, run, token);
        }
      }
    } finally {
      run.end();
    }
  }

  async #debug(item: vscode.TestItem, run: vscode.TestRun, token: vscode.CancellationToken): Promise<void> {
    const data = this.#items.dataOf(item);
    if (data?.kind !== 'test') return;
    const { uri, test } = data;
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    const config = vscode.workspace.getConfiguration('lunatic.tests', uri);
    run.started(item);
    const start = performance.now();
    const session = await startSession(
      folder,
      {
        ...launchOf(uri, folder),
        name: test.name,
        entry: test.exportName,
        // As where it runs without a debugger: nobody is there to type.
        stdin: devNull,
        args: config.get<string[]>('arguments', []),
        runtimeArgs: config.get<string[]>('runtimeArgs', []),
        lunaticTest: test.exportName,
      },
      { testRun: run },
      token,
    );
    if (session === undefined) {
      run.errored(item, new vscode.TestMessage('The debug session could not be started.'));
      return;
    }
    const exitCode = this.#exitCodes.get(session.id);
    this.#exitCodes.delete(session.id);
    const duration = performance.now() - start;
    if (exitCode === undefined || token.isCancellationRequested) run.skipped(item);
    else if ((exitCode !== 0) === (test.expectedPanic !== null)) run.passed(item, duration);
    else run.failed(item, new vscode.TestMessage(failure(test, exitCode)), duration);
  }
}

function failure({ expectedPanic }: FoundTest, exitCode: number): string {
  return expectedPanic === null
    ? `The test failed, with exit code ${exitCode}.`
    : 'The test did not fail as expected.';
}

/** Starts a session and waits for its end. */
async function startSession(
  folder: vscode.WorkspaceFolder | undefined,
  config: vscode.DebugConfiguration,
  options: vscode.DebugSessionOptions,
  token: vscode.CancellationToken,
): Promise<vscode.DebugSession | undefined> {
  let session: vscode.DebugSession | undefined;
  const isOurs = (candidate: vscode.DebugSession) =>
    candidate.type === DEBUG_TYPE && candidate.configuration['lunaticTest'] === config['lunaticTest'];
  const subscriptions: vscode.Disposable[] = [];
  const ended = new Promise<void>((done) => {
    subscriptions.push(
      vscode.debug.onDidStartDebugSession((started) => {
        if (isOurs(started)) session ??= started;
      }),
      vscode.debug.onDidTerminateDebugSession((over) => {
        if (over.id === session?.id || isOurs(over)) {
          session ??= over;
          done();
        }
      }),
      token.onCancellationRequested(() => {
        if (session !== undefined) vscode.debug.stopDebugging(session);
      }),
    );
  });
  try {
    if (!(await vscode.debug.startDebugging(folder, config, options))) return undefined;
    await ended;
    return session;
  } finally {
    vscode.Disposable.from(...subscriptions).dispose();
  }
}
