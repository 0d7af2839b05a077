import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type HostDirectory,
  openHostDirectory,
  PathDirectory,
  PathError,
} from '../../../runtime/permissions/host-directory.ts';
import { Errno, errnoOf } from '../../../runtime/wasi/errno.ts';
import { Follow, Walk } from '../../../runtime/wasi/walk.ts';

/** A file system: a directory is an object, a file is null, a link is its text. */
interface Tree {
  [name: string]: Tree | null | string;
}

/** What a path leads to: the way there from the root, or an error. */
type Found = { readonly way: readonly string[]; readonly node: Tree | null | string | undefined } | string;

/** Finds a path in a model of a file system whose root cannot be left. */
function find(root: Tree, path: string, follow: Follow): Found {
  let links = 0;
  let mustBeDirectory = false;
  const get = (way: readonly string[]) =>
    way.reduce<Tree | null | string | undefined>(
      (node, name) => (typeof node === 'object' && node !== null ? node[name] : undefined),
      root,
    );
  const go = (from: readonly string[], text: string, isLast: boolean): Found => {
    if (text === '') return 'ENOENT';
    if (text.startsWith('/')) return 'EPERM';
    if (isLast && /(^|\/)\.{0,2}$/.test(text)) mustBeDirectory = true;
    const names = text.split('/').filter((name) => name !== '' && name !== '.');
    let way = from;
    for (const [i, name] of names.entries()) {
      const endsHere = isLast && i === names.length - 1;
      const directory = get(way);
      if (directory === undefined) return 'ENOENT';
      if (typeof directory !== 'object' || directory === null) return 'ENOTDIR';
      if (name === '..') {
        if (way.length === 0) return 'EPERM';
        way = way.slice(0, -1);
        continue;
      }
      const node = directory[name];
      const followed =
        !endsHere || follow === Follow.Always || (follow === Follow.Directories && mustBeDirectory);
      if (typeof node === 'string' && followed) {
        if (++links > 40) return 'ELOOP';
        const found = go(way, node, endsHere);
        if (typeof found === 'string') return found;
        if (endsHere) return found;
        if (found.node === undefined) return 'ENOENT';
        if (typeof found.node !== 'object' || found.node === null) return 'ENOTDIR';
        way = found.way;
      } else {
        if (!endsHere && node === undefined) return 'ENOENT';
        if (!endsHere && node === null) return 'ENOTDIR';
        way = [...way, name];
      }
    }
    return { way, node: get(way) };
  };
  return go([], path, true);
}

function build(tree: Tree, folder: string): void {
  for (const [name, node] of Object.entries(tree)) {
    const path = join(folder, name);
    if (node === null) writeFileSync(path, '');
    else if (typeof node === 'string') symlinkSync(node, path);
    else {
      mkdirSync(path);
      build(node, path);
    }
  }
}

const NAMES = ['a', 'b', 'c', 'd'];
const path = fc
  .tuple(
    fc.constantFrom('', '', '', '', '/', './'),
    fc.array(fc.constantFrom(...NAMES, ...NAMES, '.', '..', '', 'none'), { maxLength: 7 }),
    fc.constantFrom('', '', '', '/', '/.', '//'),
  )
  .map(([start, names, end]) => start + names.join('/') + end);
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.dictionary(
    fc.constantFrom(...NAMES),
    fc.oneof(
      { maxDepth: 3 },
      fc.constant(null),
      path.filter((text) => text !== ''),
      tie('tree'),
    ),
  ),
}));

let base = '';
let count = 0;
beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-walk-')));
});
afterAll(() => rmSync(base, { recursive: true }));

describe.each([
  ['descriptors', openHostDirectory],
  ['paths', PathDirectory.at],
] as const)('a way through directories that are known by %s', (_, open: (path: string) => HostDirectory) => {
  test('leads where a model says, and nowhere else', () => {
    fc.assert(
      fc.property(
        tree,
        fc.array(fc.tuple(path, fc.constantFrom(...Object.values(Follow))), { minLength: 20, maxLength: 20 }),
        (model, ways) => {
          // One beside the root, so that what leads outside would find something.
          const place = join(base, `${count++}`);
          const root = join(place, 'root');
          mkdirSync(root, { recursive: true });
          for (const name of NAMES) writeFileSync(join(place, name), '');
          build(model, root);
          const start = open(root);
          try {
            for (const [text, follow] of ways) {
              const expected = find(model, text, follow);
              expect(walked(start, root, text, follow), `${text} ${follow}`).toEqual(
                typeof expected === 'string' ? expected : ending(expected, root),
              );
            }
          } finally {
            start.close();
            rmSync(place, { recursive: true });
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Where the walk ended, as a path of the host, and what is there. */
function walked(start: HostDirectory, root: string, text: string, follow: Follow): unknown {
  let walk: Walk;
  try {
    walk = new Walk(start, text, follow, { chargeSystem() {} });
  } catch (error) {
    if (error instanceof PathError) return error.code;
    return Object.entries({ ENOENT: Errno.Noent, ENOTDIR: Errno.Notdir }).find(
      ([, n]) => n === errnoOf(error),
    )?.[0];
  }
  try {
    const directory = realpathSync(walk.directory.at('.'));
    const stats = walk.look();
    const kind =
      stats === undefined ? 'none' : stats.isSymbolicLink() ? 'link' : stats.isFile() ? 'file' : 'directory';
    expect(`${directory}/`.startsWith(`${root}/`)).toBe(true);
    return [walk.name === '.' ? directory : join(directory, walk.name), kind];
  } finally {
    walk.close();
  }
}

function ending({ way, node }: Exclude<Found, string>, root: string): unknown {
  const kind =
    node === undefined ? 'none' : node === null ? 'file' : typeof node === 'string' ? 'link' : 'directory';
  return [join(root, ...way), kind];
}
