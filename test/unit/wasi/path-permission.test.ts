import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { permissionFor } from '../../../runtime/permissions/path-permission.ts';

/**
 *     base/
 *       allowed/  inside.db  deeper/inner.db  fifo
 *                 to-inside -> deeper   to-outside -> ../secret   to-file -> ../secret/secret.db
 *                 to-nothing -> ../secret/new.db   loop -> loop   absolute -> base/secret
 *       allowed-as-well/x.db
 *       secret/secret.db
 *       alias -> allowed
 */
let base = '';
beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-permission-')));
  for (const folder of ['allowed/deeper', 'allowed-as-well', 'secret'])
    mkdirSync(join(base, folder), { recursive: true });
  for (const file of [
    'allowed/inside.db',
    'allowed/deeper/inner.db',
    'allowed-as-well/x.db',
    'secret/secret.db',
  ])
    writeFileSync(join(base, file), file);
  symlinkSync('deeper', join(base, 'allowed/to-inside'));
  symlinkSync('../secret', join(base, 'allowed/to-outside'));
  symlinkSync('../secret/secret.db', join(base, 'allowed/to-file'));
  symlinkSync('../secret/new.db', join(base, 'allowed/to-nothing'));
  symlinkSync('loop', join(base, 'allowed/loop'));
  symlinkSync(join(base, 'secret'), join(base, 'allowed/absolute'));
  symlinkSync('allowed', join(base, 'alias'));
  linkSync(join(base, 'allowed/inside.db'), join(base, 'allowed/hard.db'));
  if (process.platform !== 'win32') execFileSync('mkfifo', [join(base, 'allowed/fifo')]);
});
afterAll(() => rmSync(base, { recursive: true }));

/** The path to open, relative to `base`; undefined where it is refused. */
function allowed(path: string, directories: string[] = ['allowed']): string | undefined {
  const preopened = directories.map((name) => ({ guestPath: name, hostPath: join(base, name) }));
  const answer = permissionFor(preopened, path === '' ? path : `${base}/${path}`);
  return answer.granted ? relative(base, answer.path) : undefined;
}

describe('a path inside of a preopened directory', () => {
  test.each([
    ['allowed/inside.db', 'allowed/inside.db'],
    ['allowed/deeper/inner.db', 'allowed/deeper/inner.db'],
    ['allowed/new.db', 'allowed/new.db'],
    ['allowed/not/yet/there.db', 'allowed/not/yet/there.db'],
    ['allowed', 'allowed'],
    ['allowed/', 'allowed'],
    ['allowed/./deeper/../inside.db', 'allowed/inside.db'],
    ['secret/../allowed/inside.db', 'allowed/inside.db'],
    ['allowed/hard.db', 'allowed/hard.db'],
    ['allowed/to-inside/inner.db', 'allowed/deeper/inner.db'],
    ['allowed/to-inside/new.db', 'allowed/deeper/new.db'],
    // As a text, the link is gone before it is followed.
    ['allowed/to-outside/../inside.db', 'allowed/inside.db'],
  ])('%s may be opened', (path, opened) => {
    expect(allowed(path)).toBe(opened);
  });

  test('is judged by every directory', () => {
    expect(allowed('secret/secret.db', ['allowed', 'gone', 'secret'])).toBe('secret/secret.db');
    expect(allowed('allowed/to-outside/secret.db', ['allowed', 'secret'])).toBe(undefined);
  });

  test('may be reached through a directory that is a link itself', () => {
    expect(allowed('alias/inside.db', ['alias'])).toBe('allowed/inside.db');
    expect(allowed('alias/to-file', ['alias'])).toBe(undefined);
  });

  test('is everything if / is preopened, except what is not a file', () => {
    const root = [{ guestPath: '/', hostPath: '/' }];
    expect(permissionFor(root, join(base, 'secret/secret.db')).granted).toBe(true);
    expect(permissionFor(root, '/dev/null').granted).toBe(false);
  });

  test('is one below the current directory if that is preopened, even an empty one', () => {
    const here = [{ guestPath: '.', hostPath: '.' }];
    for (const path of ['', 'x.db', ':memory:', './a/../x.db'])
      expect(permissionFor(here, path).granted, path).toBe(true);
    for (const path of ['..', '../x.db', '/']) expect(permissionFor(here, path).granted, path).toBe(false);
  });
});

describe('refused is', () => {
  test.each([
    'secret/secret.db',
    'secret/new.db',
    'allowed/../secret/secret.db',
    'allowed-as-well/x.db',
    'allowed/../allowed-as-well/x.db',
    '..',
    'allowed/to-outside',
    'allowed/to-outside/secret.db',
    'allowed/to-outside/new.db',
    'allowed/absolute/secret.db',
    'allowed/to-file',
    'allowed/to-nothing',
    'allowed/loop',
    'allowed/loop/x.db',
    'allowed/fifo',
    'allowed/inside.db/x.db',
    'allowed/inside.db\0/../../secret/secret.db',
    'alias/inside.db',
    '/proc/self/root/etc/passwd',
    `allowed/${'x'.repeat(300)}`,
    `allowed/${'x/'.repeat(5000)}y`,
  ])('%s', (path) => {
    expect(allowed(path)).toBe(undefined);
  });

  test('everything without a directory, or with one that is gone or no directory', () => {
    expect(allowed('allowed/inside.db', [])).toBe(undefined);
    expect(allowed('gone/x.db', ['gone'])).toBe(undefined);
    expect(allowed('allowed/inside.db', ['allowed/inside.db'])).toBe(undefined);
  });
});

test('whatever is made of these names, what is granted is inside', () => {
  const names = ['.', '..', '', 'allowed', 'secret', 'deeper', 'to-inside', 'to-outside', 'to-file', 'alias'];
  const inside = join(base, 'allowed');
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...names, 'absolute', 'loop', 'inside.db', 'secret.db', 'new')),
      (parts) => {
        const path = allowed(`allowed/${parts.join('/')}`);
        if (path === undefined) return;
        const full = join(base, path);
        expect(full === inside || full.startsWith(`${inside}/`)).toBe(true);
        // No link is left in what is there of it.
        let existing = full;
        while (!existsSync(existing)) existing = dirname(existing);
        expect(realpathSync(existing)).toBe(existing);
      },
    ),
    { numRuns: 500 },
  );
});
