/** What other extensions and the user's settings see of the extension. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import * as vscode from 'vscode';
import { test } from './harness.ts';

const extension = () => {
  const found = vscode.extensions.getExtension('lunatic.lunatic');
  ok(found);
  return found;
};

const folder = () => {
  const [first] = vscode.workspace.workspaceFolders ?? [];
  ok(first);
  return first;
};

const file = (name: string) => vscode.Uri.joinPath(folder().uri, name);

/** Starts a session, calls back with it, and waits for its end. */
async function inSession(
  config: vscode.DebugConfiguration,
  act: (session: vscode.DebugSession) => Promise<void>,
): Promise<void> {
  const started = new Promise<vscode.DebugSession>((done) => {
    const subscription = vscode.debug.onDidStartDebugSession((session) => {
      subscription.dispose();
      done(session);
    });
  });
  ok(await vscode.debug.startDebugging(folder(), config));
  const session = await started;
  const ended = new Promise<void>((done) => {
    const subscription = vscode.debug.onDidTerminateDebugSession(({ id }) => {
      if (id !== session.id) return;
      subscription.dispose();
      done();
    });
  });
  await act(session);
  await vscode.debug.stopDebugging(session);
  await ended;
}

test('activates in a workspace with modules', async () => {
  await extension().activate();
  ok(extension().isActive);
});

test('every command of the manifest is there', async () => {
  await extension().activate();
  const known = new Set(await vscode.commands.getCommands(true));
  const { commands } = extension().packageJSON.contributes;
  const missing = commands
    .map(({ command }: { command: string }) => command)
    .filter((name: string) => !known.has(name));
  deepEqual(missing, []);
});

test('text modules have a language', async () => {
  const document = await vscode.workspace.openTextDocument(file('post-office.wat'));
  equal(document.languageId, 'wat');
});

test('a session needs no more than a program; its processes can be asked for', async () => {
  const config = {
    type: 'lunatic',
    request: 'launch',
    name: 'Post',
    program: file('post-office.wat').fsPath,
  };
  await inSession(config, async (session) => {
    const names = async () => {
      const { processes } = await session.customRequest('lunatic/processes', {});
      return processes.map(
        ({ id, names, entry }: { id: number; names: string[]; entry: string }) =>
          `${id} ${names[0] ?? entry}`,
      );
    };
    const changed = new Promise<void>((done) => {
      const subscription = vscode.debug.onDidReceiveDebugSessionCustomEvent(({ event, body }) => {
        if (event !== 'lunatic/processesChanged' || body.total !== 3) return;
        subscription.dispose();
        done();
      });
    });
    await changed;
    deepEqual(await names(), ['1 _start', '2 sorter', '3 clock']);
    const mailbox = await session.customRequest('lunatic/mailbox', { process: '1:2' });
    equal(mailbox.length, 3);
    equal(Buffer.from(mailbox.messages[0].data, 'base64').toString(), 'To Ada: the parcel is here');
    match(session.configuration['lunatic'], /dist[\\/]lunatic\.cjs$/);
    equal(session.configuration['cwd'], folder().uri.fsPath);
  });
});

test('a setting that names no Node is complained about, and nothing starts', async () => {
  const settings = vscode.workspace.getConfiguration('lunatic');
  // One of the workspace would be asked about.
  await settings.update('node', '/nowhere/node', vscode.ConfigurationTarget.Global);
  try {
    const config = {
      type: 'lunatic',
      request: 'launch',
      name: 'Post',
      program: file('post-office.wat').fsPath,
    };
    equal(await vscode.debug.startDebugging(folder(), config), false);
    equal(vscode.debug.activeDebugSession, undefined);
  } finally {
    await settings.update('node', undefined, vscode.ConfigurationTarget.Global);
  }
});

test('the command Run starts a session without debugging', async () => {
  const launched = new Promise<{ readonly noDebug?: boolean; readonly program: string }>((done) => {
    const subscription = vscode.debug.registerDebugAdapterTrackerFactory('lunatic', {
      createDebugAdapterTracker: () => ({
        onWillReceiveMessage(message) {
          if (message.command !== 'launch') return;
          subscription.dispose();
          done(message.arguments);
        },
      }),
    });
  });
  const program = file('post-office.wat');
  ok(await vscode.commands.executeCommand('lunatic.run', program));
  const { noDebug, ...rest } = await launched;
  equal(noDebug, true);
  equal(rest.program, program.fsPath);
  await vscode.debug.stopDebugging();
});
