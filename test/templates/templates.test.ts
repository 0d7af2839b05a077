/** Every template in every language: made by `lunatic new`, built as the editor builds it, run, debugged and tested. And the guides. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { projectIn } from '../../extension/projects/find-project.ts';
import { runBuild } from '../../extension/projects/run-build.ts';
import type { CoverageReport } from '../../runtime/coverage/report.ts';
import { LANGUAGES, type Language, TEMPLATES, type Template } from '../../runtime/internal.ts';
import { AdapterClient } from '../adapter/adapter-client.ts';
import { installedCommand, lunatic, projectFolder, RunningCommand } from '../support/command.ts';
import { readProjectFile } from '../support/project-files.ts';
import { findRust } from '../support/rust.ts';
import { prepareCrates, writeCargoConfig } from './crates.ts';

/** Milliseconds for the crates of Rust's templates, which are got and built once. */
const RUST_PATIENCE = 600_000;
const PATIENCE = 120_000;

const hasRust = (await findRust()) !== undefined;
const hasClang = existsSync('/usr/include/wasm32-wasi') && spawnSync('make', ['--version']).status === 0;
const HAS: Readonly<Record<string, boolean>> = { rust: hasRust, c: hasClang };

let root = '';
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'lunatic-templates-'));
  // The commands of the readmes call `lunatic`.
  const bin = join(root, 'bin');
  mkdirSync(bin);
  symlinkSync(installedCommand, join(bin, 'lunatic'));
  process.env['PATH'] = [bin, process.env['PATH']].join(delimiter);
  if (!hasRust) return;
  // The first crate builds those of the SDK for all others.
  const first = await create('workers', 'rust', 'first');
  const { config, target } = prepareCrates(first);
  writeCargoConfig(root, config);
  process.env['CARGO_TARGET_DIR'] = target;
  execFileSync('cargo', ['build', '--tests'], { cwd: first, stdio: 'pipe' });
  forget('first');
}, RUST_PATIENCE);

afterAll(() => rmSync(root, { recursive: true }));

/** Removes a crate from what cargo keeps: the next run's is another one. */
function forget(name: string): void {
  execFileSync('cargo', ['clean', '--package', name], { cwd: join(root, 'rust', name), stdio: 'pipe' });
}

/** Makes a project, and returns its folder. */
async function create(template: string, language: string, name = template): Promise<string> {
  const args = ['new', join(root, language, name), '--template', template, '--language', language];
  const { stderr, exitCode } = await lunatic(args);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return join(root, language, name);
}

/** Builds the program as the editor does, and returns the module. Nothing has to be said about it. */
async function build(folder: string): Promise<string> {
  const project = await projectIn(folder);
  // The text format needs no build.
  if (project === undefined) return join(folder, 'main.wat');
  const [target] = await project.targets();
  if (target === undefined) throw new Error(`${project.name} has no program`);
  const said: string[] = [];
  const listener = {
    line: (text: string) => void said.push(text),
    fault: ({ message }: { message: string }) => void said.push(message),
    compiled: () => undefined,
  };
  const node = async () => ({ node: process.execPath, env: {} });
  const { signal } = new AbortController();
  const [module] = await runBuild(await target.build('debug'), listener, node, signal);
  if (module === undefined) throw new Error(`${target.name} has no module`);
  expect(said.filter((text) => /warning|error/i.test(text))).toEqual([]);
  return module;
}

/** Starts a server at a free port, and returns that. It ends with the test. */
async function serve(module: string): Promise<{ readonly server: RunningCommand; readonly port: number }> {
  const server = new RunningCommand(['run', module, '0']);
  onTestFinished(async () => {
    server.child.kill();
    await server.ended;
  });
  await server.printed('listening on ');
  const [, port] = /listening on .*:(\d+)/.exec(server.stdout) ?? [];
  return { server, port: Number(port) };
}

