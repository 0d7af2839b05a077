import { expect, test } from 'vitest';
import {
  keyFromText,
  type ProcessEnd,
  type ProcessInfo,
  type ProcessKey,
} from '../../../runtime/inspect/protocol.ts';
import { MAX_ENDED, ProcessModel } from '../../../runtime/inspect/view/index.ts';

function info(id: number, parent: ProcessKey | null, more: Partial<ProcessInfo> = {}): ProcessInfo {
  return {
    ...{
      key: keyFromText(`1:${id}`),
      id,
      environment: 1,
      parent,
      names: [],
      state: 'waiting',
      waitsFor: 'message',
    },
    ...{ since: 0, module: 'm1', entry: 'worker', mailbox: 0, memory: 65_536, links: 0, monitors: 0 },
    ...more,
  };
}

const nothing = { started: [], changed: [], ended: [] };

const ended = (process: ProcessKey, end: ProcessEnd = { kind: 'killed' }, time = 0) => ({
  process,
  end,
  time,
});

/** A process with three children, one of which has one. */
function family(): ProcessModel {
  const model = new ProcessModel();
  model.addPage({
    processes: [
      info(1, null),
      info(2, keyFromText('1:1')),
      info(3, keyFromText('1:1')),
      info(4, keyFromText('1:1')),
      info(5, keyFromText('1:3')),
    ],
    total: 5,
  });
  model.takeChanges();
  return model;
}

/** The tree as indented ids. */
function drawn(model: ProcessModel, parent: ProcessKey | null = null, depth = 0): string {
  return model
    .childrenOf(parent)
    .map((key) => `${' '.repeat(depth)}${key.slice(2)}\n${drawn(model, key, depth + 1)}`)
    .join('');
}

test('is a tree, in the order of ids', () => {
  expect(drawn(family())).toBe('1\n 2\n 3\n  5\n 4\n');
});

test('tells which processes changed, and which parents have other children', () => {
  const model = family();
  model.apply({
    started: [info(6, keyFromText('1:3'))],
    changed: [info(2, keyFromText('1:1'), { mailbox: 7 })],
    ended: [ended(keyFromText('1:4'))],
    total: 5,
  });
  const { changed, parents, removed } = model.takeChanges();
  expect([...changed]).toEqual(['1:4', '1:6', '1:2']);
  expect([...parents]).toEqual(['1:3']);
  expect([...removed]).toEqual([]);
  expect(drawn(model)).toBe('1\n 2\n 3\n  5\n  6\n 4\n');
  expect(model.takeChanges()).toEqual({ changed: new Set(), parents: new Set(), removed: new Set() });
});

test('a process that has ended stays for a while, with how it ended', () => {
  const model = family();
  const failed: ProcessEnd = { kind: 'exited', code: 3 };
  model.apply({
    ...nothing,
    ended: [
      ended(keyFromText('1:4'), failed, 100_000),
      ended(keyFromText('1:2'), { kind: 'killed' }, 100_000),
    ],
    total: 3,
  });
  expect(model.get(keyFromText('1:4'))).toMatchObject({ state: 'ended', since: 100_000, end: failed });
  expect([drawn(model), model.size, model.total]).toEqual(['1\n 2\n 3\n  5\n 4\n', 3, 3]);
  model.takeChanges();
  expect(model.expire(104_000)).toBe(false);
  expect(model.expire(106_000)).toBe(true);
  expect(drawn(model)).toBe('1\n 3\n  5\n 4\n');
  const { parents, removed } = model.takeChanges();
  expect([[...parents], [...removed]]).toEqual([['1:1'], ['1:2']]);
  // A failure stays longer.
  expect(model.expire(159_000)).toBe(false);
  expect(model.expire(161_000)).toBe(true);
  expect(drawn(model)).toBe('1\n 3\n  5\n');
});

test('a page that is older than the end of a process does not bring it back', () => {
  const model = family();
  model.apply({ ...nothing, ended: [ended(keyFromText('1:4'))], total: 4 });
  model.addPage({ processes: [info(4, keyFromText('1:1'))], total: 4 });
  expect(model.get(keyFromText('1:4'))?.state).toBe('ended');
  model.replace([info(1, null)], 1);
  expect([...model.processes()].map(({ key, state }) => `${key} ${state}`)).toEqual([
    '1:1 waiting',
    '1:4 ended',
  ]);
});

