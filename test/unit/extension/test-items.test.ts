import { expect, test, vi } from 'vitest';
import type * as vscode from 'vscode';
import type { Project } from '../../../extension/projects/project.ts';
import { testsOfFile } from '../../../extension/testing/test-commands.ts';
import { TestItems } from '../../../extension/testing/test-items.ts';

vi.mock('vscode', () => ({ Uri: { file: (path: string) => path }, TestTag: class {} }));

const project: Project = {
  ...{ name: 'shop', file: '/shop/Cargo.toml', folder: '/shop', isForWasm: true },
  targets: async () => [],
};

/** A stand-in for VS Code's list of tests. */
function controller(): vscode.TestController {
  const shown = new Map<string, vscode.TestItem>();
  const items = {
    get: (id: string) => shown.get(id),
    add: (item: vscode.TestItem) => shown.set(item.id, item),
    delete: (id: string) => shown.delete(id),
    [Symbol.iterator]: () => shown[Symbol.iterator](),
  };
  const createTestItem = (id: string) => ({ id, busy: false, children: new Map() });
  return { items, createTestItem } as unknown as vscode.TestController;
}

test('the tests of a source whose project has not been built are those of the innermost project around it', () => {
  const tests = new TestItems(controller());
  const till = { ...project, name: 'till', file: '/shop/till/Cargo.toml', folder: '/shop/till' };
  for (const one of [till, project]) tests.addProject(one);
  const related = (fsPath: string) => testsOfFile(tests, { fsPath } as vscode.Uri).map(({ id }) => id);
  expect(related('/shop/till/src/lib.rs')).toEqual(['project /shop/till/Cargo.toml']);
  expect(related('/shop/src/lib.rs')).toEqual(['project /shop/Cargo.toml']);
  expect(related('/elsewhere/lib.rs')).toEqual([]);
});

test('a project is busy until all that is done with it is over, also if its item is made anew meanwhile', async () => {
  const tests = new TestItems(controller());
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
