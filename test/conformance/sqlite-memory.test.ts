import { describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { guest } from '../support/guest.ts';
import { run, trapOf } from '../support/program.ts';

const MEBIBYTE = 2 ** 20;

/** A config with which databases are allowed, and the host may keep so much. */
function limited(mebibytes: number): { config: ProcessConfig } {
  const config = ProcessConfig.forRoot();
  config.preopenedDirectories.push({ guestPath: '.', hostPath: process.cwd() });
  config.maxHostMemory = mebibytes * MEBIBYTE;
  return { config };
}

const program = (body: string) =>
  guest(
    `(func $open (result i64)
       (call $expect (i32.wrap_i64 (call $sqlite.open (text ":memory:") (i32.const 8))) (i32.const 0))
       (i64.load (i32.const 8)))
     (func $run (param $c i64) (param $sql i32) (param $length i32)
       (if (call $sqlite.execute (local.get $c) (local.get $sql) (local.get $length))
         (then (drop (call $sqlite.last_error (local.get $c) (i32.const 16))) (unreachable))))
     (func (export "lunatic_alloc") (param i32) (result i32) (i32.const 0x100))
     (func (export "_start") (local $i i32) (local $c i64) ${body})`,
    { memory: '(memory (export "memory") 40)' },
  );
const sql = (text: string) => `(call $run (local.get $c) (text "${text}"))`;
const OPEN = '(local.set $c (call $open))';
const TABLE = sql('create table t(x)');
const INSERT = sql('insert into t values(zeroblob(500000))');
const times = (count: number, body: string) =>
  `(loop $again ${body}
     (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${count}))))`;

/** What was said at the end of a program that failed. */
async function endOf(body: string, mebibytes: number): Promise<string> {
  const { exit } = await run(program(body), limited(mebibytes));
  return 'message' in exit ? exit.message : exit.kind;
}

describe('what SQLite keeps in memory, against max_host_memory', () => {
  test('a database in memory that grows', async () => {
    const body = `${OPEN} ${TABLE} (loop $again
      (if (call $sqlite.execute (local.get $c) (text "insert into t values(zeroblob(500000))")) (then
        (drop (call $sqlite.last_error (local.get $c) (i32.const 16)))
        (call $print (i32.const 0x10c) (i32.const 80)) (return)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 100))))`;
    const { exit, stdout } = await run(program(body), limited(16));
    expect([exit.kind, stdout.text]).toEqual(['returned', expect.stringMatching(/full.*max_host_memory/)]);
  });

  test('several of them', async () => {
    // What the last of each do need not be counted: many begin within the time between two looks at the size.
    const body = times(6, `${OPEN} ${TABLE} ${INSERT.repeat(12)}`);
    expect(await endOf(body, 24)).toMatch(/max_host_memory|unreachable/);
    expect(await endOf(body, 100)).toBe('returned');
  });

  test.each([
    [
      'run at once',
      "insert into t values('a'); insert into t values(zeroblob(8000000)); bogus",
      'create table t(x)',
    ],
    [
      'that keep the rows before the one that fails',
      'insert or fail into t select zeroblob(8000000) union all select null',
      'create table t(x not null)',
    ],
  ])('what stays of statements that end in an error, %s', async (_, failing, table) => {
    const body = (mebibytes: number) =>
      endOf(
        `${OPEN} ${sql(table)}
        (if (i32.eqz (call $sqlite.execute (local.get $c) (text "${failing}"))) (then (return)))
        ${OPEN} ${TABLE} ${times(7, INSERT)}`,
        mebibytes,
      );
    expect(await body(24)).toMatch(/max_host_memory|unreachable/);
    expect(await body(48)).toBe('returned');
  });

  test('savepoints, of which each keeps the pages that change after it', async () => {
    const body = `${OPEN} ${TABLE} ${INSERT} ${sql('begin')}
      ${times(100, `${sql('savepoint s')} ${sql('update t set x = zeroblob(500001)')}`)}`;
    expect(await endOf(body, 16)).toMatch(/max_host_memory/);
  });

  test('savepoints that are released count no more, nor does what is deleted', async () => {
    const body = `${OPEN} ${TABLE} ${INSERT} ${sql('begin')}
      ${times(100, `${sql('savepoint s')} ${sql('update t set x = zeroblob(500001)')} ${sql('release s')}`)}
      ${sql('commit')} (local.set $i (i32.const 0))
      ${times(100, `${INSERT} ${sql('delete from t')} ${sql('vacuum')}`)}`;
    expect(await endOf(body, 24)).toBe('returned');
  });

  test('larger caches', async () => {
    const body = (size: number) =>
      `${OPEN} ${sql(`pragma cache_size = ${size}`)} ${sql(`pragma cache_size = ${size}`)}`;
    expect(await endOf(body(-2000), 16)).toBe('returned');
    expect(await endOf(body(-20_000), 128)).toBe('returned');
    expect(await endOf(body(-20_000), 16)).toBe('unreachable');
  });

  test('larger caches, of which each counts once, and not if it is refused', async () => {
    const refused = `(if (i32.eqz (call $sqlite.execute (local.get $c) (text "pragma cache_size = -1000000")))
      (then (unreachable)))`;
    const body = `${OPEN} ${refused} ${OPEN} ${refused}
      ${sql('pragma cache_size = -20000')} ${sql('pragma main.cache_size = -20000')}`;
    expect(await endOf(body, 128)).toBe('returned');
  });

  test('statements', async () => {
    const text = '(i32.const 0x20000) (i32.const 1000000)';
    const body = `${OPEN} (memory.fill (i32.const 0x20000) (i32.const 32) (i32.const 1000000))
      (i64.store (i32.const 0x20000) (i64.const 0x31_20_54_43_45_4c_45_53))
      ${times(100, `(drop (call $sqlite.query_prepare (local.get $c) ${text}))`)}`;
    expect(await trapOf(program(body), limited(16))).toMatch(/max_host_memory/);
  });
});
