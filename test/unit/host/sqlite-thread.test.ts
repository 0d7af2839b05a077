/** Threads that run statements: how they open files, who waits for them, and when they end. */
import { existsSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Connection } from '../../../runtime/host/sqlite/connection.ts';
import { type Batch, type Cursor, runInThread, type ThreadJob } from '../../../runtime/host/sqlite/thread.ts';
import { Account, TotalAccount } from '../../../runtime/kernel/account.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-sqlite-')));
const connections: Connection[] = [];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  // Threads end that have nothing to do.
  vi.advanceTimersByTime(60_000);
  for (const connection of connections.splice(0)) connection.close();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

afterAll(() => rmSync(folder, { recursive: true }));

function open(path: string): Connection {
  const total = new TotalAccount(() => true);
  total.limit = Number.POSITIVE_INFINITY;
  const account = new Account(Number.POSITIVE_INFINITY, total);
  const directories = ['.', folder].map((path) => ({ guestPath: path, hostPath: path }));
  const connection = new Connection({ account, overdraw: () => {} }, directories, path);
  connections.push(connection);
  return connection;
}

function jobOf(connection: Connection, sql: string): ThreadJob {
  return connection.threadJobFor({ sql, named: null, positional: [] }, false);
}

/** Waits for rows. @param pause milliseconds by which the clock goes on at each turn */
async function batchOf(begin: (done: (batch: Batch) => void) => void, pause = 0): Promise<Batch> {
  let batch: Batch | null = null;
  begin((found) => {
    batch = found;
  });
  while (batch === null) {
    await new Promise((turn) => setImmediate(turn));
    if (pause > 0) vi.advanceTimersByTime(pause);
  }
  return batch;
}

async function run(
  job: ThreadJob,
  program: object = {},
  pause = 0,
): Promise<{ batch: Batch; cursor: Cursor }> {
  const begun: Cursor[] = [];
  const batch = await batchOf((done) => begun.push(runInThread(job, program, done, () => {})), pause);
  const [cursor] = begun;
  if (cursor === undefined) throw new Error('nothing has begun');
  return { batch, cursor };
}

test.skipIf(process.platform === 'win32')(
  'no file is made where a file leads that has become a link',
  async () => {
    const path = join(folder, 'linked.db');
    const connection = open(path);
    connection.executeAtOnce('CREATE TABLE t (a)');
    const job = jobOf(connection, 'SELECT * FROM t');
    renameSync(path, `${path}-old`);
    const target = join(folder, 'outside.db');
    symlinkSync(target, path);
    const { batch } = await run(job);
    expect(batch).toEqual({ error: { result: 1, message: `Failed to access '${path}'` } });
    expect(existsSync(target)).toBe(false);
  },
);

test.each([
  ['is given up', Number.POSITIVE_INFINITY],
  ['is opened at last', 5],
])('nobody stands still for long while a file that takes long to open %s', async (_, late) => {
  const connection = open(join(folder, `slow-${late}.db`));
  connection.executeAtOnce('CREATE TABLE t (a)');
  connection.executeAtOnce('INSERT INTO t VALUES (7)');
  const waitFor = Atomics.wait;
  const wait = vi.spyOn(Atomics, 'wait');
  // On a busy machine, an ordinary try is too slow as well.
  wait.mockImplementation(((gate: Int32Array, index: number, value: number) =>
    waitFor(gate, index, value, 60_000)) as typeof waitFor);
  const { postMessage } = Worker.prototype;
  vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, message: unknown) {
    const gate = typeof message === 'object' && message !== null && 'gate' in message ? message.gate : null;
    // This is what it finds if it was too slow.
    if (gate instanceof Int32Array && wait.mock.calls.length < late) gate[0] = 2;
    postMessage.call(this, message);
  });
  const pauses = vi.spyOn(globalThis, 'setTimeout');
  const { batch } = await run(jobOf(connection, 'SELECT a FROM t'), {}, 100);
  if (late === 5) expect(batch).toMatchObject({ rows: [[7n]], isDone: true });
  else expect(batch).toMatchObject({ error: { result: 5, message: 'the file could not be opened in time' } });
  const blocked = wait.mock.calls.map(([, , , time]) => time ?? Number.POSITIVE_INFINITY);
  expect(blocked.reduce((sum, time) => sum + time, 0)).toBeLessThan(20);
  expect(blocked.length).toBeGreaterThan(5);
  // Others run between any two tries.
  expect(pauses.mock.calls.filter(([, time]) => time !== 10_000).length).toBeGreaterThanOrEqual(
    blocked.length - 1,
  );
});

