/**
 * Modules of more than a few kilobytes are made in a thread, while the process that wants them waits and others have turns. The turns
 * of a bystander that is always ready are counted, never time.
 */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { compile } from '../../runtime/kernel/compile.ts';
import { MakerThread } from '../../runtime/kernel/maker-thread.ts';
import { leb, section, smallModule } from '../../runtime/wasm/index.ts';
import { guest } from '../support/guest.ts';
import { assemble, type Program, type ProgramOptions, start } from '../support/program.ts';

/** Where a test puts the module that is compiled. */
const AT = 0x2_0000;

const BYSTANDER = `(func (export "bystander") (loop $l (call $process.sleep_ms (i64.const 0)) (br $l)))`;

/** Compiles the module, prints the text of the error if that fails, and leaves the id at 0. */
const compiling = (size: number) => `(func $compile (result i32) (local $code i32)
  (local.set $code (call $process.compile_module (i32.const ${AT}) (i32.const ${size}) (i32.const 0)))
  (if (local.get $code) (then (call $print_error (i64.load (i32.const 0)))))
  (local.get $code))`;

/** Spawns `f` of the module with a config, and prints the text of the error if that fails. */
const spawning = (
  config = '(i64.const -1)',
) => `(if (call $process.spawn (i64.const 0) ${config} (i64.load (i32.const 0))
    (text "f") (i32.const 0) (i32.const 0) (i32.const 8))
  (then (call $print_error (i64.load (i32.const 8))) (return)))`;

/** Starts a program with a module in its memory. */
async function startWith(
  module: Uint8Array,
  functions: string,
  options: ProgramOptions = {},
): Promise<Program> {
  const pages = Math.ceil((AT + module.length) / 0x1_0000);
  const source = guest(`${compiling(module.length)} ${BYSTANDER} ${functions}`, {
    memory: `(memory (export "memory") ${pages})`,
  });
  const program = await start(source, { ...options, paused: true });
  const { process } = program.root;
  process.memory.bytes.set(module, AT);
  program.runtime.scheduler.holding.resume(process);
  return program;
}

async function endOf(program: Program): Promise<string[]> {
  expect(await program.root.ended).toEqual({ kind: 'returned' });
  program.root.stop();
  await program.empty;
  return program.stdout.lines;
}

/** The turns of the bystander at the moment. */
function turnsIn(program: Program): number {
  const processes = [...program.root.environment.processes()];
  return processes.find(({ entry }) => entry.name === 'bystander')?.turns ?? -1;
}

/** A module with many functions that are as large as all of `f`, which calls the last one and prints 42. */
async function large(functions = 200): Promise<Uint8Array> {
  const other = (i: number) =>
    `(func $f${i} (param i32) (result i32) (local i32)
      (loop $l
        ${'(local.set 1 (i32.add (i32.mul (local.get 1) (i32.const 77)) (local.get 0)))'.repeat(20)}
        (br_if $l (i32.lt_u (local.get 1) (i32.const ${i}))))
      (local.get 0))`;
  return await assemble(
    guest(`(func (export "f") (call $show32 (text "f") (call $f${functions - 1} (i32.const 42))))
      (func (export "trap") (drop (call $deep (i32.const 0))))
      (func $deep (param i32) (result i32) (unreachable))
      ${Array.from({ length: functions }, (_, i) => other(i)).join('\n')}`),
  );
}

/** A module of so many types that differ. */
function types(count: number): Uint8Array {
  const type = (i: number) => {
    const params = Array.from({ length: 10 }, (_, place) => 0x7c + ((i >> (2 * place)) & 3));
    return [0x60, params.length, ...params, 0];
  };
  return smallModule(section(1, [...leb(count), ...Array.from({ length: count }, (_, i) => type(i)).flat()]));
}

/** A module that exports a function under so many names. */
function exports(count: number): Uint8Array {
  const name = (i: number) => [...leb(`${i}`.length), ...Buffer.from(`${i}`), 0, 0];
  return smallModule(
    section(1, [1, 0x60, 0, 0]),
    section(3, [1, 0]),
    section(7, [...leb(count), ...Array.from({ length: count }, (_, i) => name(i)).flat()]),
    section(10, [1, 2, 0, 0x0b]),
  );
}

