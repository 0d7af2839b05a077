import type { FoundTest } from './finding/read-module-tests.ts';

/** Tests whose names begin with the same words: `sums::adds` and `sums::subtracts` belong to the group `sums`. */
export interface TestGroup {
  /** The last word of the group's name; empty for the outermost group. */
  readonly label: string;
  /** The name, as in `a::b`; empty for the outermost group. */
  readonly name: string;
  readonly groups: readonly TestGroup[];
  readonly tests: readonly LabelledTest[];
}

export interface LabelledTest {
  /** The last word of the test's name. */
  readonly label: string;
  readonly test: FoundTest;
}

interface Draft {
  readonly label: string;
  readonly name: string;
  readonly groups: Map<string, Draft>;
  readonly tests: LabelledTest[];
}

const SEPARATOR = '::';

/** Arranges the tests of a module as a tree, in the order of its exports. */
export function groupTests(tests: readonly FoundTest[]): TestGroup {
  const root = draft('', '');
  for (const test of tests) {
    const words = test.name.split(SEPARATOR);
    const label = words.pop() || test.name;
    let group = root;
    for (const word of words) {
      let next = group.groups.get(word);
      if (next === undefined) {
        next = draft(word, group.name === '' ? word : `${group.name}${SEPARATOR}${word}`);
        group.groups.set(word, next);
      }
      group = next;
    }
    group.tests.push({ label, test });
  }
  return finished(root);
}

/** The group in which all tests are; the outermost one if some are in others. */
export function onlyGroup(group: TestGroup): TestGroup {
  const [only, ...others] = group.groups;
  return only === undefined || others.length > 0 || group.tests.length > 0 ? group : only;
}

function draft(label: string, name: string): Draft {
  return { label, name, groups: new Map(), tests: [] };
}

function finished({ label, name, groups, tests }: Draft): TestGroup {
  return { label, name, tests, groups: [...groups.values()].map(finished) };
}
