import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CertificateAuthority, newKey } from '../../runtime/certificates/authority.ts';
import { makeRequest } from '../../runtime/certificates/request.ts';
import { guest } from '../support/guest.ts';
import { run, trapOf } from '../support/program.ts';

const NAME = '7c2b3f0e-8f0c-4f6a-9f55-0a1b2c3d4e5f';
const ALLOCATOR = '(func (export "lunatic_alloc") (param i32) (result i32) (i32.const 0x100))';
const { root } = CertificateAuthority.create('an authority');
const REQUEST = makeRequest(NAME, newKey());

/** A guest that calls a function with these blobs, and prints what it returns. */
function caller(name: string, blobs: Readonly<Record<string, string>>): string {
  const operands = Object.keys(blobs).map((blob) => `(blob "${blob}")`);
  return guest(
    `${ALLOCATOR}
     (func (export "_start")
       (i64.store (i32.const 0x10) (i64.const 0))
       (call $write (call $distributed.${name} ${operands.join(' ')} (i32.const 0x10)) (i32.load (i32.const 0x10))))`,
    { blobs: Object.fromEntries(Object.entries(blobs).map(([key, text]) => [key, Buffer.from(text)])) },
  );
}

/** The texts that a function gives. */
async function textsOf(name: string, blobs: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const bytes = Buffer.from((await run(caller(name, blobs))).stdout.bytes);
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    texts.push(bytes.toString('latin1', at + 8, at + 8 + length));
    at += 8 + length;
  }
  return texts;
}

describe('certificates for control servers that are guests', () => {
  test('the test authority is always the same, and signs servers', async () => {
    const [certificate = '', key = '', ...rest] = await textsOf('test_root_cert');
    expect(rest).toEqual([]);
    expect(await textsOf('test_root_cert')).toEqual([certificate, key]);
    const authority = new X509Certificate(certificate);
    expect(authority.ca).toBe(true);
    expect(authority.checkPrivateKey(createPrivateKey(key))).toBe(true);

    const [server = '', serverKey = ''] = await textsOf('default_server_certificates', { certificate, key });
    const made = new X509Certificate(server);
    expect(made.checkIssued(authority) && made.verify(authority.publicKey)).toBe(true);
    expect(made.checkPrivateKey(createPrivateKey(serverKey))).toBe(true);
    expect(made.ca).toBe(false);
    expect(made.checkHost('ctrl.lunatic.cloud')).toBe('ctrl.lunatic.cloud');
  });

  test("a node's certificate has its name, its key and full rights", async () => {
    const [text = '', ...rest] = await textsOf('sign_node', {
      cert: root.certificate,
      key: root.key,
      request: REQUEST,
    });
    expect(rest).toEqual([]);
    const made = new X509Certificate(text);
    const authority = new X509Certificate(root.certificate);
    expect(made.checkIssued(authority) && made.verify(authority.publicKey)).toBe(true);
    expect(made.subject).toBe(`CN=${NAME}`);
    expect(made.subjectAltName).toBe(`DNS:${NAME}`);
    expect(made.raw.toString('latin1')).toContain('{"allowed_envs":[],"is_privileged":true}');
    expect(made.raw.includes(Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x09]))).toBe(true);
  });

  test.each(['rsa', 'ed25519'] as const)('keys may be of the kind %s', async (kind) => {
    const { privateKey } =
      kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519');
    const [text = ''] = await textsOf('sign_node', {
      cert: root.certificate,
      key: root.key,
      request: makeRequest(NAME, privateKey),
    });
    expect(new X509Certificate(text).checkPrivateKey(privateKey)).toBe(true);
  });

  const cut = REQUEST.replace(/(?<=REQUEST-----\n)./, 'N');
  const forged = REQUEST.replace(/....(?=\n-----END)/, (end) => (end.startsWith('A') ? 'BBBB' : 'AAAA'));
  test.each([
    [
      'a certificate that is none',
      { cert: 'x', key: root.key, request: REQUEST },
      /certificate cannot be signed/,
    ],
    ['a key that is none', { cert: root.certificate, key: 'x', request: REQUEST }, /cannot be signed/],
    [
      'a key of another certificate',
      {
        cert: root.certificate,
        key: String(newKey().export({ type: 'pkcs8', format: 'pem' })),
        request: REQUEST,
      },
      /not that of the certificate/,
    ],
    [
      'a key that is too long',
      { cert: root.certificate, key: ' '.repeat(5000), request: REQUEST },
      /too long/,
    ],
    [
      'a request that is none',
      { cert: root.certificate, key: root.key, request: 'x' },
      /no certificate request/,
    ],
    ['a malformed request', { cert: root.certificate, key: root.key, request: cut }, /cannot be signed/],
    [
      'a request of another key',
      { cert: root.certificate, key: root.key, request: forged },
      /not signed with the key/,
    ],
  ])('%s is refused', async (_, blobs, message) => {
    expect(await trapOf(caller('sign_node', blobs))).toMatch(message);
  });
});
