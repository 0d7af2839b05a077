import { expect, test } from 'vitest';
import { Reports } from '../../../runtime/cli/report.ts';

/** Reports, and what they have printed. */
function prepare(write: () => Promise<void> | null = () => null) {
  const printed: string[] = [];
  const reports = new Reports({
    write: (bytes) => {
      printed.push(Buffer.from(bytes).toString());
      return write();
    },
  });
  return { reports, printed };
}

test('what is printed while a report is being made follows it', async () => {
  const { reports, printed } = prepare();
  const first = Promise.withResolvers<string>();
  const second = Promise.withResolvers<string>();
  reports.printLater(first.promise, 'first in short');
  reports.print('between');
  reports.printLater(second.promise, 'second in short');
  reports.print('last');
  second.resolve('second');
  await second.promise;
  expect(printed).toEqual([]);
  first.resolve('first');
  await reports.settle();
  expect(printed).toEqual(['first', 'between', 'second', 'last']);
});

test('a report that cannot be made is printed in short', async () => {
  const { reports, printed } = prepare();
  reports.printLater(Promise.reject(new Error('no symbols')), 'in short');
  await reports.settle();
  expect(printed).toEqual(['in short']);
});

test('nobody waits longer than that, and nothing is printed twice', async () => {
  const { reports, printed } = prepare();
  const late = Promise.withResolvers<string>();
  reports.printLater(late.promise, 'in short');
  reports.print('next');
  await reports.settle(1);
  late.resolve('late');
  await late.promise;
  reports.print('last');
  expect(printed).toEqual(['in short', 'next', 'last']);
});

test('no more than some hundred reports wait', () => {
  const { reports, printed } = prepare();
  for (let i = 0; i < 1000; i++) reports.printLater(new Promise(() => {}), `${i}`);
  expect(printed.length).toBeGreaterThan(700);
  expect(printed.slice(0, 3)).toEqual(['0', '1', '2']);
});

test('while nobody reads, reports are only counted', async () => {
  const drained = Promise.withResolvers<void>();
  const { reports, printed } = prepare(() => drained.promise);
  reports.print('first');
  reports.printLater(Promise.resolve('second'), 'second in short');
  expect(reports.isFull).toBe(true);
  drained.resolve();
  await drained.promise;
  await reports.settle();
  expect(printed).toEqual(['first', '... 1 more lines of the log are left out, since nobody read them\n']);
});
