import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { findChromium } from '../../../scripts/chromium.mjs';
import { projectFolder } from '../../support/command.ts';
import type { WorkbenchServer } from './server.ts';

const artifacts = join(projectFolder, 'test', 'workbench', 'artifacts');

/** Milliseconds that anything may take to be seen: machines are busy. */
const PATIENCE = 30_000;

export type TestState = keyof typeof ICONS;

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

export interface WorkbenchOptions {
  readonly folder?: string;
  /** Loads the extension from its sources. Default: yes. */
  readonly fromSources?: boolean;
}

/** Starts the browser of a test file. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('Chromium is not installed');
  return await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
}

/** A VS Code window, as a person sees and uses it. */
export class Workbench {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens a window and waits until it can be used. */
  static async open(
    browser: Browser,
    server: WorkbenchServer,
    { folder, fromSources = true }: WorkbenchOptions = {},
  ): Promise<Workbench> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const payload: [string, string][] = [['skipWelcome', 'true']];
    if (fromSources) payload.push(['extensionDevelopmentPath', server.remotePath(projectFolder)]);
    await page.goto(server.urlOf(folder, payload));
    const workbench = new Workbench(page);
    await page.locator('.monaco-workbench').waitFor();
    if (folder !== undefined) await workbench.files.first().waitFor();
    return workbench;
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  /** Keeps what can be seen now, for people to look at. */
  async screenshot(name: string): Promise<void> {
    mkdirSync(artifacts, { recursive: true });
    await this.page.screenshot({ path: join(artifacts, `${name}.png`) });
  }

  // -- what there is to see ------------------------------------------------------------------------------

  get files(): Locator {
    return this.page.locator('.explorer-folders-view .monaco-list-row');
  }

  /** Rows of the view of processes. */
  get processes(): Locator {
    return this.page.locator('[id="workbench.view.extension.lunatic"] .monaco-list-row');
  }

  /** The process of a name and perhaps a state, as in `#2 worker` and `paused`. */
  process(name: string, state = ''): Locator {
    return this.page.locator(
      `[id="workbench.view.extension.lunatic"] .monaco-list-row[aria-label^="${name}, ${state}"]`,
    );
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

  get console(): Locator {
    return this.page.locator('.repl .monaco-list-row');
  }

  get tests(): Locator {
    return this.page.locator('.test-explorer .monaco-list-row');
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

  /** An item of the box at the top. */
  choice(label: string): Locator {
    const names = this.page.locator('.quick-input-list .monaco-list-row .label-name');
    return names.filter({ hasText: exactly(label) }).first();
  }

  get toasts(): Locator {
    return this.page.locator('.notification-toast');
  }

  /** Waits until the extension runs: it has tests to show then. */
  async isActive(): Promise<void> {
    await this.page.locator('.activitybar .action-label[aria-label^="Testing"]').waitFor();
    await this.page.locator('.activitybar .action-label[aria-label^="Lunatic"]').waitFor();
  }

  /** Waits until the program has printed this. */
  async printed(text: string): Promise<void> {
    await this.console.filter({ hasText: text }).first().waitFor();
  }

  /** Waits until a clock has ticked so many times more: the console counts lines that are the same. */
  async ticks(count: number): Promise<void> {
    const badge = this.console.filter({ hasText: 'tick' }).last().locator('.monaco-count-badge');
    await badge.waitFor();
    const start = Number(await badge.textContent());
    await this.page.waitForFunction(([element, wanted]) => Number(element?.textContent) >= wanted, [
      await badge.elementHandle(),
      start + count,
    ] as const);
  }

  line(text: string): Locator {
    return this.lines.filter({ hasText: text });
  }

  /** Waits until a line of the active editor contains this. */
  async editorShows(text: string): Promise<void> {
    // The editor shows spaces as others.
    await this.line(text).first().waitFor();
  }

  // -- what there is to do -------------------------------------------------------------------------------

  /** Opens a file of the explorer, and waits until it is shown. */
  async openFile(name: string): Promise<void> {
    await this.showView('Explorer');
    await this.files.filter({ hasText: name }).first().dblclick();
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
  }

  /** Clicks an icon of the activity bar, unless its view is shown already. */
  async showView(title: string): Promise<void> {
    const item = this.page.locator(`.activitybar .action-item:has(> .action-label[aria-label^="${title}"])`);
    await item.waitFor();
    const isShown = (await item.getAttribute('class'))?.split(' ').includes('checked') ?? false;
    if (!isShown) await item.click();
  }

  /** Runs a command of the palette. */
  async command(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.type(title);
    await this.pick(title);
  }

  /** Types into the box that has opened at the top. */
  async type(text: string): Promise<void> {
    const input = this.page.locator(
      '.quick-input-widget:visible input.input, .quick-input-widget:visible .input',
    );
    await input.first().waitFor();
    await this.page.keyboard.insertText(text);
  }

  /** Chooses an item of the box at the top. */
  async pick(label: string): Promise<void> {
    const names = this.page.locator('.quick-input-list .monaco-list-row .label-name');
    await names
      .filter({ hasText: exactly(label) })
      .first()
      .click();
  }

  /** Clicks an action of a row, which is there only while the mouse is over it. */
  async act(row: Locator, action: string): Promise<void> {
    await row.hover();
    await row.locator(`.action-label[aria-label^="${action}"]`).click();
  }

  /** Types into the box at the top that has this placeholder, and accepts. */
  async answer(placeholder: string, text: string): Promise<void> {
    const input = this.page.locator(`.quick-input-widget:visible input[placeholder^="${placeholder}"]`);
    await input.fill(text);
    await input.press('Enter');
  }

  async expand(row: Locator): Promise<void> {
    await row.locator('.monaco-tl-twistie').click();
  }

  /** Follows the link of a line in the active editor. */
  async followLink(text: string): Promise<void> {
    const links = this.line(text).locator('.detected-link, .detected-link-active');
    await links.first().hover();
    await this.page.keyboard.down('Control');
    await this.page.locator('.detected-link-active').first().waitFor();
    await this.page.mouse.down();
    await this.page.mouse.up();
    await this.page.keyboard.up('Control');
  }

  /** Chooses from the context menu of a row. */
  async menu(row: Locator, item: string): Promise<void> {
    await row.click({ button: 'right' });
    // A menu takes no clicks for a moment after it has opened.
    await this.page.locator('.monaco-menu .action-item', { hasText: item }).hover();
    await this.page.keyboard.press('Enter');
  }
}

function exactly(text: string): RegExp {
  return new RegExp(`^${escaped(text)}$`);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