test('a process that failed before it was told of is displayed with its end', () => {
  const model = family();
  const end: ProcessEnd = { kind: 'trapped', message: 'unreachable' };
  model.apply({
    ...nothing,
    ended: [
      { ...ended(keyFromText('1:6'), end), last: info(6, keyFromText('1:3')) },
      ended(keyFromText('1:7')),
    ],
    total: 5,
  });
  expect(drawn(model)).toBe('1\n 2\n 3\n  5\n  6\n 4\n');
  expect([model.get(keyFromText('1:6'))?.state, model.size]).toEqual(['ended', 5]);
});

test('only so many that have ended are kept, the last of them', () => {
  const model = new ProcessModel();
  const all = Array.from({ length: 3 * MAX_ENDED }, (_, i) => info(i + 1, null));
  model.addPage({ processes: all, total: all.length });
  model.apply({ ...nothing, ended: all.map(({ key }) => ended(key)), total: 0 });
  expect(model.size).toBe(0);
  expect([...model.processes()].map(({ id }) => id)).toEqual(all.slice(2 * MAX_ENDED).map(({ id }) => id));
});

test('live children move to the top when their parent ends', () => {
  const model = family();
  model.apply({ ...nothing, ended: [ended(keyFromText('1:3'))], total: 4 });
  expect(drawn(model)).toBe('1\n 2\n 3\n 4\n5\n');
  expect(model.parentOf(keyFromText('1:5'))).toBe(null);
  // One that has ended as well is below it again.
  model.apply({ ...nothing, ended: [ended(keyFromText('1:5')), ended(keyFromText('1:1'))], total: 2 });
  expect(drawn(model)).toBe('1\n 3\n  5\n2\n4\n');
  model.expire(10_000);
  expect(drawn(model)).toBe('2\n4\n');
});

test('children that were heard of before their parent come below it', () => {
  const model = new ProcessModel();
  model.apply({ ...nothing, started: [info(9, keyFromText('1:1')), info(3, keyFromText('1:1'))], total: 3 });
  expect(drawn(model)).toBe('3\n9\n');
  model.apply({ ...nothing, started: [info(1, null)], total: 3 });
  expect(drawn(model)).toBe('1\n 3\n 9\n');
});

test('a process whose parent is another now moves there', () => {
  const model = family();
  model.apply({ ...nothing, changed: [info(5, null)], total: 5 });
  expect(drawn(model)).toBe('1\n 2\n 3\n 4\n5\n');
});

test('news of a process that is not known does not make it', () => {
  const model = family();
  model.apply({
    ...nothing,
    changed: [info(77, keyFromText('1:1'))],
    ended: [ended(keyFromText('1:78'))],
    total: 5,
  });
  expect(model.size).toBe(5);
});

test('environments are shown one after the other', () => {
  const model = new ProcessModel();
  model.addPage({
    processes: [
      info(2, null),
      { ...info(1, null), key: keyFromText('2:1'), environment: 2 },
      info(1, null),
      { ...info(2, keyFromText('2:1')), key: keyFromText('2:2'), environment: 2 },
    ],
    total: 4,
  });
  expect(model.childrenOf(null)).toEqual(['1:1', '1:2', '2:1']);
});

test('keeps no more than it may, and counts the others', () => {
  const model = new ProcessModel(3);
  model.addPage({ processes: [1, 2, 3, 4, 5].map((id) => info(id, null)), total: 5 });
  expect([model.size, model.total, model.isFull]).toEqual([3, 5, true]);
  model.apply({ ...nothing, ended: [ended(keyFromText('1:2'))], total: 4 });
  expect([model.size, model.total, model.isFull]).toEqual([2, 4, false]);
});

test('replacing forgets who is gone', () => {
  const model = family();
  model.replace([info(1, null), info(3, keyFromText('1:1')), info(8, keyFromText('1:3'))], 3);
  expect(drawn(model)).toBe('1\n 3\n  8\n');
  expect([...model.takeChanges().removed].sort()).toEqual(['1:2', '1:4', '1:5']);
});

test('10,000 processes that come and go one by one take no long time', () => {
  const model = new ProcessModel();
  model.addPage({ processes: [info(1, null)], total: 1 });
  const start = performance.now();
  for (let id = 2; id < 10_002; id++)
    model.apply({ ...nothing, started: [info(id, keyFromText('1:1'))], total: id });
  expect(model.childrenOf(keyFromText('1:1'))).toHaveLength(10_000);
  for (let id = 2; id < 10_002; id++)
    model.apply({ ...nothing, ended: [ended(keyFromText(`1:${id}`))], total: 10_002 - id });
  expect(model.size).toBe(1);
  expect(performance.now() - start).toBeLessThan(1000);
});