test('rows that a program goes on to ask for leave others half of the threads', async () => {
  const connection = open(':memory:');
  const large = jobOf(
    connection,
    'WITH n (i) AS (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) SELECT zeroblob(15000000) FROM n',
  );
  const small = jobOf(connection, 'SELECT 1');
  const [one, other] = [{}, {}];
  // There are four threads.
  await Promise.all([one, one, other, other].map((program) => run(small, program)));
  const cursors: Cursor[] = [];
  for (let i = 0; i < 4; i++) {
    const { batch, cursor } = await run(large, one);
    expect(batch).toMatchObject({ isDone: false });
    cursors.push(cursor);
  }
  const asked = vi.spyOn(Worker.prototype, 'postMessage');
  const more = cursors.map((cursor) => batchOf((done) => cursor.goOn(done, () => {})));
  expect(asked).toHaveBeenCalledTimes(2);
  const ofOther = run(small, other);
  expect(asked).toHaveBeenCalledTimes(3);
  expect(await ofOther).toMatchObject({ batch: { rows: [[1n]] } });
  for (const batch of await Promise.all(more)) expect(batch).toMatchObject({ isDone: false });
  // As long as rows are left, nothing that is open is lost.
  const ended = vi.spyOn(Worker.prototype, 'terminate');
  vi.advanceTimersByTime(60_000);
  expect(ended).not.toHaveBeenCalled();
  for (const cursor of cursors) cursor.close();
  vi.advanceTimersByTime(60_000);
  expect(ended).toHaveBeenCalledTimes(4);
});

test('rows that wait for their turn can be given up', async () => {
  const connection = open(':memory:');
  const large = jobOf(
    connection,
    'WITH n (i) AS (VALUES (1), (2), (3), (4), (5), (6)) SELECT zeroblob(15000000) FROM n',
  );
  const program = {};
  const cursors: Cursor[] = [];
  for (let i = 0; i < 3; i++) cursors.push((await run(large, program)).cursor);
  const over: number[] = [];
  const more = cursors.map((cursor, i) => batchOf((done) => cursor.goOn(done, () => over.push(i))));
  cursors[2]?.close();
  expect(over).toEqual([2]);
  await Promise.all(more.slice(0, 2));
  expect(over.toSorted()).toEqual([0, 1, 2]);
  for (const cursor of cursors) cursor.close();
});

test.each([
  ['a file', 'many.db', 5],
  ['memory', ':memory:', 6],
])('rows in %s that are not taken yet keep others from writing', async (_, name, result) => {
  const connection = open(name === ':memory:' ? name : join(folder, name));
  connection.executeAtOnce('CREATE TABLE t (a)');
  connection.executeAtOnce(`INSERT INTO t VALUES ${Array(10).fill('(1)').join()}`);
  const { batch, cursor } = await run(jobOf(connection, 'SELECT zeroblob(15000000) FROM t'));
  expect(batch).toMatchObject({ isDone: false });
  const insert = (): boolean => connection.executeAtOnce('INSERT INTO t VALUES (2)');
  expect(insert).toThrow(expect.objectContaining({ result }));
  const { isDone } = (await batchOf((done) => cursor.goOn(done, () => {}))) as { isDone?: boolean };
  expect(isDone).toBe(false);
  expect(await batchOf((done) => cursor.goOn(done, () => {}))).toMatchObject({ isDone: true });
  expect(insert()).toBe(true);
});
