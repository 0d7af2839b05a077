import { errors, type Locator } from 'playwright-core';
import { LEAVE, watchKey } from './page-scripts.ts';
import { BOX, exactly, FOCUSED_EDITOR, PATIENCE, WorkbenchParts } from './parts.ts';

/** Times that a key is pressed to come to an item of a list. */
const MOST_CHOICES = 100;

/** The part of the window's title where nothing is that the mouse could wake. */
const RESTING_PLACE = { x: 1050, y: 18 };

/** Milliseconds after which the name of something goes that the mouse has left. */
const HOVER_TIME = 300;

/** Milliseconds between two tries of a key. */
const KEY_PAUSE = 200;

/** Milliseconds after which something is tried again that the window may have undone. */
const MOVE_PATIENCE = 2000;

/** Milliseconds after which what the mouse is over is described. */
export const HOVER_DELAY = 500;

/** What a person does in a VS Code window with mouse and keys. */
export class WorkbenchActions extends WorkbenchParts {
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

  /** Types into the box at the top that has this placeholder. */
  async type(placeholder: string, text: string): Promise<void> {
    await this.box(placeholder).fill(text);
  }

  /** Types into the box at the top that has this placeholder, and accepts. */
  async answer(placeholder: string, text: string): Promise<void> {
    await this.box(placeholder).fill(text);
    await this.box(placeholder).press('Enter');
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

  /** Answers a question with no, where there is one. */
  async dismissDialog(): Promise<void> {
    const dialog = this.page.locator('.monaco-dialog-box');
    if ((await dialog.count()) === 0) return;
    await this.page.keyboard.press('Escape');
    await this.isGone(dialog);
  }

  /** Opens the center of notifications, and waits for one with this text. The center closes when the last one goes. */
  async notification(text: string): Promise<Locator> {
    const notifications = this.page.locator('.notifications-center.visible .notification-list-item');
    const notification = notifications.filter({ hasText: text }).first();
    const bell = this.page.locator('.statusbar .codicon-bell-dot');
    for (;;) {
      await notification.or(bell).first().waitFor();
      if (await notification.isVisible()) return notification;
      await this.command('Notifications: Show Notifications');
    }
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
    await this.rest();
  }

  /** Opens a file of the explorer, and waits until it is shown and has the focus. */
  async openFile(name: string): Promise<void> {
    await this.showView('Explorer');
    const label = this.page.locator('.label-name', { hasText: exactly(name) });
    // A file that comes into the list moves those below it, perhaps while they are clicked.
    const file = this.files.filter({ has: label }).first();
    await this.brings(this.page.locator(activeTab(name)), () => file.dblclick());
    await this.#isOpen(name);
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
  async #isOpen(name: string): Promise<void> {
    const tab = this.page.locator(activeTab(name));
    await tab.waitFor();
    await this.lines.filter({ hasText: /\S/ }).first().waitFor();
    await this.#focusEditor(tab);
    await this.rest();
  }

  /** Goes to the tab of a file, and waits until its editor has the focus. */
  async openTab(name: string): Promise<void> {
    await this.brings(this.page.locator(activeTab(name)), () => this.tab(name).click());
    await this.#isOpen(name);
  }

  /** Waits until the editor of a tab has the focus, and clicks the tab where something else has taken it. */
  async #focusEditor(tab: Locator): Promise<void> {
    const hasFocus = this.page.locator(FOCUSED_EDITOR);
    if (await isSeen(hasFocus)) return;
    await this.brings(hasFocus, () => tab.click());
  }

  /** Opens what a row stands for, by a double click. */
  async openRow(row: Locator, shown: Locator): Promise<void> {
    await this.brings(shown, () => row.dblclick());
  }

  /**
   * Does something again until it has brought about what is to be seen: what is used may move away from the mouse, and the focus
   * may go to what something else opens.
   */
  async brings(seen: Locator, act: () => Promise<void>): Promise<void> {
    let isAgain = false;
    await persist(async () => {
      if (isAgain && (await seen.first().isVisible())) return;
      isAgain = true;
      await act();
      await seen.first().waitFor({ timeout: MOVE_PATIENCE });
    });
  }

  /** Moves the cursor of the active editor. Lines and columns count from 1. */
  async moveCursor(line: number, column = 1): Promise<void> {
    await persist(async () => {
      await this.press('Control+G');
      const input = this.page.locator(`${BOX} input`).first();
      await input.fill(`:${line}:${column}`, { timeout: MOVE_PATIENCE });
      await input.press('Enter', { timeout: MOVE_PATIENCE });
      await this.statusBar(`Ln ${line}, Col ${column}`).waitFor({ timeout: MOVE_PATIENCE });
    });
    await this.#focusEditor(this.page.locator('.editor-group-container.active .tab.active'));
  }