/** Somebody in the chat. */
async function enter(port: number, name: string) {
  const socket = createConnection(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const say = (text: string) => void socket.write(`${text}\n`);
  /** Waits until a line is heard. */
  const hear = async (wanted: string) => {
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
      if (next.value === wanted) return;
    }
    throw new Error(`${name} was cut off before hearing ${wanted}`);
  };
  say(name);
  await hear(`* ${name} is here`);
  return { say, hear };
}

/** What each program does when it is run. */
const RUNS: Readonly<Record<string, (module: string, language: string) => Promise<void>>> = {
  workers: async (module, language) => {
    const { stdout, stderr, exitCode } = await lunatic(['run', module]);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/worker \d has crashed .*and is replaced\n/);
    expect(stdout).toMatch(
      language === 'wat'
        ? /the sum of all results is 15005000\n$/
        : /worker 2: 430 primes up to 3000\n(.*\n)*8 jobs are done: 4810 primes\n$/,
    );
    expect(stderr.match(/failed, notifying/g)).toHaveLength(1);
  },
  chat: async (module) => {
    const { server, port } = await serve(module);
    const ada = await enter(port, 'Ada');
    const bob = await enter(port, 'Bob');
    await ada.hear('* Bob is here');
    ada.say('hello');
    await bob.hear('Ada: hello');
    ada.say('/crash');
    // Both find the new room by themselves.
    await bob.hear('* Bob is here');
    bob.say('what was that?');
    await bob.hear('Bob: what was that?');
    await ada.hear('Bob: what was that?');
    await server.printed('failed, notifying', 'stderr');
  },
  http: async (module) => {
    const { port } = await serve(module);
    const get = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
      return [answer.status, await answer.text()];
    };
    expect(await get('/')).toEqual([200, 'Hello! You are visitor 1.\n']);
    await expect(get('/crash')).rejects.toThrow('fetch failed');
    expect(await get('/')).toEqual([200, 'Hello! You are visitor 2.\n']);
    expect(await get('/nothing')).toEqual([404, 'There is nothing here.\n']);
    expect(await get('/crash-counter')).toEqual([200, 'The counter crashes.\n']);
    await expect.poll(() => get('/').catch(() => undefined)).toEqual([200, 'Hello! You are visitor 1.\n']);
    const post = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST' });
    expect(post.status).toBe(400);
  },
};

