import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createUser } from '@nats-io/nkeys';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CertificateAuthority } from '../../runtime/certificates/authority.ts';
import { joinNats, type NatsOptions } from '../../runtime/cluster/nats/join.ts';
import { freePort, hasNats, NatsServer } from '../support/cluster/nats-server.ts';
import { TestNode } from '../support/cluster/node.ts';

async function server(config = ''): Promise<NatsServer> {
  const started = await NatsServer.start(config);
  onTestFinished(() => started.stop());
  return started;
}

async function joined(options: NatsOptions): Promise<TestNode> {
  const node = await TestNode.with((listener) => joinNats(options, listener));
  onTestFinished(() => node.transport.close());
  return node;
}

/** Joins in vain. Returns why. */
async function refused(options: NatsOptions): Promise<string> {
  const error = await joined(options).then(
    () => new Error('it has joined'),
    (reason: Error) => reason,
  );
  expect(error).toMatchObject({ code: 'LUNATIC_CLUSTER' });
  return error.message;
}

/** What a node needs: JetStream's requests, its buckets, the list of nodes, signs of life, and its environments. */
const permissions = (cluster: string, environments: readonly number[], mayMakeBuckets = false) => {
  const frames = environments.map((environment) => `"lunatic.${cluster}.env.${environment}.>"`);
  const buckets = [
    `lunatic-${cluster}-nodes`,
    ...environments.map((number) => `lunatic-${cluster}-names-${number}`),
  ];
  const publish = [
    ...frames,
    `"lunatic.${cluster}.alive.*"`,
    ...buckets.map((bucket) => `"$KV.${bucket}.>"`),
    `"$O.lunatic-${cluster}-modules.>"`,
    ...(mayMakeBuckets
      ? ['"$JS.API.>"']
      : [
          '"$JS.API.INFO"',
          ...[...buckets.map((bucket) => `KV_${bucket}`), `OBJ_lunatic-${cluster}-modules`].flatMap(
            (stream) => [
              `"$JS.API.STREAM.INFO.${stream}"`,
              `"$JS.API.STREAM.CREATE.${stream}"`,
              `"$JS.API.DIRECT.GET.${stream}.>"`,
              `"$JS.API.DIRECT.GET.${stream}"`,
              `"$JS.API.STREAM.MSG.GET.${stream}"`,
              `"$JS.API.CONSUMER.*.${stream}"`,
              `"$JS.API.CONSUMER.*.${stream}.>"`,
              `"$JS.FC.${stream}.>"`,
            ],
          ),
        ]),
  ];
  return `{ publish: [${publish}], subscribe: ["_INBOX.>", ${[...frames, `"lunatic.${cluster}.alive.*"`]}] }`;
};

