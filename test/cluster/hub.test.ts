import { randomUUID, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CertificateAuthority, newKey } from '../../runtime/certificates/authority.ts';
import { makeRequest } from '../../runtime/certificates/request.ts';
import { type Hub, openHub } from '../../runtime/cluster/hub/hub.ts';
import { joinHub } from '../../runtime/cluster/hub/join.ts';
import { makeJoinToken } from '../../runtime/cluster/hub/join-token.ts';
import { Modules } from '../../runtime/cluster/hub/modules.ts';
import { Names } from '../../runtime/cluster/hub/names.ts';
import { CloseCode, Kind, LARGEST_MESSAGE } from '../../runtime/cluster/hub/wire.ts';
import type { NodeId, TransportListener } from '../../runtime/cluster/transport.ts';
import { TestNode } from '../support/cluster/node.ts';
import { ask, frame, HELLO, RawNode, register, relayed } from '../support/cluster/raw-node.ts';

const MIB = 2 ** 20;
const HOST = '127.0.0.1';
const { authority } = CertificateAuthority.create('a cluster');
const stranger = CertificateAuthority.create('a stranger').authority;
const IDLE: TransportListener = { received: () => {}, joined: () => {}, left: () => {}, lost: () => {} };

const open = (joinToken: string | null, signer: CertificateAuthority | null = null): Promise<Hub> => {
  const server = signer?.signServer(['localhost', HOST]) ?? null;
  const tls = server && { ...server, certificate: `${server.certificate}${signer?.certificate}` };
  return openHub({ host: HOST, port: 0, joinToken, authority, tls });
};

let hub: Hub;
beforeAll(async () => {
  hub = await open(null);
});
afterAll(() => hub.close());

const address = () => ({ kind: 'hub' as const, host: HOST, port: Number(new URL(hub.url).port) });

describe('the routes of a control server (abi 17.4)', () => {
  test('a node registers, starts, is found by its attributes, and stops', async () => {
    const name = randomUUID();
    const key = newKey();
    const registered = await ask(hub.url, 'POST', '/', {
      body: JSON.stringify({ node_name: name, csr_pem: makeRequest(name, key) }),
    });
    expect(registered.status).toBe(200);
    expect(registered.json).toEqual({
      node_name: name,
      cert_pem_chain: [expect.any(String)],
      authentication_token: expect.stringMatching(/^[\w-]{43}$/),
      root_cert: authority.certificate,
      urls: {
        api_base: hub.url,
        nodes: `${hub.url}nodes`,
        node_started: `${hub.url}started`,
        node_stopped: `${hub.url}stopped`,
        get_module: `${hub.url}module/{id}`,
        add_module: `${hub.url}module`,
        get_nodes: `${hub.url}nodes`,
        hub: `${hub.url.replace('http', 'ws')}hub`,
      },
      envs: [],
      is_privileged: true,
    });
    const { cert_pem_chain: chain, authentication_token: token } = registered.json as {
      cert_pem_chain: string[];
      authentication_token: string;
    };
    const certificate = new X509Certificate(chain[0] ?? '');
    expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
    expect(certificate.checkHost(name)).toBe(name);
    expect(certificate.checkPrivateKey(key)).toBe(true);

    const headers = { authorization: `Bearer ${token}`, 'x-lunatic-node-name': name };
    const node = { node_address: '127.0.0.1:1025', attributes: { role: 'worker', zone: 'a b' } };
    const started = await ask(hub.url, 'POST', '/started', { headers, body: JSON.stringify(node) });
    expect(started.json).toEqual({ node_id: expect.any(Number) });
    const { node_id: id } = started.json as { node_id: number };
    const found = async (query: string) =>
      ((await ask(hub.url, 'GET', `/nodes${query}`, { headers })).json as { nodes: unknown[] }).nodes;
    const listed = { id, address: '127.0.0.1:1025', name };
    expect(await found('')).toContainEqual(listed);
    expect(await found('?role=worker&zone=a%20b')).toEqual([listed]);
    expect(await found('?role=worker&zone=b')).toEqual([]);
    expect(await found('?toString=x')).toEqual([]);

    const again = await ask(hub.url, 'POST', '/started', { headers, body: JSON.stringify(node) });
    const { node_id: other } = again.json as { node_id: number };
    expect(other).toBeGreaterThan(id);
    expect(await found('?role=worker')).toEqual([{ ...listed, id: other }]);
    const stopped = await ask(hub.url, 'POST', '/stopped', { headers, body: 'null' });
    expect(stopped.text).toBe('null');
    expect(await found('?role=worker')).toEqual([]);
  });

  test('nodes that are connected are listed, too', async () => {
    const node = await TestNode.join(address(), { role: 'connected' });
    const { json } = await ask(hub.url, 'GET', '/nodes?role=connected', { headers: await register(hub.url) });
    const { name } = node.transport.self;
    expect(json).toEqual({
      nodes: [{ id: node.id, address: expect.stringMatching(/^127\.0\.0\.1:\d+$/), name }],
    });
    await node.transport.close();
  });

  test('modules are given as JSON, or as their bytes', async () => {
    const headers = await register(hub.url);
    const added = await ask(hub.url, 'POST', '/module', { headers, body: Uint8Array.of(0, 0x61, 255) });
    const { module_id: id } = added.json as { module_id: number };
    const got = await ask(hub.url, 'GET', `/module/${id}?env_id=1`, { headers });
    expect(got.json).toEqual({ bytes: [0, 0x61, 255] });
    const accept = 'application/wasm';
    const raw = await ask(hub.url, 'GET', `/module/${id}`, { headers: { ...headers, accept } });
    expect(raw.text.slice(0, 2)).toBe('\0a');
  });

  test.each([
    ['a request without a token', 'GET', '/nodes', {}, '', 401],
    ['a registration that is no JSON', 'POST', '/', {}, 'x', 400],
    ['a registration without a request', 'POST', '/', {}, `{"node_name":"${randomUUID()}"}`, 400],
    ['a name that is no UUID', 'POST', '/', {}, '{"node_name":"x","csr_pem":""}', 400],
    [
      'a request that cannot be signed',
      'POST',
      '/',
      {},
      `{"node_name":"${randomUUID()}","csr_pem":"x"}`,
      400,
    ],
    ['a registration of 200 KB', 'POST', '/', {}, ' '.repeat(200_000), 413],
    ['a web page', 'POST', '/', { origin: 'http://example.com' }, '{}', 403],
    ['a name that leads here', 'POST', '/', { host: 'example.com' }, '{}', 403],
  ] as const)('%s is refused', async (_, method, path, headers, body, status) => {
    const answer = await ask(hub.url, method, path, { headers, body });
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ code: expect.any(String), message: expect.any(String) });
  });

  test("a name that is taken, and another node's token, are refused", async () => {
    const one = await register(hub.url);
    const other = await register(hub.url);
    const name = one['x-lunatic-node-name'] ?? '';
    const body = JSON.stringify({ node_name: name, csr_pem: makeRequest(name, newKey()) });
    expect((await ask(hub.url, 'POST', '/', { body })).status).toBe(400);
    const headers = { ...other, 'x-lunatic-node-name': name };
    expect((await ask(hub.url, 'GET', '/nodes', { headers })).status).toBe(401);
    await expect(RawNode.open(hub.url, headers)).rejects.toThrow('401');
  });
});

