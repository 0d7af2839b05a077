import { vi } from 'vitest';
import { describeSandbox } from '../../support/sandbox.ts';

// What is used where there is no /proc.
vi.mock('../../../runtime/permissions/host-directory.ts', async (original) => {
  const actual = await original<typeof import('../../../runtime/permissions/host-directory.ts')>();
  return { ...actual, openHostDirectory: actual.PathDirectory.at };
});

describeSandbox('a guest stays in its directory, where directories are known by their paths', false);
