import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { saveCoreDump } from '../../../extension/processes/save-core-dump.ts';
import { keyFromText } from '../../../runtime/inspect/protocol.ts';

const asked = vi.hoisted((): string[] => []);
vi.mock('vscode', () => ({
  Uri: { file: (path: string) => ({ fsPath: path }) },
  window: {
    showSaveDialog: async ({ defaultUri }: { defaultUri: { fsPath: string } }) => {
      asked.push(defaultUri.fsPath);
    },
  },
}));

/** Asks for a file, and returns what was suggested. */
async function suggested(state: string, session: object): Promise<string | undefined> {
  asked.length = 0;
  const program = { name: 'shop: 1', session, request: async () => ({ id: 7, state }) };
  await saveCoreDump(program as never, { process: keyFromText('1:7') });
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
