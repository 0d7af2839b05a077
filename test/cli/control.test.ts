import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { joinHub } from '../../runtime/cluster/hub/join.ts';
import type { TransportListener } from '../../runtime/cluster/transport.ts';
import { lunatic, RunningCommand } from '../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'lunatic-control-'));
afterAll(() => rmSync(folder, { recursive: true }));

const IDLE: TransportListener = { received: () => {}, joined: () => {}, left: () => {}, lost: () => {} };

/** Starts `lunatic control`, and returns where nodes register. */
async function control(args: readonly string[], env: Record<string, string> = {}) {
  const command = new RunningCommand(['control', ...args], { env, input: null });
  onTestFinished(() => {
    command.child.kill('SIGKILL');
  });
  await command.printed('/\n', 'stderr');
  const [url = ''] = /https?:\S+/.exec(command.stderr) ?? [];
  return { command, url };
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  'prints where nodes register, serves, and ends at a %s',
  async (signal) => {
    const { command, url } = await control([]);
    expect(command.stderr).toMatch(/^lunatic: nodes register at http:\/\/127\.0\.0\.1:3\d\d\d\/\n$/);
    const lost = new Promise<string>((done) => {
      joinHub(url, {}, { ...IDLE, lost: ({ message }) => done(message) }).then(async ({ self, names }) => {
        expect(self.id).toBe(1);
        expect(await names.create(1, 'name', Uint8Array.of(1))).toBe(1);
        command.child.kill(signal);
      });
    });
    expect(await command.ended).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await lost).toMatch(/cannot be reached/);
  },
);

test('takes another port if one is in use, unless it was told which', async () => {
  const [first, second] = [await control([]), await control(['--log', 'info'])];
  expect(second.url).not.toBe(first.url);
  expect(second.command.stderr).toBe(`[INFO lunatic::control] Nodes register at ${second.url}\n`);
  const { host } = new URL(first.url);
  const { exitCode, stderr } = await lunatic(['control', '--bind-socket', host]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(`Error: The control server cannot listen at ${host}: listen EADDRINUSE`);
});

test('with a token file and TLS, nodes need what is in the file', async () => {
  const file = join(folder, 'token');
  const ca = join(folder, 'ca.pem');
  const { command, url } = await control([
    ...['--bind-socket', '127.0.0.1:0', '--token-file', file],
    ...['--tls', '--ca-file', ca],
  ]);
  expect(url).toMatch(/^https:/);
  const token = readFileSync(file, 'utf8').trim();
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(command.stderr).not.toContain(token.slice(0, 10));
  const transport = await joinHub(url, { token }, IDLE);
  await transport.close();
  await expect(joinHub(url, { ca: readFileSync(ca, 'utf8') }, IDLE)).rejects.toThrow(/join token/);
});

test('the token may be in a variable, and a network needs one', async () => {
  const token = 'correct horse battery'.replaceAll(' ', '-');
  const { url } = await control(['--bind-socket', '0.0.0.0:0'], { LUNATIC_CLUSTER_TOKEN: token });
  const reached = url.replace('0.0.0.0', '127.0.0.1');
  await expect(joinHub(reached, {}, IDLE)).rejects.toThrow(/join token/);
  await (await joinHub(reached, { token }, IDLE)).close();

  const refused = async (args: readonly string[], env: Record<string, string> = {}) => {
    const { exitCode, stderr } = await lunatic(['control', ...args], { env });
    expect(exitCode).toBe(2);
    return stderr;
  };
  expect(await refused(['--bind-socket', '0.0.0.0:0'])).toMatch(/--token-file FILE .* --open/);
  expect(await refused([], { LUNATIC_CLUSTER_TOKEN: 'short' })).toMatch(/at least 16 characters/);
  expect(await refused(['--bind-socket', 'localhost:1'])).toMatch(/IP:PORT/);
});
