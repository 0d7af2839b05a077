/** What becomes of a statement for which the operating system has no room to start a helper. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const folder = new URL('../../../runtime/host/sqlite/', import.meta.url);

/** Runs a statement and compiles one, where something is missing and where it is there again, and prints the outcomes. */
const script = (lack: string, restore: string): string => `
  import { closeSync, openSync } from 'node:fs';
  import { OPTIONS } from '${folder}database-file.ts';
  import { compileInHelper, runInHelper } from '${folder}helper.ts';
  const all = { options: OPTIONS, size: 0 };
  const query = { ...all, sql: 'SELECT 7', named: null, positional: [], images: async () => [], settings: new Map(), known: null, isTransaction: false, maxBytes: 100 };
  const compiled = { ...all, compile: 'SELECT 7', views: false, schemas: () => [] };
  const run = () => new Promise((done) => runInHelper(query, {}, done));
  const compile = () => new Promise((done) => compileInHelper(compiled, {}, done));
  const print = ({ result, error, message, rows }) => console.log(error?.result ?? result ?? 0, error?.message ?? message ?? String(rows));
  const files = [];
  // Helpers keep no program running.
  const awake = setInterval(() => {}, 1000);
  ${lack}
  // One that is given up meanwhile is not told.
  runInHelper(query, {}, () => console.log('given up'))();
  const outcomes = [await run(), await compile()];
  ${restore}
  for (const outcome of outcomes) print(outcome);
  print(await run());
  console.log(typeof (await compile()));
  clearInterval(awake);
`;

const LITTLE_ROOM = ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath];

test.skipIf(process.platform === 'win32').each([
  [
    'no descriptors',
    'try { for (;;) files.push(openSync("/dev/null")); } catch {}',
    'for (const file of files) closeSync(file);',
    'spawn /bin/sh EMFILE',
  ],
  // The same as for want of memory: it is thrown at once.
  [
    'no room for its arguments',
    'const { execPath } = process; process.execPath = "x".repeat(2 ** 21);',
    'process.execPath = execPath;',
    'spawn E2BIG',
  ],
])(
  'a statement fails where there are %s, and works once there are some',
  async (_, lack, restore, reason) => {
    const node = [...LITTLE_ROOM, '--no-warnings', '--input-type=module', '--eval', script(lack, restore)];
    const { stdout } = await promisify(execFile)('/bin/sh', node, { timeout: 20_000 });
    const refused = `10 the helper for a statement could not be started: ${reason}`;
    expect(stdout.split('\n')).toEqual([refused, refused, '0 7', 'number', '']);
  },
);
