import type { Locator, Page } from 'playwright-core';

/** Milliseconds that anything may take to be seen: machines are busy. */
export const PATIENCE = 60_000;

/** Milliseconds that a window may take to load, and the extension to begin: nothing takes longer. */
export const LOADING_PATIENCE = 90_000;

/** The active editor, while it has the focus. */
export const FOCUSED_EDITOR = '.editor-group-container.active .monaco-editor.focused';

/** The box at the top, while it is there. */
export const BOX = '.quick-input-widget:visible';

/** How often the clock has ticked, as far as the console shows it: an expression for the page. */
const TICKS = `[...document.querySelectorAll('.repl .monaco-list-row')]
  .filter((row) => row.textContent.includes('tick'))
  .map((row) => Number(row.querySelector('.monaco-count-badge')?.textContent || 1))
  .reduce((sum, count) => sum + count, 0)`;

/** Names of the files and folders at the top of the explorer, in order: an expression for the page. */
const FILES = `[...document.querySelectorAll('.explorer-folders-view .monaco-list-row[aria-level="1"]')]
  .map((row) => row.textContent).sort().join('/')`;

type TestState = keyof typeof ICONS;

/** What the test explorer shows of states. */
const ICONS = {
  unset: 'codicon-testing-unset-icon',
  queued: 'codicon-testing-queued-icon',
  running: 'codicon-loading',
  passed: 'codicon-testing-passed-icon',
  failed: 'codicon-testing-failed-icon',
  errored: 'codicon-testing-error-icon',
  skipped: 'codicon-testing-skipped-icon',
} as const;

/** What there is to see in a VS Code window, and how to wait until it is there. */
export class WorkbenchParts {
  readonly page: Page;

  protected constructor(page: Page) {
    this.page = page;
  }

  get files(): Locator {
    return this.page.locator('.explorer-folders-view .monaco-list-row');
  }

  /** Rows of the view of processes. */
  get processes(): Locator {
    return this.page.locator('[id="workbench.view.extension.lunatic"] .monaco-list-row');
  }

  /** The process of a name and perhaps a state, as in `#2 worker` and `paused`. */
  process(name: string, state = ''): Locator {
    return this.page.locator(rowSelector(name, state));
  }

  get threads(): Locator {
    return this.page.locator('.debug-call-stack .monaco-list-row');
  }

  thread(name: string): Locator {
    return this.threads.filter({ has: this.page.locator('.thread'), hasText: name });
  }

  /** A call on a stack in the debug view. */
  frame(name: string): Locator {
    return this.threads.filter({ has: this.page.locator('.stack-frame .label', { hasText: name }) });
  }

  /** A scope of a debug session, as in `Mailbox`. */
  scope(name: string): Locator {
    return this.page.locator(`.debug-variables .monaco-list-row[aria-label="Scope ${name}"]`);
  }

  /** A variable of a debug session, by its name and what its value begins with. */
  variable(name: string, value: string): Locator {
    const label = JSON.stringify(`${name}, value ${value}`);
    return this.page.locator(`.debug-variables .monaco-list-row[aria-label^=${label}]`);
  }

  /** What the status bar says that F5 runs. */
  program(name: string): Locator {
    return this.page.locator('[id="lunatic.lunatic.lunatic.program"]', { hasText: exactly(name) });
  }

  /** What the status bar says of *Run on Save*. */
  runOnSave(text: string | RegExp): Locator {
    return this.page.locator('[id="lunatic.lunatic.lunatic.runOnSave"]', { hasText: text });
  }

  /** Something that the status bar displays, as `Ln 2, Col 1`. */
  statusBar(text: string): Locator {
    return this.page.locator('.statusbar', { hasText: text });
  }

  get console(): Locator {
    return this.page.locator('.repl .monaco-list-row');
  }

  get tests(): Locator {
    return this.page.locator('.test-explorer .monaco-list-row[role="treeitem"]');
  }

  /** A test or a group of tests, by its name and perhaps its state. */
  test(name: string, state?: TestState): Locator {
    // The time that it took follows its name.
    const label = new RegExp(`^${escaped(name)}([\\d.]+m?s)?$`);
    const row = this.tests.filter({ has: this.page.locator('.label', { hasText: label }) });
    return state === undefined
      ? row
      : row.filter({ has: this.page.locator(`.computed-state.${ICONS[state]}`) });
  }

