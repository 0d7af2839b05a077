import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectFolder } from '../../support/command.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-types-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const PLUGIN = `
import { definePlugin, type PluginCaller } from 'lunatic';

export default definePlugin({
  namespace: 'typed',
  state: ({ id }) => ({ id, total: 0n }),
  functions: {
    add: {
      signature: '(amount: i64, factor: f64) -> i64',
      call(caller, amount, factor) {
        const exact: bigint = amount;
        const share: number = factor;
        caller.state.total += exact * BigInt(Math.round(share));
        return caller.state.total;
      },
    },
    wait: { signature: '()', call: async ({ memory, signal }) => { memory.writeU32(0, Number(signal.aborted)); } },
    later: { signature: '() -> f32', call: () => Promise.resolve(1) },
  },
  release: (state) => { const total: bigint = state.total; },
  onExit: ({ state }, { normal, message }) => { const text: string | undefined = normal ? String(state.id) : message; },
});

definePlugin({
  namespace: 'wrong',
  functions: {
    // @ts-expect-error an i64 is a bigint
    wrongResult: { signature: '() -> i64', call: () => 1 },
    // @ts-expect-error nor is a promise for a number one
    wrongPromise: { signature: '() -> i64', call: async () => 1 },
    wrongParameter: {
      signature: '(a: i32)',
      // @ts-expect-error an i32 is a number
      call(caller, a: bigint) {},
    },
  },
});

// @ts-expect-error a plugin has a namespace
definePlugin({ functions: {} });

export function use(caller: PluginCaller<{ seen: boolean }>): boolean {
  return caller.state.seen;
}
`;

test('a plugin is typed by its signatures, with the types that the package brings', () => {
  const installed = join(folder, 'node_modules', 'lunatic');
  mkdirSync(installed, { recursive: true });
  const { name, type, exports } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8'));
  writeFileSync(join(installed, 'package.json'), JSON.stringify({ name, type, exports }));
  const run = (args: string[]) => spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  const made = run([join(projectFolder, 'scripts', 'declarations.mjs'), join(installed, 'dist', 'types')]);
  expect(made).toMatchObject({ status: 0 });
  mkdirSync(join(folder, 'node_modules', '@types'));
  const nodeTypes = join('node_modules', '@types', 'node');
  symlinkSync(join(projectFolder, nodeTypes), join(folder, nodeTypes));
  writeFileSync(join(folder, 'plugin.ts'), PLUGIN);
  const options = ['--strict', '--noEmit', '--target', 'es2024', '--module', 'nodenext', '--skipLibCheck'];
  const tsc = join(projectFolder, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout, status } = run([tsc, ...options, '--types', 'node', 'plugin.ts']);
  expect(stdout).toBe('');
  expect(status).toBe(0);
});