/** A module whose function repeats some code until it has so many bytes. */
function repeating(code: readonly number[], size: number): Uint8Array<ArrayBuffer> {
  const body = [0, ...Array.from({ length: Math.floor(size / code.length) }, () => code).flat(), 0x0b];
  return smallModule(
    section(1, [1, 0x60, 0, 0]),
    section(3, [1, 0]),
    section(10, [1, ...leb(body.length), ...body]),
  );
}

/** A module of so many functions that take V8 some tenths of a second each. */
function slow(functions: number): Uint8Array {
  const blocks = 600;
  const body = [
    ...[1, ...leb(5000), 0x7f],
    ...Array.from({ length: blocks }, () => [0x03, 0x40]).flat(),
    ...Array.from({ length: blocks }, () => [0x20, 0, 0x0d, 0, 0x0b]).flat(),
    0x0b,
  ];
  const bodies = Array.from({ length: functions }, () => [...leb(body.length), ...body]).flat();
  return smallModule(
    section(1, [1, 0x60, 0, 0]),
    section(3, [functions, ...new Uint8Array(functions)]),
    section(10, [functions, ...bodies]),
  );
}

/** A module with a function that cannot be compiled. */
const BAD = repeating([0x6a], 1);

let looks = 0;

/** Whether V8 compiles functions with their module, and not when they are called. */
function compilesAll(): boolean {
  setFlagsFromString('--wasm-lazy-validation');
  try {
    // V8 does not compile the same bytes again.
    new WebAssembly.Module(new Uint8Array([...BAD, ...section(0, [0, ...leb(looks++)])]));
    return false;
  } catch {
    return true;
  } finally {
    setFlagsFromString('--no-wasm-lazy-validation');
  }
}

const LARGE = await large();

/** Counts what it makes. */
class CountingMaker extends MakerThread {
  made = 0;

  override make(...[scheduler, process, jobOf, adopt]: Parameters<MakerThread['make']>): Promise<void> {
    return super.make(scheduler, process, jobOf, (made) => {
      this.made++;
      adopt(made);
    });
  }
}

/** The same module, large enough for the thread. */
function padded(module: Uint8Array, by = 2 ** 13): Uint8Array {
  return new Uint8Array([...module, ...section(0, [0, ...new Uint8Array(by)])]);
}

/** What a program prints that compiles a module and runs it. */
async function outputOf(module: Uint8Array, options?: ProgramOptions, entry = 'f'): Promise<string[]> {
  const program = await startWith(
    module,
    `(func (export "_start")
      (if (call $compile) (then (return)))
      ${spawning().replace('"f"', `"${entry}"`)}
      (call $process.monitor (i64.load (i32.const 8)))
      (drop (call $receive)))`,
    options,
  );
  const lines = await endOf(program);
  const traps = program.exits.flatMap(({ exit }) => (exit.kind === 'trapped' ? [JSON.stringify(exit)] : []));
  return [...lines, ...traps];
}

/** The number of turns of a bystander between two others that a program starts with `$mark`. */
async function turnsBetweenMarks(functions: string, start = ''): Promise<{ turns: number; lines: string[] }> {
  const marks: number[] = [];
  const program = await startWith(
    LARGE,
    `(func (export "mark"))
     (func $mark (call $process.monitor (call $spawn (i64.const 0) (text "mark"))) (drop (call $receive)))
     (func (export "_start") ${start} (drop (call $spawn (i64.const 0) (text "bystander"))) ${functions})`,
    {
      onExit: () => {
        if (program.exits.at(-1)?.process.entry.name === 'mark') marks.push(turnsIn(program));
      },
    },
  );
  const lines = await endOf(program);
  return { turns: (marks[1] ?? 0) - (marks[0] ?? 0), lines };
}

const AWAIT_F = '(call $process.monitor (i64.load (i32.const 8))) (drop (call $receive))';

