import { expect, test } from 'vitest';
import { HostDescriptors, linuxDescriptors } from '../../../runtime/permissions/host-descriptors.ts';

const withLimit = (limit: number, lowestFree = () => 0) =>
  new HostDescriptors({ limit: () => limit, lowestFree });

test.each([
  [1024, 767, 768],
  [20_000, 19_743, 19_744],
  // Where there are few, half of them are left.
  [300, 149, 150],
])('of %d descriptors, guests have those up to %d', (limit, last, first) => {
  expect(withLimit(limit).permits(last)).toBe(true);
  expect(withLimit(limit).permits(first)).toBe(false);
  expect(withLimit(limit, () => last).haveRoom).toBe(true);
  expect(withLimit(limit, () => first).haveRoom).toBe(false);
});

test('there is no room where the system does not even answer that', () => {
  const used = () => {
    throw new Error('EMFILE: too many open files');
  };
  expect(withLimit(1024, used).haveRoom).toBe(false);
});

test('where the limit is not known, guests have all', () => {
  expect(withLimit(Number.POSITIVE_INFINITY).permits(1e6)).toBe(true);
  expect(withLimit(Number.POSITIVE_INFINITY).haveRoom).toBe(true);
});

test('on a Linux without /proc, guests have all', () => {
  const descriptors = new HostDescriptors(linuxDescriptors('/nowhere/self/limits'));
  expect(descriptors.haveRoom).toBe(true);
  expect(descriptors.permits(20)).toBe(true);
});

test('the limit is asked for again if there was no descriptor to ask with', () => {
  let used = true;
  const descriptors = new HostDescriptors({
    limit: () => {
      if (used) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
      return 1024;
    },
    lowestFree: () => 20,
  });
  expect(descriptors.permits(20)).toBe(false);
  expect(descriptors.haveRoom).toBe(false);
  used = false;
  expect(descriptors.haveRoom).toBe(true);
  expect(descriptors.permits(800)).toBe(false);
});
