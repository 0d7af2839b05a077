import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { RunningCommand } from '../support/command.ts';
import { AdapterClient, guestFile, testFolder, within } from './adapter-client.ts';
import { echo } from './guests.ts';

/** Ends a session and its adapter, so that all is written. */
async function end(client: AdapterClient): Promise<void> {
  const exited = new Promise((done) => client.adapter?.once('exit', done));
  await client.disconnectRequest();
  await within(exited, 'the adapter to end');
}

const SECRET = 'open sesame 4711';
const LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (<-|->|!!) ./;

/** The lines of a log, each with a time; those of a stack are part of the line before them. */
function linesOf(path: string): string[] {
  const lines = readFileSync(path, 'utf8')
    .replace(/\n$/, '')
    .split(/\n(?! {4})/);
  for (const line of lines) expect(line).toMatch(LINE);
  return lines;
}

test('--log adds every message in both directions to a file that its owner alone can read', async () => {
  const log = join(testFolder(), 'adapter.log');
  const client = await AdapterClient.stdio('a test', ['--log', log]);
  await client.run(echo, { env: { PASSWORD: SECRET } });
  await client.waitingThread(1);
  await expect(client.evaluateRequest({ expression: 'dance', context: 'repl' })).rejects.toThrow();
  await end(client);
  const lines = linesOf(log);
  const has = (direction: string, ...parts: string[]) =>
    lines.some((line) => line.includes(` ${direction} {`) && parts.every((part) => line.includes(part)));
  for (const command of ['initialize', 'launch', 'configurationDone', 'evaluate', 'disconnect']) {
    expect([command, has('<-', `"command":"${command}"`, '"type":"request"')]).toEqual([command, true]);
    expect([command, has('->', `"command":"${command}"`, '"type":"response"')]).toEqual([command, true]);
  }
  expect(has('->', '"event":"thread"')).toBe(true);
  expect(has('->', "There is no command 'dance'")).toBe(true);
  expect(has('<-', '"PASSWORD":"..."')).toBe(true);
  expect(lines.join('\n')).not.toContain(SECRET);
  if (process.platform !== 'win32') expect(statSync(log).mode & 0o777).toBe(0o600);
  // A second session is added.
  const second = await AdapterClient.stdio('a test', ['--log', log]);
  await end(second);
  expect(linesOf(log).length).toBeGreaterThan(lines.length);
});

test('the token of an inspector is in no log, whatever was typed around it', async () => {
  const program = new RunningCommand(['run', '--inspect', guestFile(echo)], { input: null });
  onTestFinished(() => {
    program.child.kill('SIGKILL');
  });
  await program.printed('\n', 'stderr');
  const [url = ''] = /ws:\S+/.exec(program.stderr) ?? [];
  const token = url.slice(url.lastIndexOf('/') + 1);
  expect(token.length).toBeGreaterThan(16);
  const log = join(testFolder(), 'trace.log');
  for (const typed of [url, ` ${url.replace('ws://', '')}`, url.replace('127.0.0.1', '127.0.0.1:x')]) {
    const client = await AdapterClient.stdio();
    const args = { url: typed, trace: log };
    await client.attachRequest(args as object as never).catch(() => {});
    await end(client);
  }
  const text = readFileSync(log, 'utf8');
  expect(text).toContain('TOKEN');
  expect(text).toContain('"command":"initialize"');
  expect(text).not.toContain(token);
});

test('trace writes the log of a session, and the console tells where', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo, { trace: true });
  await client.waitingThread(1);
  const [, path = ''] = /^The log of this session is written to (.*)$/m.exec(client.output('console')) ?? [];
  expect(existsSync(path)).toBe(true);
  await end(client);
  // What came before the launch is there too.
  expect(linesOf(path)[0]).toContain('"command":"initialize"');
  expect(linesOf(path).at(-1)).toContain('"command":"disconnect"');
});

test.each([
  ['is in a folder that is not there', (folder: string) => join(folder, 'none', 'log')],
  ['is a folder', (folder: string) => folder],
  ['is on a full disk', () => '/dev/full'],
])('a log that %s is told once, and the session goes on', async (_, path) => {
  const trace = path(testFolder());
  if (trace === '/dev/full' && !existsSync(trace)) return;
  const client = await AdapterClient.stdio();
  await client.run(echo, { trace });
  const threadId = await client.waitingThread(2);
  await client.until(() => client.output('console').includes('cannot be written'), 'the error of the log');
  expect((await client.stackTraceRequest({ threadId })).body.totalFrames).toBeGreaterThan(0);
  expect(client.output('console').match(/cannot be written/g)).toHaveLength(1);
  await end(client);
});