describe('joining', () => {
  test('a hub with a token wants it', async () => {
    const token = makeJoinToken(null);
    const own = await open(token);
    await expect(joinHub(own.url, {}, IDLE)).rejects.toThrow(/join token/);
    await expect(joinHub(own.url, { token: `${token}x` }, IDLE)).rejects.toThrow(/join token/);
    const transport = await joinHub(own.url, { token }, IDLE);
    expect(transport.self.id).toBe(1);
    await transport.close();
    await own.close();
  });

  test('over TLS a node checks the certificate before it sends its token', async () => {
    const token = makeJoinToken(authority.certificate);
    const own = await open(token, authority);
    const other = await open(token, stranger);
    const transport = await joinHub(own.url, { token }, IDLE);
    expect(await transport.names.create(1, 'name', Uint8Array.of(1))).not.toBeNull();
    await transport.close();
    const byFile = await joinHub(own.url, { token, ca: authority.certificate }, IDLE);
    await byFile.close();
    await expect(joinHub(other.url, { token }, IDLE)).rejects.toThrow(/another certificate/);
    await expect(joinHub(other.url, { token, ca: authority.certificate }, IDLE)).rejects.toThrow(
      /cannot be reached/,
    );
    await expect(
      joinHub(own.url.replace(HOST, 'localhost'), { token }, IDLE).then((t) => t.close()),
    ).resolves.toBe(undefined);
    await own.close();
    await other.close();
  });

  test("a node's certificate does not make it a control server", async () => {
    const name = randomUUID();
    const key = newKey();
    // It asks for more than its name.
    const certificate = authority.signNode(makeRequest(HOST, key), [name]);
    const tls = { certificate, key: String(key.export({ type: 'pkcs8', format: 'pem' })) };
    const impostor = await openHub({ host: HOST, port: 0, joinToken: null, authority, tls });
    await expect(joinHub(impostor.url, { ca: authority.certificate }, IDLE)).rejects.toThrow(/altnames/);
    await impostor.close();
  });

  test.each([
    ['where nobody listens', 'http://127.0.0.1:1/', /cannot be reached.*ECONNREFUSED/],
    ['at something else', 'ftp://127.0.0.1/', /begins with http/],
  ])('a node that joins %s is told', async (_, url, message) => {
    await expect(joinHub(url, {}, IDLE)).rejects.toThrow(message);
  });
});

