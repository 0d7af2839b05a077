import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpoint, hostBytes, hostText, parseEndpoint, scopeOf } from '../../runtime/net/endpoint.ts';
import { pemBlocks } from '../../runtime/net/pem.ts';
import { parseTarget, ResolveError } from '../../runtime/net/resolve.ts';
import { networkMain } from '../support/network.ts';
import { linesOf, trapOf } from '../support/program.ts';

const resolve = (name: string, timeout = -1) =>
  `(call $networking.resolve (text "${name}") (i64.const ${timeout}) (i32.const 0xa0))`;

/** Prints all addresses of the iterator in \`$s\`: type, port, bytes as two numbers, flow and scope. */
const SHOW_ALL = `
  (block $end (loop $next
    (i64.store (i32.const 0xb8) (i64.const -1)) (i64.store (i32.const 0x80) (i64.const 0)) (i64.store (i32.const 0x88) (i64.const 0))
    (br_if $end (call $networking.resolve_next (local.get $s)
      (i32.const 0xb0) (i32.const 0x80) (i32.const 0xb4) (i32.const 0xb8) (i32.const 0xbc)))
    (call $write_i64 (i64.load32_u (i32.const 0xb0))) (call $write (text " "))
    (call $write_i64 (i64.load16_u (i32.const 0xb4))) (call $write (text " "))
    (call $write_i64 (i64.load (i32.const 0x80))) (call $write (text " "))
    (call $write_i64 (i64.load (i32.const 0x88))) (call $write (text " "))
    (call $write_i64 (i64.load (i32.const 0xb8))) (call $print (text ""))
    (br $next)))`;

const LOOPBACK = 0x0100007f;
const SIX = 2n ** 56n;

describe('resolve', () => {
  test.each([
    ['127.0.0.1:80', `4 80 ${LOOPBACK} 0 -1`],
    ['[::1]:65535', `6 65535 0 ${SIX} 0`],
    ['[::ffff:127.0.0.1]:1', `6 1 0 ${(BigInt(LOOPBACK) << 32n) | 0xffff_0000n} 0`],
  ])('%s is answered at once, also with a timeout of 0', async (name, line) => {
    for (const timeout of [-1, 0]) {
      const source = networkMain(`(call $ok ${resolve(name, timeout)}) (local.set $s (call $id)) ${SHOW_ALL}
        (call $show32 (text "end") (call $networking.resolve_next (local.get $s) (i32.const -1) (i32.const -1) (i32.const -1) (i32.const -1) (i32.const -1)))`);
      expect(await linesOf(source)).toEqual([line, 'end 1']);
    }
  });

  test('looks names up as the system does', async () => {
    const lines = await linesOf(
      networkMain(`(call $ok ${resolve('localhost:8080')}) (call $show (text "id") (call $id)) ${SHOW_ALL}
        (call $networking.drop_dns_iterator (i64.const 0))`),
    );
    expect(lines[0]).toBe('id 0');
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines.slice(1))
      expect([`4 8080 ${LOOPBACK} 0 -1`, `6 8080 0 ${SIX} 0`]).toContain(line);
  });

  test.each([
    ['localhost', '"localhost" is not of the form host:port'],
    ['localhost:', '"localhost:" is not of the form host:port'],
    ['localhost:65536', '"localhost:65536" is not of the form host:port'],
    ['localhost:-1', '"localhost:-1" is not of the form host:port'],
    ['localhost:80a', '"localhost:80a" is not of the form host:port'],
    ['', '"" is not of the form host:port'],
    [':80', '"" is not a host name'],
    ['a b:80', '"a b" is not a host name'],
    ['localhost\\00.example.org:80', /is not a host name/],
    [
      'no.such.name.invalid:80',
      /^Failed to look up "no.such.name.invalid": (no such name is known|the name server does not answer)/,
    ],
  ])('refuses "%s"', async (name, message) => {
    const lines = await linesOf(networkMain(`(call $refused ${resolve(name)})`));
    if (typeof message === 'string') expect(lines).toEqual([message]);
    else expect(lines.join()).toMatch(message);
  });

  test('gives up after its timeout, with an error that can be dropped; another process goes on', async () => {
    const source = networkMain(`
      (local.set $n ${resolve('no.such.name.invalid:80', 0)})
      ;; A fast resolver may answer before the time is over.
      (if (i32.eq (local.get $n) (i32.const 9027)) (then (local.set $n (i32.const 1))))
      (call $expect (local.get $n) (i32.const 1))
      (call $error.drop (call $id))
      (call $print (text "dropped"))`);
    expect(await linesOf(source)).toEqual(['dropped']);
  });

  test('traps for what is not UTF-8 or outside memory', async () => {
    const call = (at: number, size: number, out: number) =>
      trapOf(
        networkMain(
          `(i32.store8 (i32.const 0) (i32.const 0xff))
        (drop (call $networking.resolve (i32.const ${at}) (i32.const ${size}) (i64.const 0) (i32.const ${out})))`,
          '(memory (export "memory") 2)',
        ),
      );
    expect(await call(0, 1, 0)).toMatch(/not UTF-8/);
    expect(await call(-1, 2, 0)).toMatch(/out of bounds/);
    expect(await call(16, 1, 0x1fff9)).toMatch(/out of bounds/);
  });
});

