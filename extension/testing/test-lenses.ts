import * as vscode from 'vscode';
import { EXTENSIONS } from '../programs/entries.ts';
import type { RunChosen } from './test-commands.ts';
import type { TestItems } from './test-items.ts';

const SETTING = 'lunatic.tests.codeLens';
const RUN_TESTS_AT = 'lunatic.runTestsAt';

const SELECTOR: vscode.DocumentFilter = {
  scheme: 'file',
  pattern: `**/*{${EXTENSIONS.join(',')}}`,
};

/** The lenses above a test: their titles, and the profiles that they run it with. */
const LENSES = [
  ['Run', 'run', 'Run the test'],
  ['Debug', 'debug', 'Run the test with a debugger, which stops at breakpoints'],
  ['Coverage', 'coverage', 'Run the test, and show which lines it has executed'],
] as const;

/** *Run*, *Debug* and *Coverage* above tests in their sources. */
export class TestLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #items: TestItems;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable;
  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(items: TestItems, run: RunChosen) {
    this.#items = items;
    items.onChange = () => this.#changed.fire();
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      vscode.languages.registerCodeLensProvider(SELECTOR, this),
      vscode.commands.registerCommand(RUN_TESTS_AT, (profile: string, file: string, ids: readonly string[]) =>
        run(
          profile,
          this.#testsIn(file).filter(({ id }) => ids.includes(id)),
        ),
      ),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(SETTING)) this.#changed.fire();
      }),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    if (!vscode.workspace.getConfiguration('lunatic.tests', uri).get('codeLens', true)) return [];
    // Several modules may be made of a source.
    const byLine = new Map<number, string[]>();
    for (const { id, range } of this.#testsIn(uri.fsPath))
      if (range !== undefined) byLine.set(range.start.line, [...(byLine.get(range.start.line) ?? []), id]);
    return [...byLine].flatMap(([line, ids]) => {
      const range = new vscode.Range(line, 0, line, 0);
      return LENSES.map(
        ([title, profile, tooltip]) =>
          new vscode.CodeLens(range, {
            title,
            tooltip,
            command: RUN_TESTS_AT,
            arguments: [profile, uri.fsPath, ids],
          }),
      );
    });
  }

  /** The tests that stand in a file. */
  #testsIn(file: string): vscode.TestItem[] {
    return [...this.#items.modules()]
      .flatMap(({ item }) => [...this.#items.testsOf(item)])
      .filter(({ uri }) => uri?.fsPath === file);
  }
}
