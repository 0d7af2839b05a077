import type * as vscode from 'vscode';
import type { ModuleReadError } from '../../modules/module-error.ts';
import type { Project } from '../../projects/project.ts';
import type { TestItems } from '../test-items.ts';

/** The tests of a module that are to run. */
export interface ChosenModule {
  readonly uri: vscode.Uri;
  /** The project that it belongs to. */
  readonly project: Project | undefined;
  /** The items of the tests, by export. */
  readonly chosen: ReadonlyMap<string, vscode.TestItem>;
  /** Whether these are exactly the module's tests that are not ignored. */
  readonly isAll: boolean;
  /** Tests that do not run because they are marked as ignored and were not chosen individually. */
  readonly ignored: readonly vscode.TestItem[];
  /** Why the tests cannot run, if the module cannot be read. */
  readonly error: ModuleReadError | undefined;
}

interface Draft {
  readonly uri: vscode.Uri;
  readonly chosen: Map<string, vscode.TestItem>;
  readonly ignored: Set<vscode.TestItem>;
  /** Whether an ignored test is among the chosen. */
  hasIgnored: boolean;
}

/**
 * Returns the tests that a request asks for, by module. A test that is marked as ignored runs only if it is chosen
 * individually.
 */
export function chooseTests(
  items: TestItems,
  { include, exclude = [] }: Pick<vscode.TestRunRequest, 'include' | 'exclude'>,
): ChosenModule[] {
  const excluded = new Set((exclude ?? []).flatMap((item) => [item, ...items.testsOf(item)]));
  const drafts = new Map<string, Draft>();
  const draftOf = (uri: vscode.Uri): Draft => {
    const draft = drafts.get(uri.toString()) ?? {
      uri,
      chosen: new Map(),
      ignored: new Set(),
      hasIgnored: false,
    };
    drafts.set(uri.toString(), draft);
    return draft;
  };
  for (const top of include ?? items.tops()) {
    for (const item of items.modulesIn(top)) {
      const module = items.dataOf(item);
      // Its error is reported even if none of its tests is known.
      if (module?.kind === 'module' && module.error !== undefined && !excluded.has(item)) draftOf(module.uri);
    }
    for (const item of items.testsOf(top)) {
      const data = items.dataOf(item);
      if (data?.kind !== 'test' || excluded.has(item)) continue;
      const { uri, test } = data;
      const draft = draftOf(uri);
      if (test.ignored && item !== top) {
        if (!draft.chosen.has(test.exportName)) draft.ignored.add(item);
        continue;
      }
      draft.chosen.set(test.exportName, item);
      draft.ignored.delete(item);
      draft.hasIgnored ||= test.ignored;
    }
  }
  return [...drafts.values()].map(({ uri, chosen, ignored, hasIgnored }) => ({
    uri,
    project: items.projectOfModule(uri),
    chosen,
    isAll: !hasIgnored && chosen.size === plainTests(items, uri),
    ignored: [...ignored],
    error: items.errorOf(uri),
  }));
}

/** The number of tests of a module that are not ignored. */
function plainTests(items: TestItems, uri: vscode.Uri): number {
  const module = items.moduleItem(uri);
  if (module === undefined) return 0;
  let count = 0;
  for (const item of items.testsOf(module)) {
    const data = items.dataOf(item);
    if (data?.kind === 'test' && !data.test.ignored) count++;
  }
  return count;
}
