/** Builds of one project wait for each other, whoever asks for them. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Build } from '../../../../extension/projects/project.ts';
import { ProjectBuilds } from '../../../../extension/projects/project-builds.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-builds-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const never = new AbortController().signal;
const faults = { clear: vi.fn(), add: vi.fn(), compiled: vi.fn() };
const projectBuilds = () =>
  new ProjectBuilds({ find: () => Promise.reject(new Error('no build is for Node')) }, faults);

/** A build that says in a file when it begins, and ends once another file is there. */
function build(name: string): Build {
  const script = `echo "${name} begins" >>log; until [ -e "may-end-${name}" ]; do sleep 0.01; done; echo "${name} ends" >>log; touch "${name}.wasm"`;
  return {
    steps: [{ command: 'sh', args: ['-c', script] }],
    cwd: folder,
    output: 'text',
    module: { kind: 'file', path: join(folder, `${name}.wasm`) },
  };
}

const log = () => (existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : '');
const mayEnd = (name: string) => writeFileSync(join(folder, `may-end-${name}`), '');
const begins = (name: string) => expect.poll(log).toContain(`${name} begins`);

test('a project is built once at a time, and others meanwhile', async () => {
  const builds = projectBuilds();
  const lines: string[] = [];
  const run = (project: string, name: string) =>
    builds.run(
      { file: join(folder, project) },
      async () => [build(name)],
      (text) => lines.push(text),
      never,
    );
  const first = run('Makefile', 'a');
  await begins('a');
  const second = run('Makefile', 'b');
  const other = run('Cargo.toml', 'c');
  await begins('c');
  mayEnd('c');
  expect(await other).toEqual([join(folder, 'c.wasm')]);
  expect(log()).not.toContain('b begins');
  expect(lines).toContain('Waiting for another build of this project to end');
  mayEnd('a');
  mayEnd('b');
  expect(await first).toEqual([join(folder, 'a.wasm')]);
  expect(await second).toEqual([join(folder, 'b.wasm')]);
  expect(log()).toMatch(/a ends\nb begins\nb ends\n$/);
  // What compilers have said of it before is over each time.
  expect(faults.clear.mock.calls.flat()).toEqual(
    ['Makefile', 'Cargo.toml', 'Makefile'].map((name) => join(folder, name)),
  );
});

test('one that waits can be given up, and the next waits for the one that runs', async () => {
  const builds = projectBuilds();
  const run = (name: string, signal = never) =>
    builds.run(
      { file: folder },
      async () => [build(name)],
      () => {},
      signal,
    );
  const first = run('a');
  await begins('a');
  const abort = new AbortController();
  const second = run('b', abort.signal);
  const third = run('c');
  abort.abort(new Error('given up'));
  await expect(second).rejects.toThrow('given up');
  mayEnd('c');
  mayEnd('a');
  await Promise.all([first, third]);
  expect(log()).toBe('a begins\na ends\nc begins\nc ends\n');
});

test('a build that fails lets the next one begin', async () => {
  const builds = projectBuilds();
  const project = { file: folder };
  const fails = builds.run(
    project,
    async () => {
      throw new Error('no compiler');
    },
    () => {},
    never,
  );
  mayEnd('a');
  const next = builds.run(
    project,
    async () => [build('a')],
    () => {},
    never,
  );
  await expect(fails).rejects.toThrow('no compiler');
  expect(await next).toEqual([join(folder, 'a.wasm')]);
});
