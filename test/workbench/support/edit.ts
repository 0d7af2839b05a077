/** Edits a file as a person does, with the keyboard. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenWorkbench } from './session.ts';

/** Settings under which a text is typed as it is. */
export const TYPING = { 'editor.autoClosingQuotes': 'never', 'editor.autoSurround': 'never' };

/** Replaces the first occurrence of a text in the file that the active editor shows. */
export async function replace(
  { page, workspace }: OpenWorkbench,
  file: string,
  before: string,
  after: string,
): Promise<void> {
  const lines = readFileSync(join(workspace.folder, file), 'utf8').split('\n');
  const line = lines.findIndex((text) => text.includes(before));
  await page.keyboard.press('Control+G');
  await page.keyboard.type(`${line + 1}:${(lines[line]?.indexOf(before) ?? 0) + 1}`);
  await page.keyboard.press('Enter');
  await page.locator('.editor-group-container.active .monaco-editor.focused').waitFor();
  for (let left = before.length; left > 0; left--) await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.insertText(after);
}

/** The same, and saves it. */
export async function edit(
  workbench: OpenWorkbench,
  file: string,
  before: string,
  after: string,
): Promise<void> {
  await replace(workbench, file, before, after);
  await workbench.page.keyboard.press('Control+S');
}