describe('a large module', () => {
  test('is compiled while others have turns, and runs', async () => {
    const { turns, lines } = await turnsBetweenMarks(
      `(call $mark) (if (call $compile) (then (return))) (call $mark) ${spawning()} ${AWAIT_F}`,
    );
    expect(lines).toEqual(['f 42']);
    expect(turns).toBeGreaterThan(100);
  });

  test('is rewritten for processes with a fuel limit while others have turns', async () => {
    const { turns, lines } = await turnsBetweenMarks(
      `(if (call $compile) (then (return)))
       (call $mark) ${spawning('(call $process.create_config) (call $limit)')} ${AWAIT_F} (call $mark)
       ${spawning('(call $process.create_config) (call $limit)')} ${AWAIT_F})
       (func $limit (param i64) (result i64) (call $process.config_set_max_fuel (local.get 0) (i64.const 100)) (local.get 0)`,
    );
    expect(lines).toEqual(['f 42', 'f 42']);
    expect(turns).toBeGreaterThan(100);
  });

  test('is made once if several processes ask for the same at the same time', async () => {
    const maker = new CountingMaker();
    const ask = `${spawning('(call $process.create_config) (call $limit)')} ${AWAIT_F}`;
    const program = await startWith(
      LARGE,
      `(func $limit (param i64) (result i64) (call $process.config_set_max_fuel (local.get 0) (i64.const 100)) (local.get 0))
      (func $give (local $child i64)
        (local.set $child (call $spawn (i64.const 0) (text "asker")))
        (call $process.monitor (local.get $child))
        (call $message.create_data (i64.const 1) (i64.const 0))
        (drop (call $message.push_module (i64.load (i32.const 0))))
        (drop (call $message.send (local.get $child))))
      (func (export "asker")
        (drop (call $receive))
        (i64.store (i32.const 0) (call $message.take_module (i64.const 0)))
        ${ask})
      (func (export "_start")
        (if (call $compile) (then (return)))
        (call $give) (call $give) (call $give)
        (drop (call $receive)) (drop (call $receive)) (drop (call $receive)))`,
      { maker },
    );
    await endOf(program);
    expect(maker.made).toBe(2);
  });

  test('that nobody has any more is made again for who takes it out of a message', async () => {
    const program = await startWith(
      LARGE,
      `(func (export "_start")
        (if (call $compile) (then (return)))
        (call $message.create_data (i64.const 1) (i64.const 0))
        (drop (call $message.push_module (i64.load (i32.const 0))))
        (call $process.drop_module (i64.load (i32.const 0)))
        (drop (call $message.send (call $process.process_id)))
        (drop (call $receive))
        (i64.store (i32.const 0) (call $message.take_module (i64.const 0)))
        ${spawning()} ${AWAIT_F})`,
    );
    expect(await endOf(program)).toEqual(['f 42']);
  });

  test.each([
    ['good one', '(module (func (export "f")))'],
    ['trap', '(module (func $inner (unreachable)) (func (export "f") (call $inner)))'],
    ['unknown import', '(module (import "lunatic::message" "sned" (func (param i64))) (func (export "f")))'],
    [
      'import of another type',
      '(module (import "lunatic::process" "process_id" (func (param i64))) (func (export "f")))',
    ],
    ['large table', '(module (table 100000 funcref) (func (export "f")))'],
    ['large memory', '(module (memory 65536) (func (export "f")))'],
    ['shared memory', '(module (memory 1 1 shared) (func (export "f")))'],
    ['start section that traps', '(module (func $s (unreachable)) (start $s) (func (export "f")))'],
    ['second memory', '(module (memory 1) (memory 1) (func (export "f")))'],
    ['other entry', '(module (func (export "g")))'],
  ])('is what a small one would be: %s', async (_, text) => {
    const small = await assemble(text);
    const config = ProcessConfig.forRoot();
    config.maxMemory = 2 ** 24;
    const expected = await outputOf(small, { config });
    const lines = await outputOf(padded(small), { config });
    // The code of the same module stands where it stood.
    expect(lines).toEqual(expected);
  });

  test('that is malformed or not valid is refused with the same words', async () => {
    const valid = await assemble('(module (func (result i32) (i32.const 7)))');
    const invalid = valid.slice();
    invalid.set([0x01, 0x01], Buffer.from(valid).indexOf(Buffer.of(0x41, 0x07, 0x0b)));
    const [line = ''] = await outputOf(invalid);
    expect(line).toMatch(/Compiling function #0/);
    expect(await outputOf(padded(invalid))).toEqual([line]);
    expect(await outputOf(new Uint8Array([...padded(valid), 0x63]))).toEqual([
      expect.stringMatching(/section id below 14/),
    ]);
  });

  test.each([
    ['types', types(10_000), /types of more than 65536 bytes/],
    ['exports', exports(20_000), /would keep all other processes waiting.*it has 20000 exports/],
    ['sections', smallModule(...Array.from({ length: 2000 }, () => section(0, [0]))), /1000 sections/],
  ])('that has too many %s is refused', async (_, module, problem) => {
    expect(await outputOf(module)).toEqual([expect.stringMatching(problem)]);
  });

  test('of any size is refused if the engine would take gigabytes to compile a function of it', async () => {
    const locals = `(local ${'i32 '.repeat(20_000)})`;
    const small = await assemble(`(module (func (export "f") ${locals} ${'(loop)'.repeat(1200)}))`);
    expect(small.length).toBeLessThan(4096);
    const problem = /^function 0 has too many locals, or values on the stack, .* make 24000000 to keep/;
    for (const module of [small, padded(small)])
      expect(await outputOf(module)).toEqual([expect.stringMatching(problem)]);
  });

  test('that takes fifty times its size to be rewritten is refused', async () => {
    // (loop (i32.const 0) (br_if 0))
    const module = repeating([0x03, 0x40, 0x41, 0, 0x0d, 0, 0x0b], 3_000_000);
    expect(await outputOf(module)).toEqual(['reading and rewriting the module takes too much memory']);
  });

  test('that takes too long is refused, and the next one is compiled', async () => {
    expect(await outputOf(LARGE, { maker: new MakerThread(-60_000) })).toEqual([
      expect.stringMatching(/^the module cannot be compiled: it takes longer than/),
    ]);
    expect(await outputOf(LARGE)).toEqual(['f 42']);
  });

  test('that V8 compiles when nobody wants it any more leaves the next ones as they are', async () => {
    const maker = new MakerThread();
    const program = await startWith(slow(4), '(func (export "_start") (drop (call $compile)))', { maker });
    // Its functions are slow, so all are compiled now, for half a second, and so would be any other module.
    while (!compilesAll()) await setImmediate();
    program.root.stop();
    await program.empty;
    // The next one is made when the thread has ended.
    expect(await outputOf(padded(await assemble(guest('(func (export "f"))'))), { maker })).toEqual([]);
    const bad = padded(BAD, 2 ** 20);
    expect(() => compile(bad, { isChecked: true, ahead: false })).not.toThrow();
  });

  /** Gives a process the module in a message. */
  const sending = (process: string) => `(call $message.create_data (i64.const 1) (i64.const 0))
    (drop (call $message.write_data (i32.const ${AT}) (i32.const ${LARGE.length})))
    (drop (call $message.send ${process}))`;
  const CHILD = `(func (export "child")
    (drop (call $receive))
    (drop (call $message.read_data (i32.const ${AT}) (i32.const ${LARGE.length})))
    (call $print (text "has it"))
    (if (call $compile) (then (return)))
    (call $print (text "compiled")))`;

  test('is given up when the process that wants it is killed, and does not count any more', async () => {
    const program = await startWith(
      LARGE,
      `${CHILD}
       (func (export "_start") (local $child i64)
         (local.set $child (call $spawn (i64.const 0) (text "child")))
         ${sending('(local.get $child)')}
         (call $process.monitor (local.get $child))
         (call $process.sleep_ms (i64.const 0))
         (call $process.sleep_ms (i64.const 0))
         (call $process.kill (local.get $child))
         (drop (call $receive))
         (if (call $compile) (then (return)))
         ${spawning()} ${AWAIT_F})`,
    );
    expect(await endOf(program)).toEqual(['has it', 'f 42']);
    expect(program.root.environment.account.bytes).toBe(0);
  });

  test('is made for each of many processes that want one at once', async () => {
    const program = await startWith(
      LARGE,
      `${CHILD}
       (func (export "_start") (local $i i32) (local $child i64)
         (loop $l
           (local.set $child (call $spawn (i64.const 0) (text "child")))
           (call $process.monitor (local.get $child))
           ${sending('(local.get $child)')}
           (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))
         (loop $l (drop (call $receive)) (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))`,
    );
    const lines = await endOf(program);
    expect(lines.filter((line) => line === 'compiled')).toHaveLength(10);
    expect(program.root.environment.account.bytes).toBe(0);
  });
});
