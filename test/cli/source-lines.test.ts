import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { encodedMappings, type SourceMapSegment, TraceMap } from '@jridgewell/trace-mapping';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { INSPECTOR_ANNOUNCEMENT } from '../../runtime/inspect/protocol.ts';
import { readModule } from '../../runtime/wasm/index.ts';
import { assembleText } from '../../runtime/wat/index.ts';
import { type CommandOptions, lunatic, projectFolder, RunningCommand } from '../support/command.ts';
import { guest } from '../support/guest.ts';

const CAKE = join(projectFolder, 'test', 'guests', 'lines');

/** A package that the module is in, and what is around it. */
let outside = '';
let folder = '';
beforeAll(() => {
  outside = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-lines-')));
  folder = join(outside, 'cake');
  mkdirSync(folder);
  for (const name of ['cake.c', 'cake.wasm']) copyFileSync(join(CAKE, name), join(folder, name));
});
afterAll(() => rmSync(outside, { recursive: true }));

const here = (options: CommandOptions = {}) => ({ cwd: folder, ...options });

/** What the command says on a terminal, without colours. */
async function onTerminal(args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const [command = '', ...others] = args;
  const { stdout, stderr } = await lunatic([command, '--color=always', ...others], here(options));
  return stripVTControlCharacters(`${stdout}${stderr}`);
}

