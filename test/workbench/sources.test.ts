/** A program is debugged in the language it was written in. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectFolder } from '../support/command.ts';
import { WorkbenchSession } from './support/session.ts';

const session = new WorkbenchSession();
const folder = join(projectFolder, 'test', 'guests', 'debug');

/** What the debug console sends as `!!!!`, and three times that. */
const COUNT = '555819297';
const SUM = '1667457891';

test.each([
  ['Rust', 'shop.rs', 'shop-rust.wasm', 'if sum > 30', 38],
  ['C', 'shop.c', 'shop-c.wasm', 'if (sum > 30)', 19],
])(
  '%s: two processes stop at a line, each with its variables, which are watched, hovered and set',
  async (_, source, program, line, after) => {
    const launch = {
      type: 'lunatic',
      request: 'launch',
      name: 'shop',
      program: `\${workspaceFolder}/${program}`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor fills it in.
      sourceFileMap: { '/project': '${workspaceFolder}' },
    };
    const workbench = await session.open(
      {
        [source]: readFileSync(join(folder, source)),
        [program]: readFileSync(join(folder, program)),
        '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations: [launch] }),
      },
      { ownWindow: true },
    );
    const { page } = workbench;
    await workbench.isActive();
    await workbench.openFile(source);
    await workbench.editorShows(line);
    await workbench.setBreakpoint(line);
    await workbench.showView('Run and Debug');
    await workbench.debug();
    await workbench.thread('#2 worker (waiting for a message)').waitFor();
    await workbench.say('send 2 !!!!');
    await page.locator('.debug-top-stack-frame-line').first().waitFor();
    await workbench.thread('#2 worker').filter({ hasText: 'Paused on breakpoint' }).first().waitFor();
    await workbench.thread('#3 worker').filter({ hasText: 'Running' }).waitFor();
    await workbench.variable('count', COUNT).waitFor();
    await workbench.variable('sum', SUM).waitFor();

    await workbench.say('sum / 3 == count');
    await workbench.printed('true');
    await workbench.hovers('sum > 30', 'sum', SUM);
    await workbench.screenshot(`debugging-variables-${source}`);

    // The price is so low now that there is no discount.
    await workbench.setVariable(workbench.variable('sum', SUM), '20');
    await workbench.variable('sum', '20').waitFor();
    await page.keyboard.press('F10');
    await workbench.thread('#2 worker').filter({ hasText: 'Paused on step' }).first().waitFor();
    await workbench
      .frame('price')
      .filter({ hasText: `${after}:` })
      .first()
      .waitFor();

    await workbench.say('send 3 !!!!');
    await workbench.thread('#3 worker').filter({ hasText: 'Paused on breakpoint' }).first().waitFor();
    await workbench.thread('#2 worker').filter({ hasText: 'Paused on step' }).first().waitFor();
    await workbench.screenshot(`debugging-two-processes-${source}`);
    expect(await page.locator('.tab').allTextContents()).toEqual([source]);
  },
);
