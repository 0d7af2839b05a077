import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type CDPSession, chromium, type Locator } from 'playwright-core';
import { findChromium } from '../../../scripts/chromium.mjs';
import { projectFolder } from '../../support/command.ts';
import { HOVER_DELAY, WorkbenchActions } from './actions.ts';
import { MESSAGES } from './messages.ts';
import { FOCUS_LOG, isAtLine, KEY_DELAY, middleOf } from './page-scripts.ts';
import { BOX, escaped, LOADING_PATIENCE, PATIENCE, rowSelector } from './parts.ts';
import { type RunningServer, remotePath, urlOf } from './server.ts';

export const artifacts = join(projectFolder, 'test', 'workbench', 'artifacts');

/** Entries of the log of focus and keys that are printed. */
const PRINTED_FOCUS = 12;

/** Milliseconds after which VS Code has written the results of a test run into the storage of its window: it waits for half a second. */
const KEEPING_TIME = 3000;

/** Phases of a window that begin after it has been shown, by VS Code's numbers. */
const PHASES = { Restored: 3, Eventually: 4 } as const;

export interface WorkbenchOptions {
  readonly folder?: string;
  /** Loads the extension from its sources. Default: yes. */
  readonly fromSources?: boolean;
}

/** Starts a browser. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('Chromium is not installed');
  return await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
}

/** A VS Code window, as a person sees and uses it. */
export class Workbench extends WorkbenchActions {
  #devtools: Promise<CDPSession> | undefined;

