/**
 * Stands in for the `code` executable where there is no desktop: takes the command line of @vscode/test-electron, and
 * opens the workbench of a server in a browser. It ends as the tests in the extension host end. On a machine with a
 * desktop, the same tests run without it.
 */
import { resolve } from 'node:path';
import { format } from 'node:util';
import { remotePath, urlOf, WorkbenchServer } from './server.ts';
import { launchBrowser } from './workbench.ts';

/** Milliseconds that all of it may take, which has limits of its own once the tests run. */
const PATIENCE = 600_000;

const words = new Map<string, string>();
const folders: string[] = [];
for (const word of process.argv.slice(2)) {
  const [, name, value = ''] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
  if (name === undefined) folders.push(resolve(word));
  else words.set(name, value);
}

const server = await WorkbenchServer.start();
const browser = await launchBrowser();
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
const ended = new Promise<number>((done) => {
  page.exposeFunction('codeAutomationExit', (code: number) => done(code));
});
// What the workbench and the extension host log is of interest where they fail.
const log: string[] = [];
await page.exposeFunction('codeAutomationLog', (_type: string, values: unknown[]) => {
  log.push(format(...values).trimEnd());
});
const payload: [string, string][] = [['skipWelcome', 'true']];
for (const name of ['extensionDevelopmentPath', 'extensionTestsPath']) {
  const path = words.get(name);
  if (path !== undefined) payload.push([name, remotePath(server, resolve(path))]);
}
await page.goto(urlOf(server, folders[0], payload));
const late = new Promise<number>((done) => {
  setTimeout(() => {
    log.push(`The tests have not come to their end in ${PATIENCE} ms`);
    done(1);
  }, PATIENCE).unref();
});
const code = await Promise.race([ended, late]);
if (code !== 0) process.stderr.write(`${log.join('\n')}\n`);
await browser.close();
await server.stop();
process.exit(code);
