/** What *Run on Save* does with sessions and the status bar, with stand-ins for those. What it does with a program: saved-program.test.ts. */
import { expect, test, vi } from 'vitest';
import type * as vscode from 'vscode';
import { RunOnSave } from '../../../extension/programs/run-on-save.ts';
import { SAVED_AT } from '../../../extension/programs/saved-session.ts';

const stopped: string[] = [];
const status = { text: '', show() {}, hide() {}, dispose() {} };
let save: (document: object) => void = () => {};

vi.mock('vscode', () => {
  const nothing = { dispose() {} };
  const on = () => nothing;
  return {
    Disposable: { from: on },
    DiagnosticSeverity: {},
    EventEmitter: class {},
    StatusBarAlignment: { Left: 1 },
    RelativePattern: class {},
    Uri: { file: (fsPath: string) => ({ fsPath }) },
    commands: { registerCommand: on },
    debug: {
      registerDebugAdapterTrackerFactory: on,
      onDidTerminateDebugSession: on,
      stopDebugging: async ({ id }: vscode.DebugSession) => stopped.push(id),
    },
    window: { createStatusBarItem: () => status, showWarningMessage: async () => undefined },
    workspace: {
      onDidSaveTextDocument: (listener: typeof save) => {
        save = listener;
        return nothing;
      },
      onDidChangeConfiguration: on,
      createFileSystemWatcher: () => ({ ...nothing, onDidChange: on, onDidCreate: on }),
    },
  };
});

const log = { info() {}, warn() {}, error() {} };
const config = {
  type: 'lunatic',
  request: 'launch',
  name: 'shop',
  project: '/shop/Cargo.toml',
  runOnSave: true,
};
const launch = { ...config, program: '/shop/shop.wasm' };

/** The messages between VS Code and the debug adapter of a session. */
function session(runs: RunOnSave, id: string, more = {}) {
  const configuration = { ...launch, ...more };
  const tracker = runs.createDebugAdapterTracker({
    id,
    name: 'shop',
    configuration,
  } as unknown as vscode.DebugSession);
  const asks = (command: string, args = {}) => tracker.onWillReceiveMessage?.({ command, arguments: args });
  return {
    launches: () => asks('launch', configuration),
    restarts: () => asks('restart', { arguments: configuration }),
    begins: () =>
      tracker.onDidSendMessage?.({ type: 'response', command: 'configurationDone', success: true }),
    ends: () => tracker.onDidSendMessage?.({ type: 'event', event: 'terminated' }),
  };
}

function runOnSave(rebuild = async (): Promise<string> => launch.program): RunOnSave {
  stopped.length = 0;
  const [projects, diagnostics] = [{ rebuild }, { set() {} }];
  return new RunOnSave(
    ...([projects, diagnostics, log] as unknown as ConstructorParameters<typeof RunOnSave>),
  );
}

test('a program that the user starts is not started by Run on Save as well, whoever is first', async () => {
  for (const isLaunched of [false, true]) {
    const runs = runOnSave();
    const before = session(runs, 'before');
    before.launches();
    before.begins();
    before.ends();
    const saved = { ...launch, [SAVED_AT]: 1 };
    expect(await runs.during(saved, async () => saved)).toBe(saved);
    const again = session(runs, 'again', saved);
    if (isLaunched) again.launches();
    expect(await runs.during(config, async () => launch)).toBe(launch);
    if (!isLaunched) again.launches();
    expect(stopped).toEqual(['again']);
    const own = session(runs, 'own');
    own.launches();
    own.begins();
    expect(stopped).toEqual(['again']);
  }
});

test('what was said of a build is over when the user restarts the program', async () => {
  const runs = runOnSave(async () => {
    throw new Error('a line is unfinished');
  });
  const own = session(runs, 'own');
  own.launches();
  own.begins();
  save({ uri: { fsPath: '/shop/src/main.rs' } });
  await expect.poll(() => status.text).toBe('$(error) shop');
  own.restarts();
  own.begins();
  expect(status.text).toBe('$(eye) Run on Save');
});