describe('iterators', () => {
  test('one that is unknown or dropped traps; so does an address that does not fit, which is then gone', async () => {
    expect(await trapOf(networkMain('(call $networking.drop_dns_iterator (i64.const 0))'))).toBe(
      'unknown DNS iterator id 0 (the process has none)',
    );
    const next = (id: number, at: number) =>
      `(drop (call $networking.resolve_next (i64.const ${id}) (i32.const 0x90) (i32.const ${at}) (i32.const 0x94) (i32.const 0x98) (i32.const 0x9c)))`;
    expect(await trapOf(networkMain(next(3, 0)))).toBe('unknown DNS iterator id 3 (the process has none)');
    expect(
      await trapOf(
        networkMain(`(call $ok ${resolve('[::1]:1')}) ${next(0, 0x1fff1)}`, '(memory (export "memory") 2)'),
      ),
    ).toMatch(/out of bounds/);
  });
});

describe('addresses', () => {
  test('every address survives its text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ minLength: 4, maxLength: 4 }),
          fc.uint8Array({ minLength: 16, maxLength: 16 }),
        ),
        (bytes) => {
          const host = hostText(bytes);
          expect(isIP(host)).toBe(bytes.length === 4 ? 4 : 6);
          expect(hostBytes(endpoint({ address: host, port: 0 }))).toEqual(bytes);
        },
      ),
    );
  });

  test('every way to write an IPv6 address gives the bytes that URL understands', () => {
    fc.assert(
      fc.property(fc.ipV6(), (host) => {
        const normal = new URL(`http://[${host}]/`).hostname.slice(1, -1);
        expect(hostBytes({ version: 6, host, port: 0 })).toEqual(
          hostBytes({ version: 6, host: normal, port: 0 }),
        );
      }),
    );
  });

  test('no text breaks the parsers', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'[]:%.0123456789abcdefxyz -') }),
      fc.tuple(fc.ipV6(), fc.string(), fc.nat()).map(([a, b, c]) => `[${a}%${b}]:${c}`),
    );
    fc.assert(
      fc.property(text, (input) => {
        const found = parseEndpoint(input);
        if (found !== undefined) {
          expect(hostBytes(found).length).toBe(found.version === 4 ? 4 : 16);
          expect(found.port).toBeLessThan(65_536);
          expect(scopeOf(found)).toBeLessThan(2 ** 32);
        }
        try {
          parseTarget(input);
        } catch (error) {
          expect(error).toBeInstanceOf(ResolveError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('a scope is a number for guests, whatever the system wants', () => {
    expect(scopeOf({ version: 6, host: 'fe80::1%7', port: 0 })).toBe(7);
    expect(scopeOf({ version: 6, host: 'fe80::1', port: 0 })).toBe(0);
    expect(scopeOf({ version: 6, host: 'fe80::1%no-such-interface', port: 0 })).toBe(0);
    const literal = parseEndpoint('[fe80::1%99999]:80');
    expect(literal && scopeOf(literal)).toBe(99_999);
    expect(parseEndpoint('[fe80::1%4294967296]:80')).toBeUndefined();
  });
});

describe('PEM', () => {
  test('no text breaks the parser, and it does not take long', () => {
    const line = fc.constantFrom(
      '-----BEGIN X-----',
      '-----END X-----',
      '-----BEGIN ',
      '-----',
      'abc=',
      '\n',
      '-----END Y-----',
    );
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 40 }).map((lines) => lines.join('')),
        (text) => {
          for (const { label, text: block } of pemBlocks(text)) {
            expect(block.startsWith(`-----BEGIN ${label}-----`)).toBe(true);
            expect(block.endsWith(`-----END ${label}-----\n`)).toBe(true);
          }
        },
      ),
    );
    const before = performance.now();
    for (const hostile of ['-----BEGIN ', '-----BEGIN X-----', '-----BEGIN X-----\n-----END Y-----'])
      expect(pemBlocks(hostile.repeat(2 ** 20 / hostile.length))).toEqual([]);
    expect(performance.now() - before).toBeLessThan(1000);
  });
});