describe.runIf(hasNats)('NATS', () => {
  test('keeps tenants and environments apart by its permissions', async () => {
    const { url } = await server(`authorization { users: [
      { user: one, password: p1, permissions: ${permissions('shared', [1])} },
      { user: two, password: p2, permissions: ${permissions('shared', [1, 2])} },
      { user: other, password: p3, permissions: ${permissions('other', [1])} }
    ] }`);
    const as = (user: string, password: string, cluster: string, environments: readonly number[]) => ({
      servers: [url],
      cluster,
      identity: { user, password },
      environments: new Set(environments),
    });
    const one = await joined(as('one', 'p1', 'shared', [1]));
    const two = await joined(as('two', 'p2', 'shared', [1, 2]));
    const third = await joined(as('two', 'p2', 'shared', [1, 2]));
    const other = await joined(as('other', 'p3', 'other', [1]));
    await one.knows(two.id);
    await two.knows(third.id);
    expect(other.transport.nodes.size).toBe(0);
    // Environment 2 is not one's: the server refuses what it sends there, and the rest comes.
    one.transport.send(two.id, 2, Uint8Array.of(1));
    one.transport.send(two.id, 1, Uint8Array.of(2));
    third.transport.send(two.id, 2, Uint8Array.of(3));
    await two.until('two frames', () => two.all.length === 2);
    expect(two.all.map(({ environment, bytes }) => [environment, ...bytes]).sort()).toEqual([
      [1, 2],
      [2, 3],
    ]);
    expect(await two.transport.names.create(2, 'name', Uint8Array.of(1))).not.toBeNull();
    await expect(one.transport.names.get(2, 'name')).rejects.toThrow();
    expect(await one.transport.names.create(1, 'name', Uint8Array.of(1))).not.toBeNull();
    // Whoever wants to hear all environments, and may not, is told so at once.
    const greedy = { ...as('one', 'p1', 'shared', []), environments: null };
    expect(await refused(greedy)).toMatch(/subscription .*env\.\*.*environments/);
    // Nobody joins a cluster that is not his.
    expect(await refused(as('other', 'p3', 'shared', [1]))).toMatch(/\w/);
    expect(one.isLost ?? two.isLost).toBeNull();
  });

  test('wants a user, a token or an NKey, and errors tell none of them', async () => {
    const user = createUser();
    const seed = new TextDecoder().decode(user.getSeed());
    const withUser = await server('authorization { user: ann, password: "wonder-land" }');
    const withToken = await server('authorization { token: "open-sesame" }');
    const withNkey = await server(`authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`);
    await joined({ servers: [withUser.url], identity: { user: 'ann', password: 'wonder-land' } });
    await joined({ servers: [withToken.url], identity: { token: 'open-sesame' } });
    await joined({ servers: [withNkey.url], identity: { seed } });
    const errors = [
      await refused({ servers: [withUser.url], identity: { user: 'ann', password: 'looking-glass' } }),
      await refused({ servers: [withToken.url], identity: { token: 'close-sesame' } }),
      await refused({ servers: [withNkey.url] }),
    ];
    for (const error of errors) {
      expect(error).toMatch(/authorization/i);
      expect(error).not.toMatch(/glass|sesame/);
    }
  });

  test('is trusted by its certificate alone', async () => {
    const { root, authority } = CertificateAuthority.create('NATS');
    const own = authority.signServer(['127.0.0.1']);
    const folder = await server();
    const paths = { cert: join(folder.folder, 'cert.pem'), key: join(folder.folder, 'key.pem') };
    writeFileSync(paths.cert, own.certificate);
    writeFileSync(paths.key, own.key);
    const { port } = await server(`tls { cert_file: "${paths.cert}", key_file: "${paths.key}" }`);
    const servers = [`tls://127.0.0.1:${port}`];
    await joined({ servers, tls: { ca: root.certificate } });
    expect(await refused({ servers, tls: {} })).toMatch(/certificate/);
    // Whoever wants TLS does not talk, and tells no password, to a server that has none.
    const plain = await server('authorization { user: ann, password: "wonder-land" }');
    const identity = { user: 'ann', password: 'wonder-land' };
    expect(await refused({ servers: [plain.url], tls: {}, identity })).toMatch(/tls/i);
  });

  test('may be away for a second: nodes stay, and what they say goes on', async () => {
    const started = await server();
    const options = { servers: [started.url] };
    const a = await joined(options);
    const b = await joined(options);
    await a.knows(b.id);
    const restarted = started.restart({ keeps: true });
    const timer = setInterval(() => a.transport.send(b.id, 1, Uint8Array.of(1)), 20);
    onTestFinished(() => clearInterval(timer));
    await restarted;
    const before = b.all.length;
    await b.until('frames', () => b.all.length > before + 5);
    await sleep(1000);
    expect(a.isLost ?? b.isLost).toBeNull();
    expect(await b.transport.names.create(1, 'name', Uint8Array.of(1))).not.toBeNull();
  });

  test('that loses one of three servers goes on', { timeout: 60_000 }, async () => {
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    const routes = await Promise.all([freePort(), freePort(), freePort()]);
    const servers = await Promise.all(
      ports.map((port, i) =>
        NatsServer.start(
          `server_name: s${i}\ncluster { name: c, host: 127.0.0.1, port: ${routes[i]}, routes: [${routes.map((route) => `"nats://127.0.0.1:${route}"`)}] }`,
          port,
        ),
      ),
    );
    onTestFinished(async () => {
      for (const each of servers) await each.stop();
    });
    const urls = servers.map(({ url }) => url);
    const at = (first: number): NatsOptions => ({
      servers: [urls[first] ?? '', ...urls.filter((_, i) => i !== first)],
      replicas: 3,
    });
    // A leader has to be elected first.
    let a: TestNode | undefined;
    for (let tries = 0; a === undefined; tries++) {
      a = await joined(at(0)).catch((error) => {
        if (tries === 20) throw error;
        return sleep(500).then(() => undefined);
      });
    }
    const b = await joined(at(1));
    const node = a;
    await node.knows(b.id);
    expect(await node.transport.names.create(1, 'before', Uint8Array.of(1))).not.toBeNull();
    servers[0]?.kill('SIGKILL');
    const timer = setInterval(() => node.transport.send(b.id, 1, Uint8Array.of(1)), 20);
    onTestFinished(() => clearInterval(timer));
    await sleep(200);
    const count = b.all.length;
    await b.until('frames', () => b.all.length > count + 5);
    await sleep(1500);
    expect(node.isLost ?? b.isLost).toBeNull();
    // The stream may have lost its leader, and elects another one.
    let entry: unknown = null;
    for (let tries = 0; entry === null && tries < 10; tries++)
      entry = await b.transport.names.get(1, 'before').catch(() => null);
    expect(entry).toMatchObject({ value: Uint8Array.of(1) });
  });
});
