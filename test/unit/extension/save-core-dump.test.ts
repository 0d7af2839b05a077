import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { saveCoreDump } from '../../../extension/processes/save-core-dump.ts';
import { registerThreadCommands } from '../../../extension/processes/thread-commands.ts';
import { keyFromText } from '../../../runtime/inspect/protocol.ts';

const asked = vi.hoisted((): string[] => []);
const warned = vi.hoisted((): string[] => []);
const commands = vi.hoisted(() => new Map<string, (...args: unknown[]) => Promise<void>>());
vi.mock('vscode', () => ({
  Disposable: { from: () => ({}) },
  commands: {
    registerCommand: (name: string, act: (...args: unknown[]) => Promise<void>) => commands.set(name, act),
  },
  Uri: { file: (path: string) => ({ fsPath: path }) },
  window: {
    showWarningMessage: (message: string) => warned.push(message),
    showSaveDialog: async ({ defaultUri }: { defaultUri: { fsPath: string } }) => {
      asked.push(defaultUri.fsPath);
    },
  },
}));

/** Asks for a file, and returns what was suggested. */
async function suggested(state: string, session: object): Promise<string | undefined> {
  asked.length = 0;
  const program = { name: 'shop: 1', session, request: async () => ({ id: 7, state }) };
  await saveCoreDump(program as never, keyFromText('1:7'));
  return asked[0];
}

const attached = { configuration: { request: 'attach' } };

test('a file is suggested beside the program, or in the home folder where there is neither it nor a workspace', async () => {
  const program = join(homedir(), 'x', 'shop.wasm');
  expect(await suggested('paused', { configuration: { program } })).toBe(
    join(homedir(), 'x', 'shop_1.coredump'),
  );
  expect(await suggested('held', attached)).toBe(join(homedir(), 'shop_1.coredump'));
});

test('a process that runs is refused before anybody is asked for a file', async () => {
  await expect(suggested('running', attached)).rejects.toThrow(
    'process 7 runs: it must be paused, or held after a failure, for a core dump',
  );
  expect(asked).toEqual([]);
});

test('a thread that runs is refused before anybody is asked for a file, too', async () => {
  const requests: [name: string, params: object][] = [];
  const program = {
    id: 'session 3',
    name: 'shop',
    session: attached,
    request: async (name: string, params: object) => {
      requests.push([name, params]);
      return name === 'lunatic/processOf' ? { process: '1:7' } : { id: 7, state: 'waiting' };
    },
  };
  registerThreadCommands({ list: [program] } as never);
  asked.length = 0;
  await commands.get('lunatic.saveThreadDump')?.(4, { sessionId: 'session 3' });
  expect(warned).toEqual(['process 7 runs: it must be paused, or held after a failure, for a core dump']);
  expect(asked).toEqual([]);
  await commands.get('lunatic.restartThread')?.(4, { sessionId: 'session 3' });
  expect(requests.at(-2)).toEqual(['lunatic/processOf', { threadId: 4 }]);
  expect(requests.at(-1)).toEqual(['lunatic/restart', { process: '1:7' }]);
});
