import { readFileSync } from 'node:fs';

/**
 * What the guests of the fuzzer of host calls have in their memory, from the beginning:
 *
 *     0x100   cells, into which host functions write ids, and from which later calls take them
 *     0x200   tags
 *     0x300   buffers of a read or write, as address and length: valid ones, and at 0x340 others
 *     0x380   a certificate of an authority, as address and length
 *     0x400   subscriptions of `poll_oneoff`
 *     0x1000  buffers
 *     TEXTS   texts and binaries
 */
export const CELLS = 0x100;
export const CELL_COUNT = 16;
export const TAGS = 0x200;
export const VECTORS = 0x300;
export const HOSTILE_VECTORS = 0x340;
export const TRUSTED = 0x380;
const SUBSCRIPTIONS = 0x400;
export const BUFFERS = 0x1000;
const TEXTS = 0x1_0000;
export const PAGES = 4;
export const END = PAGES * 0x1_0000;

/** A piece of data in the memory. */
export interface Piece {
  readonly address: number;
  readonly length: number;
  /** What it is meant for; a guest passes it to anything, now and then. */
  readonly kind: Kind;
}

export type Kind =
  | 'name'
  | 'path'
  | 'database'
  | 'host'
  | 'server'
  | 'rule'
  | 'listener'
  | 'namespace'
  | 'sql'
  | 'module'
  | 'pem'
  | 'params'
  | 'bind'
  | 'program'
  | 'variable'
  | 'address';

/** Where it is among the texts of its kind. */
const AUTHORITY = 2;

const tls = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url));

/** The smallest module, and one that exports what guests may spawn. */
const EMPTY_MODULE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const CHILD_MODULE = [
  ...EMPTY_MODULE,
  ...[1, 4, 1, 0x60, 0, 0],
  ...[3, 2, 1, 0],
  ...[7, 8, 1, 4, ...Buffer.from('run0'), 0, 0],
  ...[10, 4, 1, 2, 0, 0x0b],
];

const u64 = (value: number) => [...new Uint8Array(new BigUint64Array([BigInt(value)]).buffer)];

