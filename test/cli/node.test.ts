import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { CertificateAuthority } from '../../runtime/certificates/authority.ts';
import { type Hub, openHub } from '../../runtime/cluster/hub/hub.ts';
import { hasNats, NatsServer } from '../support/cluster/nats-server.ts';
import { projectFolder, RunningCommand } from '../support/command.ts';
import { guest } from '../support/guest.ts';

const folder = mkdtempSync(join(tmpdir(), 'lunatic-node-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { authority } = CertificateAuthority.create('the control server of a test');

async function controlServer(joinToken: string | null = null): Promise<Hub> {
  const hub = await openHub({ host: '127.0.0.1', port: 0, joinToken, authority, tls: null });
  onTestFinished(() => hub.close());
  return hub;
}

/** Starts a node. */
function node({ url }: Pick<Hub, 'url'>, args: readonly string[] = [], env: Record<string, string> = {}) {
  const command = new RunningCommand(['node', '--log', 'info', url, ...args], { env });
  onTestFinished(() => void command.child.kill('SIGKILL'));
  return command;
}

/** Starts a node of a cluster over NATS. */
function natsNode({ url }: NatsServer, args: readonly string[] = [], env: Record<string, string> = {}) {
  const command = new RunningCommand(['node', '--log', 'info', '--cluster', url, ...args], { env });
  onTestFinished(() => void command.child.kill('SIGKILL'));
  return command;
}

/** Starts a node, and waits until it has joined. */
async function joined(hub: Hub, args: readonly string[] = []) {
  const command = node(hub, args);
  await command.printed('This is node', 'stderr');
  return command;
}

function programOf(name: string, functions: string): string {
  const path = join(folder, `${name}.wat`);
  writeFileSync(path, guest(functions));
  return path;
}

test('a Rust program spawns, asks and finds on three nodes; each ends at an interrupt, and the others hear of it', async () => {
  const hub = await controlServer();
  const workers = [await joined(hub, ['--tag', 'role=worker']), await joined(hub, ['--tag', 'role=worker'])];
  const main = node(hub, ['--wasm', join(projectFolder, 'test/guests/built/rust/nodes.wasm')]);
  await main.printed('done\n');
  expect(main.stdout.split('\n').filter((line) => !line.startsWith('ok: '))).toEqual([
    ...['product 100', 'product 200', 'product 300'],
    ...Array<string>(3).fill('sums [1001, 1003, 1006]'),
    ...['workers 2', 'done', ''],
  ]);
  main.child.kill('SIGINT');
  expect((await main.ended).exitCode).toBe(0);
  await workers[0]?.printed('Node 3 has left', 'stderr');
  for (const { child } of workers) child.kill('SIGTERM');
  for (const { ended } of workers) expect((await ended).exitCode).toBe(0);
});

test.runIf(hasNats)('a Rust program does the same over NATS, with a password from a variable', async () => {
  const server = await NatsServer.start('authorization { user: ann, password: "wonder-land" }');
  onTestFinished(() => server.stop());
  const env = { LUNATIC_NATS_USER: 'ann', LUNATIC_NATS_PASSWORD: 'wonder-land' };
  const workers = ['one', 'two'].map((name) =>
    natsNode(server, ['--tag', 'role=worker', '--tag', `name=${name}`], env),
  );
  const main = natsNode(server, ['--wasm', join(projectFolder, 'test/guests/built/rust/nodes.wasm')], env);
  await main.printed('done\n');
  expect(main.stdout).toContain('workers 2\n');
  main.child.kill('SIGINT');
  expect((await main.ended).exitCode).toBe(0);
  await workers[0]?.printed('has left', 'stderr');
  const stranger = await natsNode(server).ended;
  expect(stranger.stderr).toMatch(/cannot be joined: no NATS server can be joined: .*authorization/i);
  expect(stranger.exitCode).toBe(1);
  const named = await new RunningCommand(['node', '--cluster', 'nats://ann:wonder-land@127.0.0.1']).ended;
  expect(named).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('do not belong into a URL') });
});

test('a link tells within two seconds that a node was killed, and one that it is stopped', async () => {
  const hub = await controlServer();
  const victims = [await joined(hub), await joined(hub)];
  const linked = programOf(
    'linked',
    `(func (export "child") (call $forever))
     (func $link (param $node i64) (local $id i64)
       (call $expect (call $distributed.spawn (local.get $node) (i64.const -1) (call $distributed.module_id)
         (text "child") (i32.const 0) (i32.const 0) (i32.const 16)) (i32.const 0))
       (call $process.link (local.get $node) (call $cluster.refer (local.get $node) (i64.load (i32.const 16)))))
     (func (export "_start")
       (call $process.die_when_link_dies (i32.const 0))
       (call $link (i64.const 1)) (call $link (i64.const 2))
       (call $print (text "linked"))
       (call $show_received (call $receive))
       (call $show_received (call $receive)))`,
  );
  const main = node(hub, ['--wasm', linked]);
  await main.printed('linked');
  const deathOf = async (number: number, signal: NodeJS.Signals) => {
    const since = performance.now();
    victims[number - 1]?.child.kill(signal);
    await main.printed(`link ${number}\n`);
    return performance.now() - since;
  };
  expect(await deathOf(1, 'SIGKILL')).toBeLessThan(2000);
  expect(await deathOf(2, 'SIGSTOP')).toBeLessThan(2000 + 1000);
});

test('a node that its control server has lost says so and ends', { timeout: 30_000 }, async () => {
  const hub = await controlServer();
  const member = await joined(hub);
  await hub.close();
  const { exitCode, stderr } = await member.ended;
  expect(stderr).toContain('lunatic: this node is no part of the cluster any more: ');
  expect(exitCode).toBe(1);
});

test('a node that cannot join says why', async () => {
  const closed = await node({ url: 'http://127.0.0.1:1/' }).ended;
  expect(closed.stderr).toMatch(/The cluster of http:\/\/127.0.0.1:1\/ cannot be joined: .*ECONNREFUSED/);
  expect(closed.exitCode).toBe(1);
  const hub = await controlServer('the-secret-of-the-cluster');
  const stranger = await node(hub).ended;
  expect(stranger.stderr).toContain('cannot be joined: ');
  expect(stranger.exitCode).toBe(1);
  const member = node(hub, [], { LUNATIC_CLUSTER_TOKEN: 'the-secret-of-the-cluster' });
  await member.printed('This is node 1', 'stderr');
  const file = join(folder, 'token');
  writeFileSync(file, 'the-secret-of-the-cluster\n');
  const other = node(hub, ['--token-file', file]);
  await other.printed('This is node 2', 'stderr');
  expect(`${stranger.stderr} ${member.stderr} ${other.stderr}`).not.toContain('the-secret');
});

test('a module that fails is logged, and the node goes on', async () => {
  const hub = await controlServer();
  const broken = join(folder, 'broken.wat');
  writeFileSync(broken, '(module (import "lunatic::process" "fly" (func)))');
  const member = node(hub, ['--wasm', broken]);
  await member.printed('cannot be run: ', 'stderr');
  expect(member.stderr).toContain('lunatic::process::fly');
  const trapping = node(hub, ['--wasm', programOf('traps', '(func (export "_start") (unreachable))')]);
  await trapping.printed('Process 1 failed', 'stderr');
  for (const { child, ended } of [member, trapping]) {
    child.kill('SIGINT');
    expect((await ended).exitCode).toBe(0);
  }
});
