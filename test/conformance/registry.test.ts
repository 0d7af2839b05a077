import { describe, expect, test } from 'vitest';
import { ProcessConfig, Runtime } from '../../runtime/internal.ts';
import { guest, main } from '../support/guest.ts';
import { assemble, Capture, Feed, linesOf, runAll, trapOf } from '../support/program.ts';

const put = (name: string, node: number | bigint, id: number | bigint) =>
  `(call $registry.put (text "${name}") (i64.const ${node}) (i64.const ${id}))`;
const remove = (name: string) => `(call $registry.remove (text "${name}"))`;
/** `$get` shows the code and what is at the two cells, which hold 77 before. */
const GET = `
  (func $get (param $at i32) (param $length i32) (local $code i32)
    (i64.store (i32.const 0) (i64.const 77)) (i64.store (i32.const 8) (i64.const 77))
    (local.set $code (call $registry.get (local.get $at) (local.get $length) (i32.const 0) (i32.const 8)))
    (call $answer (local.get $code)))
  (func $answer (param $code i32)
    (call $write_i64 (i64.extend_i32_s (local.get $code)))
    (call $write (text ": "))
    (call $write_i64 (i64.load (i32.const 0)))
    (call $show (text "") (i64.load (i32.const 8))))`;
const get = (name: string) => `(call $get (text "${name}"))`;
/** Calls get_or_spawn and shows code, node and process id. */
const getOrSpawn = (name: string, entry: string, { link = 0, config = -1, module = -1 } = {}) => `
  (call $answer (call $process.get_or_spawn (text "${name}") (i64.const ${link}) (i64.const ${config})
    (i64.const ${module}) (text "${entry}") (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8)))`;
const program = (body: string, functions = '') =>
  guest(`${GET} ${functions} (func (export "_start") ${body})`);

describe('the registry', () => {
  test('keeps what was put, whatever the numbers are', async () => {
    const body = `${get('a')} ${put('a', 0, 5)} ${get('a')} ${put('b', -1, 9223372036854775807n)} ${get('b')} ${get('a')}`;
    expect(await linesOf(program(body))).toEqual([
      '1: 77 77',
      '0: 0 5',
      '0: -1 9223372036854775807',
      '0: 0 5',
    ]);
  });

  test('overwrites and removes; removing what is not there does nothing', async () => {
    const body = `${put('a', 0, 5)} ${put('a', 1, 6)} ${get('a')} ${remove('a')} ${get('a')} ${remove('a')} ${remove('b')}`;
    expect(await linesOf(program(body))).toEqual(['0: 1 6', '1: 77 77']);
  });

  test('compares names byte for byte, also empty ones', async () => {
    const body = `${put('', 0, 1)} ${put('a/b', 0, 2)} ${put('A/b', 0, 3)} ${put('a/b/1.2.3', 0, 4)} ${put('\\e2\\9c\\93', 0, 5)}
      ${get('')} ${get('a/b')} ${get('A/b')} ${get('a/b/1.2.3')} ${get('\\e2\\9c\\93')} ${get('a')}`;
    expect(await linesOf(program(body))).toEqual([
      '0: 0 1',
      '0: 0 2',
      '0: 0 3',
      '0: 0 4',
      '0: 0 5',
      '1: 77 77',
    ]);
  });

  test('keeps the names of dead processes', async () => {
    const functions = '(func (export "child"))';
    const body = `(call $run (text "child")) ${put('dead', 0, 2)} ${get('dead')}
      ${getOrSpawn('dead', 'child')}`;
    expect(await linesOf(program(body, functions))).toEqual(['0: 0 2', '2: 0 2']);
  });

  test('is shared by descendants, not by other programs', async () => {
    const functions = `
      (func (export "child") (call $run (text "grandchild")) ${get('name')})
      (func (export "grandchild") ${put('name', 0, 42)})`;
    const source = program(`${get('name')} (call $run (text "child")) ${get('name')}`, functions);
    expect(await linesOf(source)).toEqual(['1: 77 77', '0: 0 42', '0: 0 42']);
    // The same runtime runs it again.
    const runtime = new Runtime();
    const module = runtime.load(await assemble(source));
    for (let program = 0; program < 2; program++) {
      const output = new Capture();
      const stdio = { input: new Feed(), output, error: new Capture() };
      const root = await runtime.run(module, { config: ProcessConfig.forRoot(), stdio });
      await root.ended;
      expect(output.lines).toEqual(['1: 77 77', '0: 0 42', '0: 0 42']);
    }
  });

  test.each([
    ['put', put('\\ff', 0, 0)],
    ['get', get('\\ff')],
    ['remove', remove('\\ff')],
    ['get_or_spawn', getOrSpawn('\\ff', 'child')],
  ])('%s traps for a name that is not UTF-8', async (_, call) => {
    expect(await trapOf(program(call))).toMatch(/not UTF-8/);
  });

  test('traps for names and cells outside the memory', async () => {
    const NAME = '(text "a")';
    for (const call of [
      '(call $registry.put (i32.const -1) (i32.const 1) (i64.const 0) (i64.const 0))',
      '(call $registry.remove (i32.const 0) (i32.const -1))',
      `${put('a', 0, 0)} (drop (call $registry.get ${NAME} (i32.const -8) (i32.const 0)))`,
      `${put('a', 0, 0)} (drop (call $registry.get ${NAME} (i32.const 0) (i32.const -8)))`,
    ]) {
      expect(await trapOf(main(call)), call).toMatch(/out of bounds/);
    }
    // Where nothing is found, nothing is written.
    expect(await linesOf(main(`(drop (call $registry.get ${NAME} (i32.const -8) (i32.const -8)))`))).toEqual(
      [],
    );
  });
});

