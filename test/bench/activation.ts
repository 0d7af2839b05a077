/** How long the extension keeps VS Code's extension host from everything else when it begins. */
import { findChromium } from '../../scripts/chromium.mjs';
import { WorkbenchServer } from '../workbench/support/server.ts';
import { Workspace } from '../workbench/support/session.ts';
import { launchBrowser, Workbench } from '../workbench/support/workbench.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';

const WINDOWS = 6;

export const activation: Benchmark = {
  rows: [
    {
      name: 'extension, activation',
      unit: 'ms',
      what: 'from the loading of the extension until it is active, in a workspace with a module, as the view "Running Extensions" of VS Code tells it',
      peer: null,
      better: 'less',
      must: 50,
      aim: 30,
    },
  ],
  missing: findChromium() === undefined ? 'no Chromium' : null,
  async measure() {
    const workspace = new Workspace({ 'guest.wat': '(module (func (export "_start")))' });
    const server = await WorkbenchServer.start();
    const browser = await launchBrowser();
    try {
      const times: number[] = [];
      while (times.length < WINDOWS) {
        const workbench = await Workbench.open(browser, server, { folder: workspace.folder });
        times.push(await activationTime(workbench));
        await workbench.close();
      }
      const details = [`in windows opened one after the other: ${times.join(', ')} ms`];
      return [{ value: Math.min(...times), peerValue: null, details }];
    } finally {
      await browser.close();
      await server.stop();
      workspace.remove();
    }
  },
};

async function activationTime(workbench: Workbench): Promise<number> {
  await workbench.isActive();
  // The slowest extensions come first, and the list has only those that can be seen.
  await workbench.page.setViewportSize({ width: 1280, height: 2500 });
  await workbench.command('Developer: Show Running Extensions');
  const row = workbench.page.locator('.runtime-extensions-editor .monaco-list-row', {
    hasText: 'lunatic.lunatic',
  });
  const text = await row.locator('.activation-time', { hasText: 'ms' }).innerText();
  const time = /(\d+)\s?ms/.exec(text)?.[1];
  if (time === undefined) throw new Error(`VS Code says of the activation: ${text}`);
  return Number(time);
}

if (import.meta.main) process.exit(await bench([activation], process.argv.slice(2)));