  /** Opens a window and waits until it can be used. */
  static async open(
    browser: Browser,
    server: RunningServer,
    { folder, fromSources = true }: WorkbenchOptions = {},
  ): Promise<Workbench> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
    });
    try {
      const page = await context.newPage();
      await page.addInitScript(FOCUS_LOG);
      await page.addInitScript(MESSAGES);
      page.setDefaultTimeout(PATIENCE);
      const payload: [string, string][] = [['skipWelcome', 'true']];
      if (fromSources) payload.push(['extensionDevelopmentPath', remotePath(server, projectFolder)]);
      await page.goto(urlOf(server, folder, payload), { timeout: LOADING_PATIENCE });
      const workbench = new Workbench(page);
      await workbench.#isLoaded();
      if (folder !== undefined) await workbench.files.first().waitFor({ timeout: LOADING_PATIENCE });
      return workbench;
    } catch (error) {
      await context.close();
      throw error;
    }
  }

  async #isLoaded(): Promise<void> {
    await this.page.locator('.monaco-workbench').waitFor({ timeout: LOADING_PATIENCE });
    // Commands of its parts, as those of the view of extensions, come after what can be seen. A palette that is opened
    // before does not get them later, and what loads late takes the focus away.
    await this.#hasParts('Restored');
  }

  /** Closes the window, once it has kept the results of tests, and opens it again. */
  async reload(): Promise<void> {
    await this.page.waitForTimeout(KEEPING_TIME);
    await this.page.reload({ timeout: LOADING_PATIENCE });
    await this.#isLoaded();
  }

  /** Waits until the window has made its parts of a phase, which VS Code does after it has been shown. */
  async #hasParts(phase: keyof typeof PHASES): Promise<void> {
    await this.page.waitForFunction(
      (mark) => performance.getEntriesByName(mark).length > 0,
      `code/didCreateWorkbenchContributions/${PHASES[phase]}`,
      { timeout: LOADING_PATIENCE },
    );
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  /** Keeps what can be seen now, for people to look at. */
  async screenshot(name: string): Promise<void> {
    mkdirSync(artifacts, { recursive: true });
    await this.page.screenshot({ path: join(artifacts, `${name}.png`) });
  }

  /** Keeps what can be seen where a test has failed, and where the focus has been. */
  async keepFailure(test: string): Promise<void> {
    const name = `failed-${test.replace(/\W+/g, '-')}`;
    await this.screenshot(name);
    const now = await this.page.evaluate('performance.now()');
    const log = [...((await this.page.evaluate('focusLog')) as string[]), `${now} failed`];
    writeFileSync(join(artifacts, `${name}.txt`), `${log.join('\n')}\n`);
    process.stderr.write(
      `${test}: focus and keys before it failed\n${log.slice(-PRINTED_FOCUS).join('\n')}\n`,
    );
  }

  /** Seconds that the window has computed so far. */
  async computed(): Promise<number> {
    this.#devtools ??= this.#meter();
    const { metrics } = await (await this.#devtools).send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
  }

  async #meter(): Promise<CDPSession> {
    const devtools = await this.page.context().newCDPSession(this.page);
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
    return devtools;
  }

  /** Presses keys that run a command while the extension host waits for the window to redraw the tree of processes. */
  async whileRedrawn(command: string, press: () => Promise<void>): Promise<void> {
    await this.page.evaluate('hold()');
    // A key may overtake a script.
    await this.page.evaluate(`expectSent(${JSON.stringify(command)})`);
    await press();
    await this.page.evaluate('sent');
    await this.page.evaluate('release()');
  }

  /** Types a character into the editor, and measures the milliseconds until the frame that displays it. */
  async keyDelay(character: string): Promise<number> {
    await this.page.evaluate(KEY_DELAY);
    await this.page.keyboard.press(character);
    return Number(await this.page.evaluate('keyDelay'));
  }

  /** Clicks an action of a process, and measures the milliseconds until its row displays a state. */
  async actionDelay(name: string, action: string, state: string): Promise<number> {
    const selector = rowSelector(name, state);
    await this.process(name).hover();
    await this.page.evaluate(`
      window.actionDelay = new Promise((done) => {
        addEventListener('click', () => {
          const start = performance.now();
          const look = () => {
            if (document.querySelector(${JSON.stringify(selector)}) === null) requestAnimationFrame(look);
            else done(performance.now() - start);
          };
          look();
        }, { capture: true, once: true });
      });
      undefined;`);
    await this.process(name).locator(`.action-label[aria-label^="${action}"]`).click();
    const delay = Number(await this.page.evaluate('actionDelay'));
    await this.rest();
    return delay;
  }

  /** Types into the filter of the test explorer. */
  async filterTests(text: string): Promise<void> {
    const input = this.page.locator('.testing-filter-action-item .monaco-editor');
    const clear = async () => {
      await this.brings(input.and(this.page.locator('.focused')), () => input.click());
      await this.page.keyboard.press('Control+A');
      await this.page.keyboard.press('Delete');
    };
    if (text === '') return await clear();
    // The list of tags that are offered hides the tests.
    const offered = this.page.locator('.suggest-widget.visible');
    await this.brings(offered, async () => {
      await clear();
      await this.page.keyboard.insertText(text);
    });
    await this.page.keyboard.press('Escape');
    await this.isGone(offered);
  }

  /** Waits until texts can be shown that a debugger has: VS Code is late with that. */
  async canDebug(): Promise<void> {
    await this.#hasParts('Eventually');
  }

  /** Waits until no program runs, which the view of processes says. */
  async noProgramRuns(): Promise<void> {
    await this.showView('Lunatic');
    await this.page.getByText('No program is running.').waitFor();
  }

  /** Runs what is open, or what is selected in the view Run and Debug, by a key for that. */
  async debug(key: 'F5' | 'Control+F5' = 'F5'): Promise<void> {
    await this.canDebug();
    await this.page.locator('.debug-toolbar:visible').waitFor({ state: 'hidden' });
    await this.press(key);
  }

  /** Clicks left of a line of the active editor, which has no breakpoint yet, and waits for it there. */
  async setBreakpoint(text: string): Promise<void> {
    const breakpoint = '.codicon-debug-breakpoint';
    const glyph = this.page.locator(`.editor-group-container.active ${breakpoint}`).first();
    for (;;) {
      await this.brings(glyph, () => this.#clickMargin(text, 'left'));
      if (await this.page.evaluate(isAtLine(breakpoint, 'top', text))) break;
      // A lens that came above has moved the line down.
      await glyph.click();
      await this.isGone(glyph);
    }
    await this.rest();
  }

  /** Clicks left of a line of the active editor, which draws its lines anew now and then. */
  async #clickMargin(text: string, button: 'left' | 'right'): Promise<void> {
    const margins = this.page.locator('.editor-group-container.active .margin');
    for (;;) {
      await this.editorShows(text);
      const line = await this.line(text).first().boundingBox();
      const margin = await margins.first().boundingBox();
      if (line === null || margin === null) continue;
      await this.page.mouse.click(margin.x + 10, line.y + line.height / 2, { button });
      return;
    }
  }

  /** Chooses from the menu of a line's margin what adds a breakpoint with a condition or a message, and types that. */
  async addBreakpoint(text: string, item: string, value: string): Promise<void> {
    const widget = this.page.locator('.breakpoint-widget');
    const input = widget.locator('.monaco-editor.focused');
    for (;;) {
      await this.brings(input, () => this.choose(item, () => this.#clickMargin(text, 'right')));
      if (await this.page.evaluate(isAtLine('.breakpoint-widget', 'bottom', text))) break;
      // A lens that came above has moved the line down.
      await this.press('Escape');
      await this.isGone(widget);
    }
    await this.page.keyboard.insertText(value);
    await input.locator('.view-line', { hasText: nonBreaking(value) }).waitFor();
    await this.page.keyboard.press('Enter');
    await this.isGone(widget);
    await this.rest();
  }

  /** Adds an expression to those that are watched. */
  async watch(expression: string): Promise<void> {
    await this.openSection('Watch');
    const header = this.page.locator('.pane-header[aria-label^="Watch"]');
    const input = this.page.locator('.debug-watch input:focus');
    await this.brings(input, async () => {
      await header.hover();
      await header.locator('.action-label[aria-label="Add Expression"]').click();
    });
    await input.fill(expression);
    await input.press('Enter');
    await this.rest();
  }

  /** An expression that is watched, by what its value begins with. */
  watched(expression: string, value: string): Locator {
    const label = JSON.stringify(`${expression}, value ${value}`);
    return this.page.locator(`.debug-watch .monaco-list-row[aria-label^=${label}]`);
  }

  /** Puts the mouse over the first occurrence of a word in a line of the active editor until its value is shown. */
  async hovers(line: string, word: string, value: string): Promise<void> {
    const hover = this.page.locator('.debug-hover-widget', { hasText: value });
    for (let visits = 1; visits < 12; visits++) {
      const place = (await this.page.evaluate(middleOf(line, word))) as { x: number; y: number } | null;
      if (place === null) throw new Error(`there is no ${word} in ${line}`);
      await this.page.mouse.move(place.x, place.y + 60);
      await this.page.mouse.move(place.x, place.y, { steps: 4 });
      await this.page.waitForTimeout(HOVER_DELAY * (visits + 1));
      if (await hover.isVisible()) return;
    }
    throw new Error(`${word} has no hover with ${value}`);
  }

  /** Gives a variable of the debug view another value. */
  async setVariable(row: Locator, value: string): Promise<void> {
    const input = this.page.locator('.debug-variables input:focus');
    await this.brings(input, () => row.locator('.value').dblclick());
    await input.fill(value);
    await input.press('Enter');
  }

  /** Lets a process that has stopped go on, by the key for that, once it can be done. */
  async goOn(): Promise<void> {
    await this.debugAction('continue').waitFor();
    await this.press('F5');
  }

  /** Runs what is below a row again and again by one of the profiles, which are chosen from a list. */
  async runContinuously(row: Locator, profile: string): Promise<void> {
    // That is how VS Code writes it.
    await this.menu(row, 'Start Continous Run Using...');
    const rows = this.page.locator(`${BOX} .quick-input-list .monaco-list-row`);
    await rows.filter({ hasText: profile }).waitFor();
    for (const row of await rows.all()) {
      const isWanted = (await row.locator('.label-name').first().innerText()).trim() === profile;
      const box = row.locator('[role="checkbox"]');
      if ((await box.getAttribute('aria-checked')) === String(isWanted)) continue;
      await row.click();
      await box.and(this.page.locator(`[aria-checked="${isWanted}"]`)).waitFor();
    }
    await this.page.locator(`${BOX} input`).last().press('Enter');
    await this.page.locator(BOX).waitFor({ state: 'hidden' });
  }

  /** Types a line into the debug console. */
  async say(line: string): Promise<void> {
    const input = this.page.locator('.repl-input-wrapper .monaco-editor');
    await this.brings(input.locator('.view-line', { hasText: nonBreaking(line) }), async () => {
      await this.brings(input.and(this.page.locator('.focused')), () => input.click());
      await this.page.keyboard.press('Control+A');
      await this.page.keyboard.insertText(line);
    });
    await this.page.keyboard.press('Enter');
    await input.locator('.view-line', { hasText: /^\s*$/ }).waitFor();
  }
}

/** A whole text in which an editor shows other spaces. */
function nonBreaking(text: string): RegExp {
  return new RegExp(`^${escaped(text).replaceAll(' ', '\\s')}$`);
}
