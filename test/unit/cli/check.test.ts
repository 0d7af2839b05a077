import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { checkFile } from '../../../runtime/cli/check.ts';
import { readModule } from '../../../runtime/wasm/read-module.ts';

vi.mock(import('../../../runtime/wasm/read-module.ts'), async (original) => {
  const module = await original();
  return { ...module, readModule: vi.fn(module.readModule) };
});

test('a module that is checked is read once', async () => {
  const file = join(import.meta.dirname, '../../guests/built/rust/tests.wasm');
  const { ok, module } = await checkFile(file);
  expect(ok).toBe(true);
  expect(module?.exports.functions.filter((fn) => fn.test !== undefined)).toHaveLength(14);
  expect(readModule).toHaveBeenCalledTimes(1);
});
