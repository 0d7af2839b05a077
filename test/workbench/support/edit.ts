/** Edits a file as a person does, with the keyboard. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenWorkbench } from './session.ts';

/** Settings under which a text is typed as it is. */
export const TYPING = { 'editor.autoClosingQuotes': 'never', 'editor.autoSurround': 'never' };

/** Replaces the first occurrence of a text in the file that the active editor shows. */
export async function replace(
  workbench: OpenWorkbench,
  file: string,
  before: string,
  after: string,
): Promise<void> {
  const { keyboard } = workbench.page;
  const lines = readFileSync(join(workbench.workspace.folder, file), 'utf8').split('\n');
  const line = lines.findIndex((text) => text.includes(before));
  await workbench.brings(workbench.statusBar(`(${before.length} selected)`), async () => {
    await workbench.moveCursor(line + 1, (lines[line]?.indexOf(before) ?? 0) + 1);
    for (let left = before.length; left > 0; left--) await keyboard.press('Shift+ArrowRight');
  });
  await keyboard.insertText(after);
}

/** The same, and saves it. */
export async function edit(
  workbench: OpenWorkbench,
  file: string,
  before: string,
  after: string,
): Promise<void> {
  await replace(workbench, file, before, after);
  await workbench.press('Control+S');
}