  /** Lines of the active editor. */
  get lines(): Locator {
    return this.page.locator('.editor-group-container.active .view-line');
  }

  /** The input of the box at the top that has this placeholder, once it takes what is typed. */
  box(placeholder: string): Locator {
    return this.page.locator(`${BOX} input[placeholder*="${placeholder}"]:focus`);
  }

  /** An item of the box at the top. */
  choice(label: string | RegExp): Locator {
    return this.choices(label).first();
  }

  protected choices(label: string | RegExp, state = ''): Locator {
    const names = this.page.locator(`${BOX} .quick-input-list .monaco-list-row${state} .label-name`);
    return names.filter({ hasText: typeof label === 'string' ? exactly(label) : label });
  }

  /** What the editor offers to insert where the cursor is. */
  suggestion(label: string): Locator {
    return this.page.locator(`.suggest-widget.visible .monaco-list-row[aria-label^="${label}"]`);
  }

  /** The name of a configuration, while it is what F5 runs. */
  configuration(name: string): Locator {
    return this.page.locator('.start-debug-action-item', { hasText: name });
  }

  /** A button of the debug toolbar, while it can be used. */
  debugAction(name: 'continue' | 'pause' | 'disconnect'): Locator {
    return this.page.locator(`.debug-toolbar .codicon-debug-${name}:not(.disabled)`);
  }

  tab(name: string): Locator {
    return this.page.locator('.tab', { hasText: name });
  }

  /** Lines of the active editor that are links. */
  async linkedLines(): Promise<string[]> {
    const lines = this.lines.filter({ has: this.page.locator('.detected-link') });
    await lines.first().waitFor();
    return (await lines.allTextContents()).map((line) => line.replaceAll('\u00a0', ' '));
  }

  /** An entry of the list of problems. */
  problem(text: string): Locator {
    return this.page.locator('.markers-panel .monaco-list-row', { hasText: text });
  }

  get toasts(): Locator {
    return this.page.locator('.notification-toast');
  }

  /** Waits until the explorer displays these files, and no others, of the workspace. Of folders only the first is looked at. */
  async showsFiles(paths: readonly string[]): Promise<void> {
    const names = [...new Set(paths.map((path) => path.split('/', 1)[0]))].sort();
    await this.page.waitForFunction(`${FILES} === ${JSON.stringify(names.join('/'))}`);
  }

  /** Waits until the extension runs: it has tests to show then. */
  async isActive(): Promise<void> {
    for (const view of ['Testing', 'Lunatic']) {
      const icon = this.page.locator(`.activitybar .action-label[aria-label^="${view}"]`);
      await icon.waitFor({ timeout: LOADING_PATIENCE });
    }
  }

  /** Waits until the program has printed this, which is to be new: the console keeps what programs before it have printed. */
  async printed(text: string): Promise<void> {
    await this.console.filter({ hasText: text }).first().waitFor();
  }

  /** Waits until a clock has ticked so many times more: the console counts lines that are the same. */
  async ticks(count: number): Promise<void> {
    await this.printed('tick');
    const wanted = Number(await this.page.evaluate(TICKS)) + count;
    await this.page.waitForFunction(`${TICKS} >= ${wanted}`);
  }

  /** Waits until there are so many of these. */
  async counts(rows: Locator, count: number): Promise<void> {
    await rows.nth(count - 1).waitFor();
    await rows.nth(count).waitFor({ state: 'detached' });
  }

  /** Waits until none of these is there. */
  async isGone(row: Locator): Promise<void> {
    await row.first().waitFor({ state: 'detached' });
  }

  line(text: string): Locator {
    return this.lines.filter({ hasText: text });
  }

  /** Waits until a line of the active editor contains this. */
  async editorShows(text: string): Promise<void> {
    // The editor shows spaces as others.
    await this.line(text).first().waitFor();
  }

  /** Waits until the active editor has the focus, which may be a while after its text is shown. */
  async editorHasFocus(): Promise<void> {
    await this.page.locator(FOCUSED_EDITOR).waitFor();
  }
}

/** Selects the row of a process in the view of processes. */
export function rowSelector(process: string, state: string): string {
  return `[id="workbench.view.extension.lunatic"] .monaco-list-row[aria-label^="${process}, ${state}"]`;
}

/** An icon may come first. */
export function exactly(text: string): RegExp {
  return new RegExp(`^\\s*${escaped(text)}$`);
}

export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