describe('get_or_spawn', () => {
  const CHILD = '(func (export "child") (call $print (text "child")))';

  test('spawns and registers the first time, finds it the second time', async () => {
    const body = `${getOrSpawn('a', 'child')} ${getOrSpawn('a', 'child')} ${get('a')}`;
    const { stdout } = await runAll(program(body, CHILD));
    expect(stdout.lines).toEqual(['0: 0 2', '2: 0 2', '0: 0 2', 'child']);
  });

  test('gives for a known name just what was put, without a process and without links', async () => {
    const body = `${put('a', -1, -2)} ${getOrSpawn('a', 'child', { link: 5 })}`;
    expect(await linesOf(program(body, CHILD))).toEqual(['2: -1 -2']);
  });

  test('passes parameters on and links', async () => {
    const functions =
      '(func (export "child") (param i32) (call $show32 (text "got") (local.get 0)) unreachable)';
    const body = `(call $process.die_when_link_dies (i32.const 0))
      (call $answer (call $process.get_or_spawn (text "a") (i64.const 5) (i64.const -1) (i64.const -1)
        (text "child") (text "\\7f\\2a\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00")
        (i32.const 0) (i32.const 8)))
      (call $show_received (call $receive))`;
    expect(await linesOf(program(body, functions))).toEqual(['0: 0 2', 'got 42', 'link 5']);
  });

  test('needs the permission to spawn only where it spawns', async () => {
    const functions = `${CHILD}
      (func (export "finder") ${getOrSpawn('a', 'child')})
      (func (export "spawner") ${getOrSpawn('b', 'child')})`;
    const run = (name: string) => `
      (call $process.monitor (call $spawn_with (i64.const 0) (i64.const 0) (text "${name}")))
      (call $expect (call $receive) (i32.const 2))`;
    const body = `(drop (call $process.create_config)) ${put('a', 0, 1)} ${run('finder')} ${run('spawner')} ${get('b')}`;
    const { exits, stdout } = await runAll(program(body, functions));
    expect(stdout.lines).toEqual(['2: 0 1', '1: 77 77']);
    expect(exits.map(({ exit }) => exit.kind)).toEqual(['returned', 'trapped', 'returned']);
  });

  test('traps as spawn does', async () => {
    expect(await trapOf(program(getOrSpawn('a', 'child', { config: 4 }), CHILD))).toMatch(
      /unknown config id 4/,
    );
    expect(await trapOf(program(getOrSpawn('a', 'child', { module: 4 }), CHILD))).toMatch(
      /unknown module id 4/,
    );
    expect(await trapOf(program(getOrSpawn('a', '\\ff'), CHILD))).toMatch(/not UTF-8/);
  });

  /** Compiles a module with a start section, as module 0 of every process that asks. */
  const withModule = async (init: string, functions: string) =>
    guest(
      `${GET}
       (func $compile
         (call $expect (call $process.compile_module (blob "m") (i32.const 16)) (i32.const 0)))
       ${functions}`,
      {
        blobs: {
          m: await assemble(
            guest(`${GET} (func $init ${init}) (start $init) (func (export "go") (call $print (text "go")))`),
          ),
        },
      },
    );

  test('whose process cannot be instantiated gives an error and registers nothing', async () => {
    const source = await withModule(
      'unreachable',
      `(func (export "_start") (call $compile) ${getOrSpawn('a', 'go', { module: 0 })}
         (call $print_error (i64.load (i32.const 8))) ${get('a')})`,
    );
    expect(await linesOf(source)).toEqual([
      '1: 0 0',
      expect.stringMatching(/start section failed/),
      '1: 77 77',
    ]);
  });

  test('makes everybody else who asks for the name wait until it is settled', async () => {
    const source = await withModule(
      '(call $process.sleep_ms (i64.const 10)) (call $print (text "init"))',
      `(func (export "asker") ${get('a')})
       (func (export "putter") ${put('a', 0, 99)} ${get('a')})
       (func (export "_start")
         (call $compile)
         (drop (call $spawn (i64.const 0) (text "asker")))
         (drop (call $spawn (i64.const 0) (text "second")))
         (drop (call $spawn (i64.const 0) (text "putter")))
         ${getOrSpawn('a', 'go', { module: 0 })})
       (func (export "second") (call $compile) ${getOrSpawn('a', 'go', { module: 0 })})`,
    );
    const { stdout } = await runAll(source);
    expect(stdout.lines.filter((line) => line !== 'go')).toEqual([
      'init',
      '0: 0 5',
      '0: 0 5',
      '2: 0 5',
      '0: 0 99',
    ]);
    expect(stdout.lines.filter((line) => line === 'go')).toHaveLength(1);
  });

  test('after a failure lets the next one try', async () => {
    const source = await withModule(
      `(call $process.sleep_ms (i64.const 5))
       (if (i64.eq (call $process.process_id) (i64.const 3)) (then unreachable))`,
      `(func (export "second") (call $compile) ${getOrSpawn('a', 'go', { module: 0 })})
       (func (export "_start")
         (call $compile)
         (drop (call $spawn (i64.const 0) (text "second")))
         ${getOrSpawn('a', 'go', { module: 0 })})`,
    );
    const { stdout } = await runAll(source);
    expect(stdout.lines).toEqual(['1: 0 0', '0: 0 4', 'go']);
  });

  test('that is killed meanwhile lets the others go on', async () => {
    const source = await withModule(
      '(call $process.sleep_ms (i64.const -1))',
      `(func (export "holder") (call $compile) ${getOrSpawn('a', 'go', { module: 0 })})
       (func (export "asker") ${get('a')})
       (func (export "_start")
         (drop (call $spawn (i64.const 0) (text "holder")))
         (call $process.sleep_ms (i64.const 2))
         (drop (call $spawn (i64.const 0) (text "asker")))
         (call $process.sleep_ms (i64.const 2))
         (call $print (text "killing"))
         (call $process.kill (i64.const 2)))`,
    );
    const { stdout } = await runAll(source);
    expect(stdout.lines).toEqual(['killing', '1: 77 77']);
  });

  test('that traps when it has spawned frees the name', async () => {
    const trapping = getOrSpawn('a', 'go', { module: 0 }).replace('(i32.const 8)))', '(i32.const -4)))');
    const source = await withModule(
      '(call $process.sleep_ms (i64.const 2))',
      `(func (export "child") (call $compile) ${trapping})
       (func (export "_start") (call $run (text "child")) ${get('a')})`,
    );
    const { stdout } = await runAll(source);
    expect(stdout.lines.filter((line) => line !== 'go')).toEqual(['1: 77 77']);
  });

  test('does not lock out the start section of its own process', async () => {
    const source = await withModule(
      `${get('a')} ${put('b', 0, 7)} ${get('b')}`,
      `(func (export "_start") (call $compile) ${getOrSpawn('a', 'go', { module: 0 })} ${get('a')})`,
    );
    const { stdout } = await runAll(source);
    expect(stdout.lines.slice(0, 4)).toEqual(['1: 77 77', '0: 0 7', '0: 0 2', '0: 0 2']);
  });
});
