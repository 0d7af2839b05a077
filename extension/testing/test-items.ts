import * as vscode from 'vscode';
import { displayName } from '../../runtime/inspect/view/index.ts';
import type { ModuleReadError } from '../modules/module-error.ts';
import type { FoundTest } from './read-module-tests.ts';
import { groupTests, type TestGroup } from './test-groups.ts';

/** What an item of the Test Explorer stands for. */
export type ItemData =
  /** A module, with its error if it cannot be read. */
  | { readonly kind: 'module'; readonly uri: vscode.Uri; readonly error?: ModuleReadError }
  | { readonly kind: 'group' }
  | { readonly kind: 'test'; readonly uri: vscode.Uri; readonly test: FoundTest };

/** The items of the Test Explorer, which are made of the tests that were found. */
export class TestItems {
  readonly #controller: vscode.TestController;
  readonly #data = new WeakMap<vscode.TestItem, ItemData>();

  constructor(controller: vscode.TestController) {
    this.#controller = controller;
  }

  dataOf(item: vscode.TestItem): ItemData | undefined {
    return this.#data.get(item);
  }

  /** The items of all modules that have tests, or cannot be read. */
  modules(): vscode.TestItem[] {
    return [...this.#controller.items].map(([, item]) => item);
  }

  moduleItem(uri: vscode.Uri): vscode.TestItem | undefined {
    return this.#controller.items.get(uri.toString());
  }

  /** The error of a module that cannot be read. */
  errorOf(uri: vscode.Uri): ModuleReadError | undefined {
    const item = this.moduleItem(uri);
    const data = item === undefined ? undefined : this.dataOf(item);
    return data?.kind === 'module' ? data.error : undefined;
  }

  /** Sets the tests of a module. Tests that it had before keep their results. A module without tests is removed. */
  setTests(uri: vscode.Uri, tests: readonly FoundTest[]): void {
    if (tests.length === 0) {
      this.remove(uri);
      return;
    }
    const item = this.#moduleItem(uri);
    item.error = undefined;
    this.#data.set(item, { kind: 'module', uri });
    this.#fill(item, uri, groupTests(tests));
  }

  /** Sets the error of a module that cannot be read, which happens also while a build writes it. Its tests stay. */
  setError(uri: vscode.Uri, error: ModuleReadError): void {
    const item = this.#moduleItem(uri);
    item.error = error.message;
    this.#data.set(item, { kind: 'module', uri, error });
  }

  remove(uri: vscode.Uri): void {
    this.#controller.items.delete(uri.toString());
  }

  /** The tests below an item, and the item itself if it is a test. */
  *testsOf(item: vscode.TestItem): Generator<vscode.TestItem> {
    if (this.#data.get(item)?.kind === 'test') yield item;
    for (const [, child] of item.children) yield* this.testsOf(child);
  }

  #moduleItem(uri: vscode.Uri): vscode.TestItem {
    const known = this.moduleItem(uri);
    if (known !== undefined) return known;
    const path = vscode.workspace.asRelativePath(uri);
    const slash = path.lastIndexOf('/');
    const label = slash < 0 ? path : `${path.slice(slash + 1)} (${path.slice(0, slash)})`;
    const item = this.#controller.createTestItem(uri.toString(), displayName(label), uri);
    item.sortText = path;
    this.#controller.items.add(item);
    return item;
  }

  #fill(parent: vscode.TestItem, uri: vscode.Uri, { groups, tests }: TestGroup): void {
    const items = [
      ...groups.map((group) => this.#groupItem(parent, uri, group)),
      ...tests.map(({ label, test }) => this.#testItem(parent, uri, label, test)),
    ];
    parent.children.replace(items);
  }

  #groupItem(parent: vscode.TestItem, uri: vscode.Uri, group: TestGroup): vscode.TestItem {
    const id = `${uri}#group ${group.name}`;
    const item =
      parent.children.get(id) ?? this.#controller.createTestItem(id, displayName(group.label), uri);
    this.#data.set(item, { kind: 'group' });
    this.#fill(item, uri, group);
    return item;
  }

  #testItem(parent: vscode.TestItem, uri: vscode.Uri, label: string, test: FoundTest): vscode.TestItem {
    const id = `${uri}#test ${test.exportName}`;
    const item = parent.children.get(id) ?? this.#controller.createTestItem(id, displayName(label), uri);
    item.label = displayName(labelled(label, test));
    item.range = rangeOf(test);
    this.#data.set(item, { kind: 'test', uri, test });
    return item;
  }
}

/** The marks are in the label, since screen readers read an item's description in place of its label. */
function labelled(label: string, { ignored, expectedPanic }: FoundTest): string {
  const panic = expectedPanic === '' ? 'should panic' : `should panic with "${expectedPanic}"`;
  const marks = [...(ignored ? ['ignored'] : []), ...(expectedPanic === null ? [] : [panic])];
  return marks.length === 0 ? label : `${label} (${marks.join(', ')})`;
}

function rangeOf({ place }: FoundTest): vscode.Range | undefined {
  if (place === null) return undefined;
  return new vscode.Range(place.line, place.column, place.line, place.column + place.length);
}
