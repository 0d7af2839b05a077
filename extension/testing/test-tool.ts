import { resolve } from 'node:path';
import * as vscode from 'vscode';
import { countOf } from '../../runtime/inspect/view/index.ts';
import type { TestFinder } from './finding/test-finder.ts';
import type { TestRunner } from './running/test-runner.ts';
import { testsOfFile } from './test-commands.ts';
import type { TestItems } from './test-items.ts';

/** Which tests are to run: all, unless one of these is given. */
export interface TestsInput {
  /** Path of a source or a module, absolute or relative to the folder of the workspace. */
  readonly file?: string;
  /** Names as the list of tests has them, with their paths: `shop::tests::adds`. */
  readonly tests?: readonly string[];
}

type Outcome = 'passed' | 'failed' | 'skipped';

/** Failures that are told, and characters of each: a long one must not hide the others. */
const MAX_FAILURES = 20;
const MAX_FAILURE = 1500;

/** Runs tests for somebody who reads their results as a text. They are in the Test Explorer, too. */
export class TestTool {
  readonly #items: TestItems;
  readonly #finder: TestFinder;
  readonly #runner: TestRunner;

  constructor(items: TestItems, finder: TestFinder, runner: TestRunner) {
    this.#items = items;
    this.#finder = finder;
    this.#runner = runner;
  }

  /** @returns how many tests have passed and failed, and why each has failed */
  async run(input: TestsInput, token: vscode.CancellationToken): Promise<string> {
    if (!vscode.workspace.isTrusted) return 'The workspace is not trusted, so nothing may run.';
    await this.#finder.find();
    const include = this.#chosen(input);
    if (include?.length === 0)
      return 'There are no such tests. A project that has never been built must be run as a whole first.';
    const outcomes = new Map<vscode.TestItem, Outcome>();
    const failures: string[] = [];
    await this.#runner.run(new vscode.TestRunRequest(include), token, (run) =>
      noted(run, outcomes, failures),
    );
    if (outcomes.size === 0 && !token.isCancellationRequested) return this.#nothing(include);
    const count = (outcome: Outcome) => [...outcomes.values()].filter((one) => one === outcome).length;
    const left = failures.length - MAX_FAILURES;
    return [
      `${countOf(count('passed'), 'test')} passed, ${count('failed')} failed, ${count('skipped')} skipped`,
      ...(token.isCancellationRequested ? ['The run was cancelled.'] : []),
      ...failures.slice(0, MAX_FAILURES),
      ...(left > 0 ? [`... and ${left} more failures`] : []),
    ].join('\n\n');
  }

  /** Why nothing was tested. */
  #nothing(include: readonly vscode.TestItem[] = this.#items.tops()): string {
    const notes = include.flatMap((item) => this.#items.noteOf(item) ?? []);
    return ['There are no tests that Lunatic can run.', ...notes].join('\n\n');
  }

  #chosen({ file, tests = [] }: TestsInput): vscode.TestItem[] | undefined {
    if (file === undefined && tests.length === 0) return undefined;
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    const tops =
      file === undefined
        ? this.#items.tops()
        : testsOfFile(this.#items, vscode.Uri.file(resolve(folder?.uri.fsPath ?? '', file)));
    if (tests.length === 0) return tops;
    const wanted = new Set(tests);
    return tops
      .flatMap((top) => [...this.#items.testsOf(top)])
      .filter((item) => {
        const data = this.#items.dataOf(item);
        return data?.kind === 'test' && wanted.has(data.test.name);
      });
  }
}

/** A run that notes the results of tests, too. */
function noted(
  run: vscode.TestRun,
  outcomes: Map<vscode.TestItem, Outcome>,
  failures: string[],
): vscode.TestRun {
  const fails = (item: vscode.TestItem, messages: vscode.TestMessage | readonly vscode.TestMessage[]) => {
    outcomes.set(item, 'failed');
    for (const message of [messages].flat()) failures.push(failureText(item, message));
  };
  const own: Partial<vscode.TestRun> = {
    passed: (item, duration) => {
      outcomes.set(item, 'passed');
      run.passed(item, duration);
    },
    skipped: (item) => {
      outcomes.set(item, 'skipped');
      run.skipped(item);
    },
    failed: (item, message, duration) => {
      fails(item, message);
      run.failed(item, message, duration);
    },
    errored: (item, message, duration) => {
      fails(item, message);
      run.errored(item, message, duration);
    },
  };
  return Object.create(
    run,
    Object.fromEntries(Object.entries(own).map(([name, value]) => [name, { value }])),
  );
}

function failureText({ label }: vscode.TestItem, { message, location }: vscode.TestMessage): string {
  const text = typeof message === 'string' ? message : message.value;
  const place =
    location === undefined
      ? ''
      : ` (${vscode.workspace.asRelativePath(location.uri)}:${location.range.start.line + 1})`;
  const shown = text.length <= MAX_FAILURE ? text : `${text.slice(0, MAX_FAILURE)}…`;
  return `${label}${place} failed:\n${shown}`;
}