  /** Selects a process in a tree of which the rows may move while it is clicked. */
  async select(name: string): Promise<void> {
    const row = this.process(name);
    const closed = this.processes.and(this.page.locator('[aria-expanded="false"]')).first();
    await this.brings(row.and(this.page.locator('.selected')), async () => {
      // The click before may have met another row, and closed it.
      if (!(await row.isVisible()) && (await closed.isVisible())) await this.expand(closed);
      await row.click({ timeout: MOVE_PATIENCE });
    });
  }

  /**
   * Clicks an action of a row, which is there only while the mouse is over it.
   * @param seen what that brings about, if it may be clicked again until then: the row may move away from the mouse
   */
  async act(row: Locator, action: string, seen?: Locator): Promise<void> {
    // "Run Test with Coverage" follows "Run Test".
    const label = row.locator(`.action-label[aria-label^="${action}"]`).first();
    const click = async () => {
      await row.hover({ timeout: MOVE_PATIENCE });
      await label.click({ timeout: MOVE_PATIENCE });
    };
    await (seen === undefined ? persist(click) : this.brings(seen, click));
    await this.rest();
  }

  /** Moves the mouse over a row until it is described by a text. */
  async describes(row: Locator, text: string): Promise<void> {
    const hovers = this.page.locator('.workbench-hover:visible');
    // A row that is redrawn under the mouse is described only when the mouse enters it again.
    for (let visits = 1; visits < 12; visits++) {
      await this.rest();
      await row.hover();
      await this.page.waitForTimeout(HOVER_DELAY * (visits + 1));
      if ((await hovers.filter({ hasText: text }).count()) > 0) return;
    }
    throw new Error(`not described by ${text}, but by ${JSON.stringify(await hovers.allInnerTexts())}`);
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

  /** Waits until a call is displayed. VS Code leaves a thread closed if it has to draw the list of threads anew as it stops. */
  async hasCall(call: Locator): Promise<void> {
    const isClosed = this.page.locator('[aria-expanded="false"]');
    const closed = this.threads.filter({ hasText: 'Paused on' }).and(isClosed).first();
    await persist(async () => {
      await call.or(closed).first().waitFor();
      if ((await call.count()) > 0) return;
      await closed.locator('.monaco-tl-twistie').click({ timeout: MOVE_PATIENCE });
      await call.first().waitFor({ timeout: MOVE_PATIENCE });
    });
  }

  /** Closes a row that is open. What is below it comes into sight. */
  async collapse(row: Locator): Promise<void> {
    const isClosed = row.and(this.page.locator('[aria-expanded="false"]'));
    await this.brings(isClosed, async () => {
      if (!(await isClosed.isVisible())) await row.locator('.monaco-tl-twistie').click();
    });
  }

  /** Closes a section of the side bar, which leaves its room to the others. */
  async closeSection(title: string): Promise<void> {
    await this.#setSection(title, false);
  }

  /** Opens a section of the side bar. */
  async openSection(title: string): Promise<void> {
    await this.#setSection(title, true);
  }

  async #setSection(title: string, isOpen: boolean): Promise<void> {
    const header = this.page.locator(`.pane-header[aria-label^="${title}"]`);
    await this.brings(header.and(this.page.locator(`[aria-expanded="${isOpen}"]`)), async () => {
      if ((await header.getAttribute('aria-expanded')) !== String(isOpen)) await header.click();
    });
  }

  /** Follows the link of a line in the active editor. */
  async followLink(text: string): Promise<void> {
    const links = this.line(text).locator('.detected-link, .detected-link-active');
    await this.page.keyboard.down('Control');
    await this.brings(this.page.locator('.detected-link-active'), async () => {
      await this.rest();
      await links.first().hover();
    });
    await this.page.mouse.down();
    await this.page.mouse.up();
    await this.page.keyboard.up('Control');
    await this.rest();
  }

  /** Chooses from the context menu of a row. */
  async menu(row: Locator, item: string): Promise<void> {
    await this.choose(item, () => row.click({ button: 'right' }));
  }

  /** Opens a context menu, and chooses from it. */
  protected async choose(item: string, open: () => Promise<void>): Promise<void> {
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

  /** Moves the mouse away. The name of what it is over would hide what is beside. What has the focus may show its name, too. */
  protected async rest(): Promise<void> {
    await this.page.mouse.move(RESTING_PLACE.x, RESTING_PLACE.y);
    await this.page.waitForFunction(
      `document.querySelector('.workbench-hover-container')?.checkVisibility() ? ${LEAVE}.then(() => false) : true`,
      undefined,
      { polling: HOVER_TIME },
    );
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

/** Whether something is seen soon. */
async function isSeen(what: Locator): Promise<boolean> {
  try {
    await what.waitFor({ timeout: MOVE_PATIENCE });
    return true;
  } catch (error) {
    if (error instanceof errors.TimeoutError) return false;
    throw error;
  }
}

/** Selects the tab of a file that is in the active editor. */
function activeTab(name: string): string {
  return `.editor-group-container.active .tab.active[data-resource-name="${name}"]`;
}