/** Texts and binaries by what they are meant for. `port` is that of a server that answers. */
function contents(port: number): Readonly<Record<Kind, readonly (string | readonly number[] | Buffer)[]>> {
  return {
    name: ['run0', 'run1', 'run2', '_start', 'memory', '', 'a', '\ud800', 'a\0b', 'x'.repeat(70_000)],
    path: [
      ...['b', 'new', 'a', 'a/b', '.', '..', '/', '', 'link', 'link/x', 'a/../..', '../outside/secret'],
      ...['a/', '/etc/passwd', 'file:db?mode=memory', 'a\0b', 'x'.repeat(5000), '/share/b'],
    ],
    database: [':memory:', 'db', '../outside/db', '/share/b', 'file:db?mode=memory', 'link/db', 'b'],
    host: [
      `127.0.0.1:${port}`,
      'localhost:0',
      'localhost',
      `[::1]:${port}`,
      '0.0.0.0:99999',
      'a.invalid:1',
      ':',
    ],
    server: ['localhost', '127.0.0.1', 'a.invalid', '', 'x'.repeat(300)],
    rule: ['10.0.0.0/8:443', '127.0.0.1', '*.example.org', '::/129', '[::1]:0-99999', 'x'.repeat(400)],
    listener: ['127.0.0.1', '[::1]:0', '0.0.0.0:80', 'localhost'],
    namespace: ['lunatic::sqlite', 'lunatic::process::spawn', '*', 'lunatic', 'fuzz::began', '::'],
    sql: [
      'CREATE TABLE IF NOT EXISTS t (a, b); INSERT INTO t VALUES (1, 2), (3, 4)',
      'SELECT * FROM t',
      'INSERT INTO t VALUES (?1, :x)',
      'SELECT a, b, :x, ?9 FROM t WHERE a > ?1',
      'SELECT zeroblob(2000000000)',
      'SELECT randomblob(1000000)',
      "SELECT printf('%.*c', 100000000, 'x')",
      'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 100000) SELECT count(*) FROM c',
      'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c',
      "ATTACH '../outside/secret' AS s; SELECT * FROM s.sqlite_master",
      "PRAGMA journal_mode = WAL; VACUUM INTO '../outside/copy'",
      'BEGIN; BEGIN; COMMIT',
      ';'.repeat(5000),
      'SELECT '.repeat(2000),
    ],
    module: [
      CHILD_MODULE,
      EMPTY_MODULE,
      EMPTY_MODULE.slice(0, 5),
      [...EMPTY_MODULE, 1, 0xff, 0xff, 0xff, 0xff, 0x0f],
    ],
    pem: [tls('server.pem'), tls('server.key'), tls('test-ca.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n'],
    params: [
      [],
      [0x7f, 5, ...new Array(15).fill(0)],
      [0x7e, ...new Array(16).fill(0xff)],
      [0x7c, ...new Array(16).fill(1)],
      [1, 2],
    ],
    bind: [
      u64(0),
      u64(0),
      // The first parameter is a number, the one called x a text of a length that is not there.
      [...u64(1), 1, ...u64(1), 2, ...u64(7)],
      [...u64(1), 2, ...u64(2), 0x3a, 0x78, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
      new Array(8).fill(0xff),
    ],
    program: ['cat', 'true', 'sh', '/bin/sh', '-n', ''],
    variable: ['LANG', 'LANG', 'LD_PRELOAD', 'PATH', 'a=b', ''],
    address: [
      [127, 0, 0, 1],
      [0, 0, 0, 0],
      new Array(15).fill(0).concat(1),
      new Array(16).fill(0xff),
      [10, 0, 0, 1],
    ],
  };
}

export interface Contents {
  readonly bytes: Uint8Array;
  readonly pieces: readonly Piece[];
}

/** The memory's contents, from address 0. */
export function guestMemory(port: number): Contents {
  const bytes = new Uint8Array(END - 0x1000);
  const view = new DataView(bytes.buffer);
  const pieces: Piece[] = [];
  let at = TEXTS;
  for (const [kind, list] of Object.entries(contents(port))) {
    for (const content of list) {
      const data = typeof content === 'string' ? Buffer.from(content) : Uint8Array.from(content);
      bytes.set(data, at);
      pieces.push({ address: at, length: data.length, kind: kind as Kind });
      at += data.length + 1;
    }
  }
  [1n, 2n, 0n, -1n].forEach((tag, i) => {
    view.setBigInt64(TAGS + i * 8, tag, true);
  });
  const vectors = [
    [BUFFERS, 64],
    [BUFFERS + 32, 4096],
    [TEXTS, 10],
    [BUFFERS, 0],
  ];
  const hostile = [
    [0xffff_fff0, 0x20],
    [BUFFERS, 0xffff_ffff],
    [VECTORS, 64],
    [END - 4, 8],
    [0x8000_0000, 0x8000_0000],
    [0, END],
    [0, END],
    [0, END],
  ];
  const authority = pieces.filter(({ kind }) => kind === 'pem')[AUTHORITY];
  for (const [list, start] of [
    [vectors, VECTORS],
    [hostile, HOSTILE_VECTORS],
    [[[authority?.address, authority?.length]], TRUSTED],
  ] as const) {
    list.forEach(([address = 0, length = 0], i) => {
      view.setUint32(start + i * 8, address, true);
      view.setUint32(start + i * 8 + 4, length, true);
    });
  }
  // A clock of a millisecond, standard input, standard output, and something that is none.
  for (let i = 0; i < 4; i++) {
    const start = SUBSCRIPTIONS + i * 48;
    view.setUint8(start + 8, i);
    if (i === 0) view.setBigUint64(start + 24, 1_000_000n, true);
    else view.setUint32(start + 16, i - 1, true);
  }
  return { bytes: bytes.subarray(0, at), pieces };
}

/** Addresses that mean something, beside those of texts. */
export const PLACES = [
  CELLS,
  CELLS + 8,
  CELLS + 16,
  CELLS + 24,
  TAGS,
  VECTORS,
  HOSTILE_VECTORS,
  SUBSCRIPTIONS,
  BUFFERS,
];
