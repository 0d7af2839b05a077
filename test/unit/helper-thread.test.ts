import { afterAll, expect, test } from 'vitest';
import { HelperError, HelperThread } from '../../runtime/internal.ts';

/** Answers with the number of the job among those of its thread, or does what the job says. */
const SCRIPT = `
  const { parentPort } = require('node:worker_threads');
  let count = 0;
  parentPort.on('message', (job) => {
    count++;
    if (job === 'forever') for (;;);
    if (job === 'exit') process.exit(3);
    if (job === 'fail') throw new Error('it has failed');
    if (job === 'hoard') for (const all = []; ; ) all.push({ all: [all.length] });
    parentPort.postMessage([job, count]);
  });`;
const script = () =>
  new URL(
    `data:text/javascript,import { createRequire } from 'node:module'; const require = createRequire('/');${encodeURIComponent(SCRIPT)}`,
  );
const LONG = 60_000;

const thread = new HelperThread<string, [string, number]>(script, { maxHeap: 64 });
afterAll(() => thread.run('exit', LONG).catch(() => {}));

test('jobs run one after the other in one thread', async () => {
  const answers = await Promise.all(['a', 'b', 'c'].map((job) => thread.run(job, LONG)));
  expect(answers).toEqual([
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ]);
});

test('what is given away with a job is there, and no longer here', async () => {
  const taker = new HelperThread<Uint8Array<ArrayBuffer>, [Uint8Array, number]>(script, { maxHeap: 64 });
  const bytes = new Uint8Array([1, 2, 3]);
  const [there] = await taker.run(bytes, LONG, undefined, [bytes.buffer]);
  taker.close();
  expect([...there]).toEqual([1, 2, 3]);
  expect(bytes.length).toBe(0);
});

test('a job that is given up ends with its thread, and the next one gets another', async () => {
  const giveUp = new AbortController();
  const endless = thread.run('forever', LONG, giveUp.signal);
  const next = thread.run('next', LONG);
  giveUp.abort();
  await expect(endless).rejects.toThrow('nobody wants it any more');
  expect(await next).toEqual(['next', 1]);
});

test('a job that is given up while it waits is gone, and the one before it goes on', async () => {
  const first = new AbortController();
  const endless = thread.run('forever', LONG, first.signal);
  const giveUp = new AbortController();
  const waiting = thread.run('never', LONG, giveUp.signal);
  const next = thread.run('next', LONG);
  giveUp.abort();
  await expect(waiting).rejects.toThrow(HelperError);
  first.abort();
  await expect(endless).rejects.toThrow(HelperError);
  expect(await next).toEqual(['next', 1]);
});

test('a job that was given up before is not begun', async () => {
  await expect(thread.run('forever', LONG, AbortSignal.abort())).rejects.toThrow(HelperError);
  expect((await thread.run('next', LONG))[0]).toBe('next');
});

test.each([
  ['ends its thread', 'exit', LONG, 'its thread has ended with code 3'],
  ['throws', 'fail', LONG, 'it has failed'],
  ['takes too long', 'forever', 300, 'it takes longer than 0.3 seconds'],
  ['fills its heap', 'hoard', LONG, 'it takes more than 64 MiB of memory'],
])('a job that %s fails, and the next one gets another thread', async (_, job, limit, message) => {
  const failing = thread.run(job, limit);
  const next = thread.run('next', LONG);
  await expect(failing).rejects.toThrow(message);
  expect(await next).toEqual(['next', 1]);
});

test('a job for which there is no thread fails, and the next one is run', async () => {
  let isMissing = true;
  const late = new HelperThread<string, [string, number]>(() => {
    if (isMissing) throw new Error('the script is gone');
    return script();
  });
  const failing = [late.run('a', LONG), late.run('b', LONG)];
  for (const job of await Promise.allSettled(failing))
    expect(job).toMatchObject({ reason: expect.any(HelperError), status: 'rejected' });
  isMissing = false;
  expect(await late.run('next', LONG)).toEqual(['next', 1]);
  await late.run('exit', LONG).catch(() => {});
});

test('a job that cannot be sent fails, and the next one is run', async () => {
  const any = new HelperThread<unknown, [string, number]>(script);
  const failing = any.run(() => {}, LONG);
  const next = any.run('next', LONG);
  await expect(failing).rejects.toThrow(HelperError);
  await expect(failing).rejects.toThrow(/could not be cloned/);
  expect((await next)[0]).toBe('next');
  await any.run('exit', LONG).catch(() => {});
});

test('a thread that is closed ends at once, with what it does and what waits for it', async () => {
  const closed = new HelperThread<string, [string, number]>(script);
  const endless = closed.run('forever', LONG);
  const waiting = closed.run('never', LONG);
  closed.close();
  const ends = await Promise.allSettled([endless, waiting, closed.run('later', LONG)]);
  const reason = expect.objectContaining({ message: 'nobody wants it any more' });
  expect(ends).toEqual(ends.map(() => ({ status: 'rejected', reason })));
});