/** What stands in the line at which the program is stopped, in whatever language. */
const STOPS: Readonly<Record<string, RegExp>> = {
  workers:
    /= count_?primes\((job\.|&)?limit|count_primes\(job\.limit|\(call \$add_up \(local\.get \$limit\)\)/i,
  chat: /listening on/,
  http: /listening on/,
};

/** Debugs a program to a breakpoint, as F5 with its launch.json does. */
async function debug(folder: string, module: string, source: string, pattern: RegExp): Promise<void> {
  const path = join(folder, source);
  const lines = readFileSync(path, 'utf8').split('\n');
  const line = lines.findIndex((text) => pattern.test(text)) + 1;
  expect(line).toBeGreaterThan(0);
  const client = await AdapterClient.stdio();
  await client.configure('', { program: module, cwd: folder, args: ['0'] });
  await client.setBreakpointsRequest({ source: { path }, breakpoints: [{ line }] });
  await client.configurationDoneRequest();
  // A worker that crashes may be held before.
  const { body } = await client.event('stopped', (event) => event.body.reason === 'breakpoint');
  const { stackFrames } = (await client.stackTraceRequest({ threadId: body.threadId ?? 0 })).body;
  expect(stackFrames[0]).toMatchObject({ line, source: { path } });
  await client.disconnectRequest({ terminateDebuggee: true });
}

const PAIRS = LANGUAGES.flatMap((language) =>
  TEMPLATES.filter(({ languages }) => languages.includes(language.name)).map((template) => ({
    language,
    template,
  })),
);

// The release build of the guide for Rust would take a minute; what it does else is what the tests of the templates do.
describe.each(LANGUAGES.filter(({ name }) => name !== 'rust'))(
  'the guide for $label',
  ({ name }: Language) => {
    test.runIf(HAS[name] ?? true)(
      'has commands that work, word for word, in an empty folder',
      async () => {
        const folder = join(root, `${name}-guide`);
        mkdirSync(folder);
        const commands = [...readProjectFile(`docs/${name}.md`).matchAll(/^ {4}(\S.*)$/gm)];
        const script = commands
          .map(([, command]) => command)
          .join('\n')
          // What it would bring.
          .replace('npm install', `ln -s ${join(projectFolder, 'node_modules')} .`);
        const { status, stdout, stderr } = spawnSync('sh', ['-ec', script], {
          cwd: folder,
          encoding: 'utf8',
        });
        expect(status, stderr).toBe(0);
        expect(stdout).toContain('2 passed; 0 failed');
        // It runs in the beginning, and deployed in the end.
        expect(stdout.match(/8 jobs are done: 4810 primes|the sum of all results is 15005000/g)).toHaveLength(
          2,
        );
        if (name !== 'assemblyscript') return;
        const released = await lunatic(['test', join(folder, 'pool', 'build', 'release.wasm')]);
        expect(released.stdout).toContain('running 0 tests');
      },
      PATIENCE,
    );
  },
);

const hasRustfmt = spawnSync('rustfmt', ['--version']).status === 0;

test.runIf(hasRustfmt).each(['workers', 'chat', 'http'])(
  '%s in Rust is written as rustfmt writes it',
  (name) => {
    const source = join(projectFolder, 'media', 'templates', 'rust', name, 'src', 'main.rs');
    const { status, stdout } = spawnSync('rustfmt', ['--check', '--edition', '2021', source], {
      encoding: 'utf8',
    });
    expect(status, stdout).toBe(0);
  },
);

describe.each(PAIRS)(
  '$template.label in $language.label',
  ({ language, template }: (typeof PAIRS)[number]) => {
    test.runIf(HAS[language.name] ?? true)(
      'is created, built, run, debugged and tested',
      async () => await tryTemplate(template, language),
      PATIENCE,
    );
  },
);

async function tryTemplate(template: Template, language: Language): Promise<void> {
  const folder = await create(template.name, language.name);
  if (language.name === 'assemblyscript') {
    // What `npm install` would bring.
    symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
  }
  if (language.name === 'rust') onTestFinished(() => forget(template.name));
  const module = await build(folder);
  await RUNS[template.name]?.(module, language.name);
  await debug(folder, module, language.source, STOPS[template.name] ?? /$^/);
  const tested = execFileSync('sh', ['-c', language.test], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  expect(tested).toMatch(/running 2 tests\n/);
  expect(tested).toMatch(/2 passed; 0 failed/);
  if (template.name === 'workers') {
    const file = join(folder, 'coverage.json');
    await lunatic(['test', '--coverage=json', '--coverage-file', file, module], { cwd: folder });
    const { files }: CoverageReport = JSON.parse(readFileSync(file, 'utf8'));
    // The libraries that come with the project do not count.
    const own = files.map(({ path }) => path).filter((path) => path.startsWith(folder));
    expect(own).toEqual([join(folder, language.source)]);
  }
  if (language.name === 'c') {
    execFileSync('make', ['release'], { cwd: folder, stdio: 'pipe' });
    const released = await lunatic(['test', join(folder, 'build', 'release', `${template.name}.wasm`)]);
    expect(released.stdout).toContain('running 0 tests');
  }
  const [launch] = JSON.parse(readFileSync(join(folder, '.vscode', 'launch.json'), 'utf8')).configurations;
  const named: string = launch.project ?? launch.program;
  expect(existsSync(named.replace(/^\$\{workspaceFolder\}/, folder)), named).toBe(true);
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).not.toContain('{{');
}
