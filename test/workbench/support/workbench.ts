import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type CDPSession, chromium, errors, type Locator } from 'playwright-core';
import { findChromium } from '../../../scripts/chromium.mjs';
import { projectFolder } from '../../support/command.ts';
import { MESSAGES } from './messages.ts';
import { FOCUS_LOG, isAtLine, KEY_DELAY, LEAVE, middleOf, watchKey } from './page-scripts.ts';
import { BOX, escaped, exactly, LOADING_PATIENCE, rowSelector, WorkbenchParts } from './parts.ts';
import { type RunningServer, remotePath, urlOf } from './server.ts';

export const artifacts = join(projectFolder, 'test', 'workbench', 'artifacts');

/** Milliseconds that anything may take to be seen: machines are busy. */
export const PATIENCE = 60_000;

/** Times that a key is pressed to come to an item of a list. */
const MOST_CHOICES = 100;

/** The part of the window's title where nothing is that the mouse could wake. */
const RESTING_PLACE = { x: 1050, y: 18 };

/** Milliseconds after which the name of something goes that the mouse has left. */
const HOVER_TIME = 300;

/** Milliseconds after which what the mouse is over is described. */
const HOVER_DELAY = 500;

/** Entries of the log of focus and keys that are printed. */
const PRINTED_FOCUS = 12;

/** Milliseconds after which VS Code has written the results of a test run into the storage of its window: it waits for half a second. */
const KEEPING_TIME = 3000;

/** Milliseconds between two tries of a key. */
const KEY_PAUSE = 200;

/** Milliseconds after which something is tried again that the window may have undone. */
const MOVE_PATIENCE = 2000;

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
export class Workbench extends WorkbenchParts {
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
      if (folder !== undefined) await workbench.files.first().waitFor();
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

  /** Selects a process in a tree of which the rows may move while it is clicked. */
  async select(name: string): Promise<void> {
    const row = this.process(name);
    do await row.click();
    while (!(await isSelected(row)));
  }

  /** Presses keys that run a command while the extension host waits for the window to redraw the tree of processes. */
  async whileRedrawn(command: string, press: () => Promise<void>): Promise<void> {
    await this.page.evaluate('hold()');
    await Promise.all([this.page.evaluate(`sent(${JSON.stringify(command)})`), press()]);
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
    await this.#rest();
    return delay;
  }

  /** Types into the filter of the test explorer. */
  async filterTests(text: string): Promise<void> {
    const input = this.page.locator('.testing-filter-action-item .monaco-editor');
    await input.click();
    await input.and(this.page.locator('.focused')).waitFor();
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.press('Delete');
    if (text === '') return;
    await this.page.keyboard.insertText(text);
    // The list of tags that are offered hides the tests.
    const offered = this.page.locator('.suggest-widget.visible');
    await offered.waitFor();
    await this.page.keyboard.press('Escape');
    await this.isGone(offered);
  }

  /** Waits until texts can be shown that a debugger has: VS Code is late with that. */
  async canDebug(): Promise<void> {
    await this.#hasParts('Eventually');
  }

  /** Opens the center of notifications, and waits for one with this text. The center closes when the last one goes. */
  async notification(text: string): Promise<Locator> {
    const notification = this.page.locator('.notifications-center.visible .notification-list-item', {
      hasText: text,
    });
    const bell = this.page.locator('.statusbar .codicon-bell-dot');
    for (;;) {
      await notification.or(bell).first().waitFor();
      if (await notification.isVisible()) return notification;
      await this.command('Notifications: Show Notifications');
    }
  }

  /** Waits until no program runs, which the view of processes says. */
  async noProgramRuns(): Promise<void> {
    await this.showView('Lunatic');
    await this.page.getByText('No program is running.').waitFor();
  }

