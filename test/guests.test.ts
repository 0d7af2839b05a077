import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildAssemblyScript, buildWat, builtFolder } from '../scripts/build-guests.mjs';
import { projectFolder, RunningCommand } from './support/command.ts';

/** One entry of `guests.json`; see the README there. */
interface Guest {
  readonly name: string;
  readonly source: string;
  readonly args?: string[];
  readonly options?: string[];
  readonly env?: Record<string, string>;
  readonly stdin?: { readonly after: string; readonly text: string };
  readonly exitCode: number;
  readonly stderr?: string[];
}

const folder = join(projectFolder, 'test', 'guests');
const guests: Guest[] = JSON.parse(readFileSync(join(folder, 'guests.json'), 'utf8'));
let built = '';

beforeAll(() => {
  built = mkdtempSync(join(tmpdir(), 'lunatic-guests-'));
});
afterAll(() => rmSync(built, { recursive: true }));

/** The module of a guest; those that npm's packages can build are built now. */
async function moduleOf({ name, source }: Guest): Promise<string> {
  const out = join(built, `${name.replace('/', '-')}.wasm`);
  switch (name.split('/')[0]) {
    case 'assemblyscript':
      await buildAssemblyScript(join(folder, source), out);
      return out;
    case 'wat':
      await buildWat(join(folder, source), out);
      return out;
    default:
      return join(builtFolder, `${name}.wasm`);
  }
}

/** Options besides those of a guest. */
const schedulers = (process.env['LUNATIC_TEST_OPTIONS'] ?? '').split(' ').filter((word) => word !== '');

describe('guest programs print what is expected of them', () => {
  test.concurrent.each(guests)('$name', { timeout: 60_000 }, async (guest) => {
    const { stdin } = guest;
    const command = new RunningCommand(
      ['run', ...schedulers, ...(guest.options ?? []), await moduleOf(guest), ...(guest.args ?? [])],
      {
        // So that the stacks of failing children can be looked at too.
        env: { LUNATIC_LOG: 'debug', ...guest.env },
        input: stdin === undefined ? '' : null,
      },
    );
    if (stdin !== undefined) {
      await command.printed(stdin.after);
      command.child.stdin?.end(stdin.text);
    }
    const { stdout, stderr, exitCode } = await command.ended;
    const expected = readFileSync(
      join(folder, guest.source.replace(extname(guest.source), '.expected')),
      'utf8',
    );
    expect(stdout, stderr).toBe(expected);
    for (const text of guest.stderr ?? []) expect(stderr).toContain(text);
    expect(exitCode).toBe(guest.exitCode);
  });
});

test('a text module runs as it is', async () => {
  const command = new RunningCommand([join(folder, 'wat', 'ping_pong.wat')]);
  const { stdout, exitCode } = await command.ended;
  expect(stdout).toBe(readFileSync(join(folder, 'wat', 'ping_pong.expected'), 'utf8'));
  expect(exitCode).toBe(0);
});
