import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../../debug-type.ts';
import type { StartDebugger } from './module-run.ts';

/** The property of a debug configuration that says that tests run in its session: what they show is their result. */
export const OF_TESTS = '__tests';

/** A debug session for tests could not be started. */
export class TestSessionError extends Error {
  override readonly name = 'TestSessionError';
  readonly code = 'LUNATIC_TEST_SESSION';
}

/**
 * Attaches a debugger to tests that wait for it. Resolves at the end of the session.
 * @throws TestSessionError
 */
export const startTestSession: StartDebugger = async ({ url, name, uri, run }) => {
  const subscriptions: vscode.Disposable[] = [];
  let isOver = false;
  const ended = new Promise<void>((done) => {
    subscriptions.push(
      vscode.debug.onDidTerminateDebugSession(({ type, configuration }) => {
        if (type === DEBUG_TYPE && configuration['url'] === url) done();
      }),
      vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, {
        createDebugAdapterTracker: ({ configuration }) => ({
          onDidSendMessage({ type, event }) {
            if (configuration['url'] === url && type === 'event' && event === 'exited') isOver = true;
          },
        }),
      }),
    );
  });
  try {
    const config = { type: DEBUG_TYPE, request: 'attach', name, url, [OF_TESTS]: true };
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    if (!(await vscode.debug.startDebugging(folder, config, { testRun: run })))
      throw new TestSessionError('The debug session could not be started.');
    await ended;
    return { isOver };
  } finally {
    vscode.Disposable.from(...subscriptions).dispose();
  }
};
