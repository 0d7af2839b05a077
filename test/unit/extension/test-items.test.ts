import { expect, test, vi } from 'vitest';
import type * as vscode from 'vscode';
import type { Project } from '../../../extension/projects/project.ts';
import { TestItems } from '../../../extension/testing/test-items.ts';

vi.mock('vscode', () => ({ Uri: { file: (path: string) => path }, TestTag: class {} }));

const project: Project = {
  ...{ name: 'shop', file: '/shop/Cargo.toml', folder: '/shop', isForWasm: true },
  targets: async () => [],
};

test('a project is busy until all that is done with it is over, also if its item is made anew meanwhile', async () => {
  const shown = new Map<string, vscode.TestItem>();
  const items = {
    get: (id: string) => shown.get(id),
    add: (item: vscode.TestItem) => shown.set(item.id, item),
    delete: (id: string) => shown.delete(id),
  };
  const createTestItem = (id: string) => ({ id, busy: false, children: new Map() });
  const tests = new TestItems({ items, createTestItem } as unknown as vscode.TestController);
  const isBusy = () => tests.projectItem(project)?.busy;
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const both = [first, second].map(({ promise }) => tests.whileBusy(project, () => promise));
  tests.addProject(project);
  expect(isBusy()).toBe(true);
  first.resolve();
  await both[0];
  expect(isBusy()).toBe(true);
  second.resolve();
  await both[1];
  expect(isBusy()).toBe(false);
});