/** The line of the source that ends with a comment. */
const lineOf = (file: string, comment: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .findIndex((line) => line.endsWith(comment)) + 1;

/** A module with a function that traps, whose source map says that it is at a place. */
async function mapped(
  file: string,
  line: number,
  column: number,
  contents?: string,
  text = '(module (func $fall (export "_start") unreachable))',
): Promise<Uint8Array> {
  const bytes = await assembleText(text, 'fall.wat');
  const { code } = readModule(bytes);
  const segments = [...code.bodyStart].map((start): SourceMapSegment => [start, 0, line - 1, column - 1]);
  const map = JSON.stringify({
    ...{ version: 3, names: [], sources: [file] },
    ...(contents === undefined ? {} : { sourcesContent: [contents] }),
    mappings: encodedMappings(new TraceMap({ version: 3, names: [], sources: [file], mappings: [segments] })),
  });
  const url = `data:application/json;base64,${Buffer.from(map).toString('base64')}`;
  return Buffer.concat([bytes, customSection('sourceMappingURL', url)]);
}

function customSection(name: string, text: string): Uint8Array {
  const vector = (bytes: Uint8Array) => Buffer.concat([leb(bytes.length), bytes]);
  return Buffer.concat([
    Buffer.of(0),
    vector(Buffer.concat([vector(Buffer.from(name)), vector(Buffer.from(text))])),
  ]);
}

function leb(value: number): Buffer {
  const bytes: number[] = [];
  do {
    bytes.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>>= 7;
  } while (value > 0);
  return Buffer.from(bytes);
}

describe('a trap of a C program with debug information', () => {
  test('names the lines of all calls, those that are inlined too', async () => {
    const { stderr } = await lunatic(['run', 'cake.wasm'], here());
    const source = join(folder, 'cake.c');
    const [slice, party, start] = ['// slice', '// party', '// start'].map((at) => lineOf(source, at));
    expect(stderr).toBe(`[WARN lunatic::process] Process 1 failed, notifying: 0 links
    trapped: divide by zero
    at slice (cake.c:${slice}:14, inlined)
    at party (cake.c:${party}:14)
    at start (cake.c:${start}:11)
`);
  });

  test('is the same without the word run', async () => {
    const { stderr } = await lunatic(['cake.wasm'], here());
    expect(stderr).toContain('    at slice (cake.c:5:14, inlined)\n');
  });

  test('shows the line on a terminal, with a mark below the place', async () => {
    expect(
      await onTerminal(['run', 'cake.wasm']),
    ).toBe(`[WARN lunatic::process] Process 1 failed, notifying: 0 links
    trapped: divide by zero
    at slice (cake.c:5:14, inlined)
        5 | return cake / among; // slice
          |             ^
    at party (cake.c:9:14)
    at start (cake.c:14:11)
`);
  });

  test('finds the source beside the module from another folder, too', async () => {
    const text = await onTerminal(['run', 'cake/cake.wasm'], { cwd: outside });
    expect(text).toContain('5 | return cake / among;');
  });

  test('says so if the source is newer than the module', async () => {
    const newer = join(outside, 'newer');
    mkdirSync(newer);
    for (const name of ['cake.c', 'cake.wasm']) copyFileSync(join(CAKE, name), join(newer, name));
    utimesSync(join(newer, 'cake.wasm'), 1000, 1000);
    const text = await onTerminal(['run', 'cake.wasm'], { cwd: newer });
    expect(text).toContain('|             ^ the file is newer than the module\n');
    rmSync(join(newer, 'cake.c'));
    const gone = await onTerminal(['run', 'cake.wasm'], { cwd: newer });
    expect(gone).toContain('at slice (cake.c:5:14, inlined)\n    at party');
  });
});

test('a child that traps says where, though not its whole stack', async () => {
  writeFileSync(
    join(folder, 'child.wat'),
    guest(
      `(func $stumble
         unreachable)
       (func (export "child") (call $stumble))
       (func (export "_start")
         (drop (call $spawn (i64.const 0) (text "child")))
         (call $process.sleep_ms (i64.const 1)))`,
    ),
  );
  const line = lineOf(join(folder, 'child.wat'), 'unreachable)');
  const text = await onTerminal(['run', 'child.wat']);
  expect(text).toContain(`Process 2 failed, notifying: 0 links
    trapped: unreachable (--log debug shows the stack)
    at stumble (child.wat:${line}:10)
`);
  expect(text).toContain(`${line} | unreachable)\n`);
  expect(text).not.toContain('at child');
});

test('a module that a process compiles has lines, too', async () => {
  const child = await mapped('sand/castle.ts', 2, 3, 'first\n  fall();\nlast');
  writeFileSync(
    join(folder, 'parent.wasm'),
    await assembleText(
      guest(
        `(func (export "_start")
           (drop (call $process.compile_module (blob "child") (i32.const 16)))
           (drop (call $process.spawn (i64.const 1) (i64.const -1) (i64.load (i32.const 16))
             (text "_start") (i32.const 0) (i32.const 0) (i32.const 24)))
           (call $process.sleep_ms (i64.const 1000000)))`,
        { blobs: { child } },
      ),
      'parent.wat',
    ),
  );
  const text = await onTerminal(['run', 'parent.wasm']);
  expect(text).toContain('    at fall (sand/castle.ts:2:3)\n        2 | fall();\n          | ^\n');
});

test('a text that is written anew while its program runs has no lines', async () => {
  const path = join(folder, 'rewritten.wat');
  const text = guest(
    `(func (export "_start")
       (call $print (text "ready"))
       (i64.store (i32.const 0) (i64.const 0x100000010))
       (i32.store (i32.const 8) (i32.const 1))
       (i32.store (i32.const 0) (i32.const 16))
       (i32.store (i32.const 4) (i32.const 1))
       (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
       unreachable)`,
  );
  writeFileSync(path, text);
  utimesSync(path, 1000, 1000);
  const run = async (meanwhile: () => void) => {
    const command = new RunningCommand(['run', path], here({ input: null }));
    await command.printed('ready\n');
    meanwhile();
    command.child.stdin?.end('go');
    return (await command.ended).stderr;
  };
  expect(await run(() => {})).toMatch(/at _start \(rewritten\.wat:\d+:\d+\)/);
  const written = await run(() => {
    const later = Date.now() / 1000 + 100;
    utimesSync(path, later, later);
  });
  expect(written).toMatch(/at _start \(function \d+, offset 0x/);
});

test('SIGUSR1 and lunatic stacks print lines', async () => {
  writeFileSync(
    join(folder, 'waits.wat'),
    guest(`(func (export "_start") (call $print (text "ready")) (call $forever))`),
  );
  const command = new RunningCommand(['run', '--inspect', 'waits.wat'], here({ input: null }));
  await command.printed('ready\n');
  const [, url = ''] = new RegExp(`${INSPECTOR_ANNOUNCEMENT}(\\S+)`).exec(command.stderr) ?? [];
  command.child.kill('SIGUSR1');
  await command.printed('at _start', 'stderr');
  expect(command.stderr).toMatch(/at forever \(waits\.wat:\d+:\d+\)/);
  const stacks = await lunatic(['stacks', url], here());
  expect(stacks.stdout).toMatch(
    /^process 1: .*\n {4}at forever \(waits\.wat:\d+:\d+\)\n {4}at _start \(waits\.wat:\d+:\d+\)\n$/,
  );
  const json = JSON.parse((await lunatic(['stacks', '--json', url], here())).stdout);
  expect(json[0].stack[0]).toMatchObject({
    functionName: 'forever',
    module: 'm1',
    place: { file: join(folder, 'waits.wat') },
  });
  const colored = await lunatic(['stacks', url], here({ env: { FORCE_COLOR: '1' } }));
  expect(stripVTControlCharacters(colored.stdout)).toMatch(
    /at forever .*\n {8}\d+ \| .*\n {10,}\| +\^\n {4}at _start/,
  );
  const elsewhere = await lunatic(['stacks', url], { cwd: outside });
  expect(elsewhere.stdout).toMatch(/at forever \(cake\/waits\.wat:\d+:\d+\)/);
  // As of a program on another machine.
  rmSync(join(folder, 'waits.wat'));
  expect((await lunatic(['stacks', url], here())).stdout).toMatch(/at forever \(function \d+, offset 0x/);
  command.child.kill('SIGINT');
  await command.ended;
});

test('a guest gets the lines of its own stack, from what is in its module alone', async () => {
  const text = guest(
    `(func $innermost (call $process.trace_get (i32.const 16)))
     (func (export "_start")
       (call $innermost)
       (call $print (i32.const 1000)
         (call $process.trace_read (i64.load (i32.const 16)) (i32.const 1000) (i32.const 4000))))`,
  );
  // Where the current folder is, it does not learn.
  const file = join(folder, 'sand.ts');
  const bytes = await mapped(file, 7, 5, undefined, text);
  writeFileSync(join(folder, 'traced.wasm'), bytes);
  const { stdout, stderr } = await lunatic(['run', 'traced.wasm'], here());
  expect([stdout, stderr]).toEqual([`at innermost (${file}:7:5)\nat _start (${file}:7:5)\n`, '']);
  writeFileSync(join(folder, 'traced.wat'), text);
  const plain = await lunatic(['run', 'traced.wat'], here());
  expect(plain.stdout).toMatch(/^at innermost \(function \d+, offset 0x/);
});

describe('a module that names files which are not its sources', () => {
  const SECRET = 'hunter2';
  /** Runs a module whose source map names a file. */
  async function report(file: string, line = 1): Promise<string> {
    writeFileSync(join(folder, 'liar.wasm'), await mapped(file, line, 1));
    const text = await onTerminal(['run', 'liar.wasm']);
    expect(text).toContain('trapped: unreachable');
    return text;
  }

  test("cannot have them printed: outside of the folders, hidden, without a source's name, through a link", async () => {
    const far = join(outside, 'far');
    mkdirSync(far);
    mkdirSync(join(folder, '.hidden'));
    const files = [
      join(far, 'secret.rs'),
      join(folder, 'password'),
      join(folder, 'password.txt'),
      join(folder, '.secret.rs'),
      join(folder, '.hidden', 'secret.rs'),
    ];
    for (const file of files) writeFileSync(file, SECRET);
    symlinkSync(join(far, 'secret.rs'), join(folder, 'linked.rs'));
    symlinkSync(join(folder, 'password'), join(folder, 'named.rs'));
    symlinkSync(far, join(folder, 'far'));
    const others = [
      '../far/secret.rs',
      'linked.rs',
      'named.rs',
      'far/secret.rs',
      join(folder, 'far', 'secret.rs'),
    ];
    for (const file of [...files, ...others]) expect(await report(file)).not.toContain(SECRET);
    // The same could be read if it were a source.
    writeFileSync(join(folder, 'open.rs'), SECRET);
    expect(await report('open.rs')).toContain(`1 | ${SECRET}`);
    expect(await report(join(folder, 'open.rs'))).toContain(`1 | ${SECRET}`);
    expect(await report('open.rs', 2)).not.toContain(' | ');
    expect(await report('open.rs', 2 ** 31 - 1)).not.toContain(' | ');
  });

  test.skipIf(process.platform === 'win32')(
    'is not waited for: pipes, devices, folders and large files',
    async () => {
      execFileSync('mkfifo', [join(folder, 'pipe.rs')]);
      symlinkSync('/dev/zero', join(folder, 'zero.rs'));
      mkdirSync(join(folder, 'folder.rs'));
      writeFileSync(join(folder, 'large.rs'), `${SECRET}\n${' '.repeat(2 ** 22)}`);
      for (const file of ['pipe.rs', 'zero.rs', 'folder.rs', 'large.rs', '/dev/stdin', '/proc/self/environ'])
        expect(await report(file)).not.toContain(' | ');
    },
  );

  test('cannot move the cursor, by names or by lines', async () => {
    const name = 'a\x1b[2J\u202e\nb.rs';
    writeFileSync(join(folder, 'colors.rs'), 'let a = "\x1b[2J\u202e\x07";\tlet b;\r\n');
    writeFileSync(join(folder, 'liar.wasm'), await mapped(name, 1, 1, '\x1b]0;title\x07text'));
    const { stderr } = await lunatic(['run', '--color=always', 'liar.wasm'], here());
    expect(stderr).toContain('at fall (a\ufffd[2J\ufffd\ufffdb.rs:1:1)');
    expect(stderr).toContain('\ufffd]0;title\ufffdtext');
    const text = await report('colors.rs');
    expect(text).toContain('1 | let a = "\ufffd[2J\ufffd\ufffd";    let b;\n');
  });

  test('cannot make lines long', async () => {
    writeFileSync(
      join(folder, 'liar.wasm'),
      await mapped('a.ts', 1, 900_000, `${'x'.repeat(899_999)}HERE${'y'.repeat(100_000)}`),
    );
    const text = await onTerminal(['run', 'liar.wasm']);
    const [, line = '', mark = ''] = /1 \| (.*)\n +\| ( *\^)/.exec(text) ?? [];
    expect(line.length).toBeLessThan(120);
    expect(line.indexOf('HERE')).toBe(mark.length - 1);
  });
});