  /** Opens a file of the explorer, and waits until it is shown and has the focus. */
  async openFile(name: string): Promise<void> {
    await this.showView('Explorer');
    const label = this.page.locator('.label-name', { hasText: exactly(name) });
    // A file that comes into the list moves those below it, perhaps while they are clicked.
    await persist(async () => {
      await this.files.filter({ has: label }).first().dblclick();
      await this.#isOpen(name, MOVE_PATIENCE);
    });
  }

  /** Opens a file by its path, in whatever folder it is, and waits until it is shown and has the focus. */
  async goToFile(path: string): Promise<void> {
    const name = path.slice(path.lastIndexOf('/') + 1);
    await this.press('Control+P');
    // While VS Code lists the files, it searches its last list, and not again once it has the new one.
    await persist(async () => {
      for (const text of ['', path]) await this.type('Search files by name', text);
      await this.choice(name).waitFor({ timeout: MOVE_PATIENCE });
    });
    await this.pick(name);
    await this.#isOpen(name);
  }

  /** Waits until a file is shown and has the focus. */
  async #isOpen(name: string, timeout = PATIENCE): Promise<void> {
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor({ timeout });
    await this.editorHasFocus();
    await this.lines.filter({ hasText: /\S/ }).first().waitFor();
    await this.#rest();
  }

  /** Clicks an icon of the activity bar, unless its view is shown already: a click would hide it. */
  async showView(title: string): Promise<void> {
    const item = this.page.locator(`.activitybar .action-item:has(> .action-label[aria-label^="${title}"])`);
    await item.waitFor();
    const isShown = (await item.getAttribute('class'))?.split(' ').includes('checked') ?? false;
    if (isShown) return;
    await item.click();
    await item.and(this.page.locator('.checked')).waitFor();
    // The view takes the focus, which may be a while after it is shown.
    await this.isGone(this.page.locator('.part.activitybar :focus'));
    await this.#rest();
  }

  /** Moves the mouse away. The name of what it is over would hide what is beside. What has the focus may show its name, too. */
  async #rest(): Promise<void> {
    await this.page.mouse.move(RESTING_PLACE.x, RESTING_PLACE.y);
    await this.page.waitForFunction(
      `document.querySelector('.workbench-hover-container')?.checkVisibility() ? ${LEAVE}.then(() => false) : true`,
      undefined,
      { polling: HOVER_TIME },
    );
  }

  /** Runs what is open, or what is selected in the view Run and Debug, by a key for that. */
  async debug(key: 'F5' | 'Control+F5' = 'F5'): Promise<void> {
    await this.canDebug();
    await this.page.locator('.debug-toolbar:visible').waitFor({ state: 'hidden' });
    await this.press(key);
  }

  /**
   * Presses keys once VS Code does something for them. It takes no F5, for one, while something still starts or has not quite ended,
   * which need not be seen anywhere.
   */
  async press(keys: string): Promise<void> {
    const end = Date.now() + PATIENCE;
    while (!(await this.#isTaken(keys))) {
      if (Date.now() > end) throw new Error(`VS Code takes no ${keys}`);
      await this.page.waitForTimeout(KEY_PAUSE);
    }
  }

  /** Presses keys, and returns whether VS Code does something for them. */
  async #isTaken(keys: string): Promise<boolean> {
    await this.page.evaluate(watchKey(keys.slice(keys.lastIndexOf('+') + 1)));
    await this.page.keyboard.press(keys);
    // They may have gone to a page within the page.
    const late = `new Promise((done) => setTimeout(done, ${KEY_PAUSE}))`;
    return Boolean(await this.page.evaluate(`Promise.race([keyTaken, ${late}])`));
  }

  /** Clicks left of a line of the active editor, which has no breakpoint yet, and waits for it there. */
  async setBreakpoint(text: string): Promise<void> {
    const breakpoint = '.codicon-debug-breakpoint';
    const glyph = this.page.locator(`.editor-group-container.active ${breakpoint}`).first();
    for (;;) {
      await this.#clickMargin(text, 'left');
      await glyph.waitFor();
      if (await this.page.evaluate(isAtLine(breakpoint, 'top', text))) break;
      // A lens that came above has moved the line down.
      await glyph.click();
      await this.isGone(glyph);
    }
    await this.#rest();
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
      await this.#choose(item, () => this.#clickMargin(text, 'right'));
      await input.waitFor();
      if (await this.page.evaluate(isAtLine('.breakpoint-widget', 'bottom', text))) break;
      // A lens that came above has moved the line down.
      await this.press('Escape');
      await this.isGone(widget);
    }
    await this.page.keyboard.insertText(value);
    await input.locator('.view-line', { hasText: nonBreaking(value) }).waitFor();
    await this.page.keyboard.press('Enter');
    await this.isGone(widget);
    await this.#rest();
  }

  /** Adds an expression to those that are watched. */
  async watch(expression: string): Promise<void> {
    const header = this.page.locator('.pane-header[aria-label^="Watch"]');
    if ((await header.getAttribute('aria-expanded')) !== 'true') await header.click();
    await header.hover();
    await header.locator('.action-label[aria-label="Add Expression"]').click();
    const input = this.page.locator('.debug-watch input:focus');
    await input.fill(expression);
    await input.press('Enter');
    await this.#rest();
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
    await row.locator('.value').dblclick();
    const input = this.page.locator('.debug-variables input:focus');
    await input.waitFor();
    await input.fill(value);
    await input.press('Enter');
  }

  /** Lets a process that has stopped go on, by the key for that, once it can be done. */
  async goOn(): Promise<void> {
    await this.debugAction('continue').waitFor();
    await this.press('F5');
  }

  /** Moves the cursor of the active editor. Lines and columns count from 1. */
  async moveCursor(line: number, column = 1): Promise<void> {
    await this.press('Control+G');
    const input = this.page.locator(`${BOX} input`).first();
    await input.fill(`:${line}:${column}`);
    await input.press('Enter');
    await this.statusBar(`Ln ${line}, Col ${column}`).waitFor();
    await this.editorHasFocus();
  }

  /** Runs a command of the palette. One of ours must be enabled: the palette does not look again. */
  async command(title: string): Promise<void> {
    // A tree that is just being renewed takes the focus back if it has had it, which closes the palette.
    await this.page.evaluate(LEAVE);
    await this.press('F1');
    const palette = this.page.locator(`${BOX} input[aria-label^="Type the name of a command"]`);
    await palette.fill(`>${title}`);
    await this.pick(title);
    await palette.waitFor({ state: 'hidden' });
  }

  /** Answers a question with no, where there is one. */
  async dismissDialog(): Promise<void> {
    const dialog = this.page.locator('.monaco-dialog-box');
    if ((await dialog.count()) === 0) return;
    await this.page.keyboard.press('Escape');
    await this.isGone(dialog);
  }

  /** Moves the mouse over a row until it is described by a text. */
  async describes(row: Locator, text: string): Promise<void> {
    const hovers = this.page.locator('.workbench-hover:visible');
    // A row that is redrawn under the mouse is described only when the mouse enters it again.
    for (let visits = 1; visits < 12; visits++) {
      await this.#rest();
      await row.hover();
      await this.page.waitForTimeout(HOVER_DELAY * (visits + 1));
      if (await hovers.filter({ hasText: text }).isVisible()) return;
    }
    throw new Error(`not described by ${text}, but by ${JSON.stringify(await hovers.allInnerTexts())}`);
  }

  /** Types into the box at the top that has this placeholder. */
  async type(placeholder: string, text: string): Promise<void> {
    await this.box(placeholder).fill(text);
  }

  /** Chooses an item of the box at the top, by keys: rows may move under the mouse. */
  async pick(label: string | RegExp): Promise<void> {
    await this.choice(label).waitFor();
    const input = this.page.locator(`${BOX} input`).first();
    for (let presses = 0; presses < MOST_CHOICES; presses++) {
      if ((await this.choices(label, '.focused').count()) > 0) return await input.press('Enter');
      await input.press('ArrowDown');
    }
    throw new Error(`${label} is offered, but no key leads to it`);
  }

  /** Clicks an action of a row, which is there only while the mouse is over it. */
  async act(row: Locator, action: string): Promise<void> {
    // "Run Test with Coverage" follows "Run Test".
    const label = row.locator(`.action-label[aria-label^="${action}"]`).first();
    await persist(async () => {
      await row.hover();
      await label.click({ timeout: MOVE_PATIENCE });
    });
    await this.#rest();
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

  /** Types into the box at the top that has this placeholder, and accepts. */
  async answer(placeholder: string, text: string): Promise<void> {
    await this.box(placeholder).fill(text);
    await this.box(placeholder).press('Enter');
  }

  /** Types a line into the debug console. */
  async say(line: string): Promise<void> {
    const input = this.page.locator('.repl-input-wrapper .monaco-editor');
    await input.click();
    await input.and(this.page.locator('.focused')).waitFor();
    await this.page.keyboard.insertText(line);
    await input.locator('.view-line', { hasText: nonBreaking(line) }).waitFor();
    await this.page.keyboard.press('Enter');
    await input.locator('.view-line', { hasText: /^\s*$/ }).waitFor();
  }

  /** Opens a row, once it has something in it, unless it is open or opens by itself: then a click may have closed it. */
  async expand(row: Locator): Promise<void> {
    await persist(async () => {
      await row.and(this.page.locator('[aria-expanded]')).waitFor();
      if ((await row.getAttribute('aria-expanded')) === 'true') return;
      await row.locator('.monaco-tl-twistie').click();
      await row.and(this.page.locator('[aria-expanded="true"]')).waitFor({ timeout: MOVE_PATIENCE });
    });
  }

  /** Closes a row that is open. What is below it comes into sight. */
  async collapse(row: Locator): Promise<void> {
    await row.locator('.monaco-tl-twistie').click();
    await row.and(this.page.locator('[aria-expanded="false"]')).waitFor();
  }

  /** Closes a section of the side bar, which leaves its room to the others. */
  async closeSection(title: string): Promise<void> {
    const header = this.page.locator(`.pane-header[aria-label^="${title}"]`);
    if ((await header.getAttribute('aria-expanded')) === 'true') await header.click();
    await header.and(this.page.locator('[aria-expanded="false"]')).waitFor();
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
    await this.#rest();
  }

  /** Chooses from the context menu of a row. */
  async menu(row: Locator, item: string): Promise<void> {
    await this.#choose(item, () => row.click({ button: 'right' }));
  }

  /** Opens a context menu, and chooses from it. */
  async #choose(item: string, open: () => Promise<void>): Promise<void> {
    const label = this.page.locator('.action-label', { hasText: exactly(item) });
    const choice = this.page.locator('.monaco-menu .action-item').filter({ has: label }).first();
    await persist(async () => {
      await open();
      await choice.hover({ timeout: MOVE_PATIENCE });
      // A menu takes no clicks for a moment after it has opened.
      await choice.and(this.page.locator('.focused')).waitFor({ timeout: MOVE_PATIENCE });
    });
    await this.page.keyboard.press('Enter');
    await this.page.locator('.monaco-menu').waitFor({ state: 'detached' });
  }
}

/** Does something again until it comes about: what is used may move away from the mouse, or close when something else takes the focus. */
async function persist(attempt: () => Promise<void>): Promise<void> {
  for (const end = Date.now() + PATIENCE; ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof errors.TimeoutError) || Date.now() > end) throw error;
    }
  }
}

/** A whole text in which an editor shows other spaces. */
function nonBreaking(text: string): RegExp {
  return new RegExp(`^${escaped(text).replaceAll(' ', '\\s')}$`);
}

/** Whether a row of a list is selected. */
async function isSelected(row: Locator): Promise<boolean> {
  return (await row.getAttribute('class'))?.includes('selected') === true;
}