describe('what a hub does not take', () => {
  const closed = async (send: (node: RawNode) => void, isJoined = true) => {
    const node = await RawNode.open(hub.url, await register(hub.url));
    if (isJoined) await node.join();
    send(node);
    return (await node.closed).code;
  };

  test.each([
    ['a text', (node: RawNode) => node.socket.send('text')],
    ['a frame without a head', (node: RawNode) => node.socket.send(Buffer.of(1, 0))],
    ['a frame of no length', (node: RawNode) => node.socket.send(Buffer.alloc(5))],
    [
      'a frame that is longer than the message',
      (node: RawNode) => node.socket.send(Buffer.of(9, 0, 0, 0, 1)),
    ],
    ['an unknown frame', (node: RawNode) => node.socket.send(frame(77))],
    ["one of the hub's own", (node: RawNode) => node.socket.send(frame(Kind.Left, 1))],
    ['a second greeting', (node: RawNode) => node.socket.send(HELLO)],
    ['a frame for half a node', (node: RawNode) => node.socket.send(frame(Kind.Relay, 1))],
    ['a question without a name', (node: RawNode) => node.socket.send(frame(Kind.Ask, 1, 0))],
    ['an unknown question', (node: RawNode) => node.socket.send(frame(Kind.Ask, 1, 9, 1, 0))],
  ])('%s', async (_, send) => {
    expect(await closed(send)).toBe(CloseCode.Malformed);
  });

  test('another frame before the greeting, or a greeting with too many attributes', async () => {
    expect(await closed(({ socket }) => socket.send(frame(Kind.Alive)), false)).toBe(CloseCode.Malformed);
    const many = frame(Kind.Hello, 0, 65, ...Array(130).fill(0));
    expect(await closed(({ socket }) => socket.send(many), false)).toBe(CloseCode.Malformed);
  });

  test("another node's number", async () => {
    const node = await TestNode.join(address());
    expect(await closed(({ socket }) => socket.send(frame(Kind.Hello, node.id, 0)), false)).toBe(
      CloseCode.Unknown,
    );
    await node.transport.close();
  });

  test('a message that is too large', async () => {
    expect(await closed(({ socket }) => socket.send(Buffer.alloc(LARGEST_MESSAGE + 1)))).toBe(1009);
  });

  test('frames for a node that does not read, from one that does not wait', async () => {
    const slow = await RawNode.open(hub.url, await register(hub.url));
    const to = await slow.join();
    slow.socket.pause();
    const observer = await TestNode.join(address());
    await observer.knows(to as NodeId);
    const hostile = await RawNode.open(hub.url, await register(hub.url));
    await hostile.join();
    let sent = 0;
    const piece = relayed(to, new Uint8Array(MIB));
    while (!observer.hasLeft.includes(to as NodeId) && sent < 512) {
      // The socket takes more only when the hub has read.
      await Promise.race([
        new Promise((done) => hostile.socket.send(piece, done)),
        observer.until('the end of the slow node', () => observer.hasLeft.includes(to as NodeId)),
      ]);
      sent++;
    }
    expect(sent).toBeLessThan(64);
    hostile.socket.terminate();
    slow.socket.terminate();
    await observer.transport.close();
  });

  test('more names or modules than it has room for', () => {
    const names = new Names(1000);
    expect(names.create(1, 'a', new Uint8Array(500))).toBe(1);
    expect(() => names.create(1, 'b', new Uint8Array(500))).toThrow(/too much memory/);
    expect(() => names.update(1, 'a', new Uint8Array(5000), 1)).toThrow(/too much memory/);
    expect(names.remove(1, 'a', 1)).toBe(true);
    expect(names.create(1, 'b', new Uint8Array(500))).toBe(2);
    expect(() => new Names().create(1, 'c', new Uint8Array(MIB))).toThrow(/too large/);
    expect(() => new Names().create(1, 'x'.repeat(5000), Uint8Array.of())).toThrow(/too long/);

    const modules = new Modules(100);
    expect(modules.add(new Uint8Array(60))).toBe(1);
    expect(modules.add(Uint8Array.from({ length: 60 }, (_, i) => i))).toBeNull();
    expect(modules.add(new Uint8Array(60))).toBe(1);
  });
});
