import { beforeAll, describe, expect, test } from 'vitest';
import {
  type DataBreakpoint,
  type DataChange,
  InspectError,
  keyFromText,
  type StopReason,
  type ValueType,
  type VariablePlace,
} from '../../runtime/inspect/protocol.ts';
import { readModule } from '../../runtime/internal.ts';
import { LineStarts, TextPlaces } from '../../runtime/wat/index.ts';
import { Inspected, type Inspecting, i64, inspectPrograms } from '../support/inspected.ts';

inspectPrograms();

/**
 * Process 1 spawns 2 and 3, which double what they receive, for ever, and then sleeps. A line is found by the comment at its
 * end.
 */
const DOUBLERS = `(module
  (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
  (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
  (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
  (import "lunatic::message" "read_data" (func $read (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "doubler")
  (func $add (param $a i64) (param $b i64) (result i64)
    (i64.add (local.get $a) (local.get $b)) ;; add
  )
  (func $double (param $n i64) (result i64) (local $twice i64)
    (local.set $twice (call $add (local.get $n) (local.get $n))) ;; call
    (i64.store (i32.const 8) (local.get $twice)) ;; store
    (local.get $twice) ;; result
  )
  (func (export "doubler")
    (loop $again
      (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1))) ;; receive
      (drop (call $read (i32.const 0) (i32.const 8))) ;; read
      (drop (call $double (i64.load (i32.const 0)))) ;; double
      (br $again))) ;; again
  (func $start (drop (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 64) (i32.const 7) (i32.const 0) (i32.const 0) (i32.const 16))))
  (func (export "_start")
    (call $start)
    (call $start)
    (call $sleep (i64.const 1000000))))`;

/** Where its processes are. */
let placing: readonly string[] = [];

/** A program that is debugged, with the offsets of its lines. */
class Debugged {
  readonly inspecting: Inspecting;
  readonly #places: TextPlaces;
  readonly #lines: LineStarts;
  readonly #text: string;
  readonly #stopped;

  private constructor(inspecting: Inspecting, text: string, bytes: Uint8Array) {
    this.inspecting = inspecting;
    this.#text = text;
    this.#places = new TextPlaces(readModule(bytes), text);
    this.#lines = new LineStarts(text);
    this.#stopped = inspecting.received('process/stopped');
  }

  static async run(text: string): Promise<Debugged> {
    const run = await Inspected.run(text, ['--inspect=debug', '--inspect-wait', ...placing]);
    return Debugged.connect(run, text);
  }

  static async connect(run: Inspected, text: string): Promise<Debugged> {
    const inspecting = await run.connect();
    const { data } = await inspecting.ask('module/bytes', { module: 'm1' });
    return new Debugged(inspecting, text, Buffer.from(data, 'base64'));
  }

  get ask() {
    return this.inspecting.ask;
  }

  /** The offset at which the line with a comment begins. */
  at(comment: string): number {
    const { line } = this.#lines.positionAt(this.#text.indexOf(`;; ${comment}`));
    const start = this.#lines.offsetAt({ line, column: 0 });
    const ends = this.#places.offsetIn(start, this.#lines.offsetAt({ line: line + 1, column: 0 }));
    const all = this.#places.lineOffsets();
    // The first instruction of a line in the text need not be the first that is executed.
    return [...all].find((site) => this.lineOf(site) === comment) ?? ends ?? -1;
  }

  /** The comment on the line of an offset. */
  lineOf(offset: number): string {
    const { line } = this.#lines.positionAt(this.#places.at(offset)?.start ?? 0);
    return this.#text.split('\n')[line]?.split(';; ')[1] ?? '';
  }

  async breakAt(...comments: string[]): Promise<void> {
    const offsets = comments.map((comment) => this.at(comment));
    expect(await this.ask('module/breakpoints', { module: 'm1', offsets })).toEqual({ sites: offsets });
  }

  /** Waits until a process has stopped so many times in all. */
  async stop(process: string, times: number): Promise<StopReason> {
    const found = () => this.#stopped.all.filter((event) => event.process.key === process);
    await this.#stopped.find(() => found().length === times);
    return found()[times - 1]?.why ?? 'entry';
  }

  /** The changes of data at which processes have stopped. */
  get changes(): DataChange[] {
    return this.#stopped.all.flatMap(({ change }) => change ?? []);
  }

  /** The lines that a process is at, innermost first. */
  async lines(process: string): Promise<string[]> {
    const { frames } = await this.ask('process/stack', { process });
    return frames.map(({ offset }) => this.lineOf(offset));
  }

  /** The i64 locals of a call. */
  async locals(process: string, frame: number): Promise<bigint[]> {
    const { locals } = await this.ask('process/locals', { process, frame });
    return locals.map(({ data }) => Buffer.from(data, 'base64').readBigInt64LE());
  }

  send(process: string, value: number): Promise<null> {
    return this.ask('process/send', { process, data: i64(value) });
  }

  /** What a process has stored last. */
  async stored(process: string): Promise<bigint> {
    const { data } = await this.ask('process/memory', { process, offset: 8, count: 8 });
    return Buffer.from(data, 'base64').readBigInt64LE();
  }
}

function base64(...bytes: number[]): string {
  return Buffer.from(bytes).toString('base64');
}

async function doublers(): Promise<Debugged> {
  const debugged = await Debugged.run(DOUBLERS);
  await debugged.ask('start', {});
  await debugged.inspecting.untilTotal(3);
  await debugged.inspecting.until('1:3', ({ state }) => state === 'waiting');
  return debugged;
}

describe.each([
  ['one scheduler', []],
  ['several schedulers', ['--schedulers', '3', '--place-children', 'apart']],
])('processes of %s', (_, options) => {
  beforeAll(() => {
    placing = options;
  });

  test('one process stops at a breakpoint while the others run, and shows its calls with their locals', async () => {
    const debugged = await doublers();
    await debugged.breakAt('add');
    await debugged.send('1:2', 21);
    expect(await debugged.stop('1:2', 1)).toBe('breakpoint');
    expect(await debugged.lines('1:2')).toEqual(['add', 'call', 'double']);
    expect(await debugged.locals('1:2', 0)).toEqual([21n, 21n]);
    expect(await debugged.locals('1:2', 1)).toEqual([21n, 0n]);
    expect(await debugged.lines('1:3')).toEqual(['receive']);
    await debugged.ask('module/breakpoints', { module: 'm1', offsets: [] });
    await debugged.send('1:3', 4);
    while ((await debugged.stored('1:3')) !== 8n);
    expect(await debugged.stored('1:2')).toBe(0n);
    await debugged.ask('process/resume', { process: '1:2' });
    while ((await debugged.stored('1:2')) !== 42n);
  });

  test('a step goes over calls, into them, out of them, and past a receive that waits', async () => {
    const debugged = await doublers();
    await debugged.breakAt('read');
    await debugged.send('1:2', 1);
    await debugged.stop('1:2', 1);
    let stops = 1;
    const step = async (kind: 'into' | 'over' | 'out') => {
      await debugged.ask('process/step', { process: '1:2', kind });
      expect(await debugged.stop('1:2', ++stops)).toBe('step');
      return debugged.lines('1:2');
    };
    expect(await step('over')).toEqual(['double']);
    expect(await step('into')).toEqual(['call', 'double']);
    expect(await step('over')).toEqual(['store', 'double']);
    expect(await step('out')).toEqual(['again']);
    expect(await step('over')).toEqual(['receive']);
    await debugged.breakAt();
    await debugged.ask('process/step', { process: '1:2', kind: 'over' });
    await debugged.inspecting.until('1:2', ({ state }) => state === 'waiting');
    await debugged.send('1:2', 5);
    expect(await debugged.stop('1:2', ++stops)).toBe('step');
    expect(await debugged.lines('1:2')).toEqual(['read']);
    // A step is over when its client goes.
    await debugged.ask('process/step', { process: '1:2', kind: 'out' });
  });

  test('hits of a breakpoint that was removed do not count for another one of its number', async () => {
    const debugged = await doublers();
    const place = { module: 'm1', offsets: [debugged.at('add')], terms: [{ id: 1, hits: '2' }] };
    await debugged.ask('module/breakpoints', place);
    await debugged.send('1:2', 1);
    while ((await debugged.stored('1:2')) !== 2n);
    await debugged.ask('module/breakpoints', { module: 'm1', offsets: [] });
    await debugged.ask('module/breakpoints', place);
    await debugged.send('1:2', 2);
    while ((await debugged.stored('1:2')) !== 4n);
    await debugged.send('1:2', 3);
    expect(await debugged.stop('1:2', 1)).toBe('breakpoint');
  });

  test('a local that is set is what the process goes on with', async () => {
    const debugged = await doublers();
    await debugged.breakAt('store');
    await debugged.send('1:2', 3);
    await debugged.stop('1:2', 1);
    await debugged.ask('process/set-local', { process: '1:2', local: 1, data: i64(1000) });
    expect(await debugged.locals('1:2', 0)).toEqual([3n, 1000n]);
    await debugged.ask('process/resume', { process: '1:2' });
    while ((await debugged.stored('1:2')) !== 1000n);
    await expect(
      debugged.ask('process/set-local', { process: '1:2', local: 1, data: i64(1) }),
    ).rejects.toMatchObject({ code: InspectError.Refused });
  });

  test('the first instruction of the first process is not missed, nor a start section', async () => {
    const text = `(module
    (global $begun (mut i32) (i32.const 0))
    (func $first (global.set $begun (i32.const 1))) ;; section
    (start $first)
    (func (export "_start")
      (drop (global.get $begun)) ;; entry
    ))`;
    const debugged = await Debugged.run(text);
    await debugged.breakAt('section', 'entry');
    await debugged.ask('start', {});
    await debugged.stop('1:1', 1);
    expect(await debugged.lines('1:1')).toEqual(['section']);
    await debugged.ask('process/resume', { process: '1:1' });
    await debugged.stop('1:1', 2);
    expect(await debugged.lines('1:1')).toEqual(['entry']);
  });

  test('a loop that runs is stopped by a breakpoint that is set in it, and by a pause', async () => {
    const text = `(module
    (func (export "_start") (local $n i64)
      (loop $again
        (local.set $n (i64.add (local.get $n) (i64.const 1))) ;; count
        (br $again))))`;
    const debugged = await Debugged.run(text);
    await debugged.ask('start', {});
    await debugged.inspecting.until('1:1', ({ state }) => state === 'running');
    await debugged.breakAt('count');
    expect(await debugged.stop('1:1', 1)).toBe('breakpoint');
    const [before = 0n] = await debugged.locals('1:1', 0);
    await debugged.ask('process/resume', { process: '1:1' });
    await debugged.stop('1:1', 2);
    expect(await debugged.locals('1:1', 0)).toEqual([before + 1n]);
    await debugged.breakAt();
    await debugged.ask('process/resume', { process: '1:1' });
    await debugged.ask('process/pause', { process: '1:1' });
    expect(await debugged.stop('1:1', 3)).toBe('pause');
    expect((await debugged.locals('1:1', 0)).length).toBe(1);
  });

  test('a process that stands still at a breakpoint is killed, and one that nobody holds any more goes on', async () => {
    const run = await Inspected.run(DOUBLERS, ['--inspect=debug']);
    const first = await Debugged.connect(run, DOUBLERS);
    const second = await Debugged.connect(run, DOUBLERS);
    await first.inspecting.until('1:3', ({ state }) => state === 'waiting');
    await first.breakAt('store');
    await first.send('1:2', 1);
    await first.send('1:3', 2);
    await first.stop('1:2', 1);
    await first.stop('1:3', 1);
    await second.ask('process/kill', { process: '1:2' });
    await second.inspecting.untilTotal(2);
    await first.inspecting.client.close();
    while ((await second.stored('1:3')) !== 4n);
    // Nor do its breakpoints stop any other.
    await second.send('1:3', 3);
    while ((await second.stored('1:3')) !== 6n);
  });

  test('variables that are in locals of WebAssembly have the values that their types mean', async () => {
    const text = `(module
    (func (export "_start") (local $i i32) (local $l i64) (local $f f32) (local $d f64)
      (local.set $i (i32.const -1))
      (local.set $l (i64.const -1))
      (local.set $f (f32.const 0.1))
      (local.set $d (f64.const 1.5))
      (drop (local.get $i)) ;; here
    ))`;
    const debugged = await Debugged.run(text);
    const logged = debugged.inspecting.received('logged');
    const types: ValueType[] = [
      { kind: 'integer', bytes: 1, isSigned: true },
      { kind: 'integer', bytes: 1, isSigned: false },
      { kind: 'integer', bytes: 4, isSigned: false },
      { kind: 'integer', bytes: 8, isSigned: false },
      { kind: 'boolean' },
      { kind: 'character' },
      { kind: 'float', bytes: 4 },
      { kind: 'float', bytes: 8 },
      { kind: 'record', name: 'Meters', bytes: 8, members: [{ name: '0', at: 0, type: 7 }] },
    ];
    const names: Record<string, VariablePlace> = {};
    for (const [index, local] of ['i', 'l', 'f', 'd'].entries())
      for (const type of types.keys()) names[`${local}${type}`] = { kind: 'local', index, type };
    const values: [expression: string, value: string][] = [
      ['i0', '-1'],
      ['i1', '255'],
      ['i2', '4294967295'],
      ['i2 == 0xffffffff && i2 > 5', 'true'],
      ['i3', '{an i32 is not a u64}'],
      ['i4 == true', 'true'],
      ['i5', '0xffffffff'],
      ['i6', 'nan'],
      ['l1', '255'],
      ['l3 == 0xffffffffffffffff', 'true'],
      ['l4', 'true'],
      ['f6', '0.1'],
      ['f2', '1036831949'],
      ['f7', '{an f32 is not an f64}'],
      ['d7', '1.5'],
      ['d3', '4609434218613702656'],
      ['d4', 'false'],
      ['d8.0', '1.5'],
    ];
    const log = values.map(([expression]) => `{${expression}}`).join('; ');
    const terms = [{ log, names, types }];
    await debugged.ask('module/breakpoints', { module: 'm1', offsets: [debugged.at('here')], terms });
    await debugged.ask('start', {});
    await logged.find(() => logged.all.length > 0);
    const found = logged.all[0]?.lines[0]?.text.split('; ') ?? [];
    expect(found.map((value, i) => [values[i]?.[0], value])).toEqual(values);
  });

  test('what a debugger writes is no change of data that the program has made', async () => {
    const text = `(module
    (memory (export "memory") 1)
    (global $g (mut i32) (i32.const 5))
    (func (export "_start")
      (drop (i32.const 1)) ;; first
      (drop (i32.const 2)) ;; second
      (i32.store8 (i32.const 9) (i32.const 3)) ;; store
      (global.set $g (i32.const 8)) ;; set
      (drop (i32.const 3)) ;; last
    ))`;
    const debugged = await Debugged.run(text);
    await debugged.breakAt('first');
    await debugged.ask('start', {});
    await debugged.stop('1:1', 1);
    const process = keyFromText('1:1');
    const breakpoints: DataBreakpoint[] = [
      { id: 1, process, place: { kind: 'memory', address: 8, bytes: 2 } },
      { id: 2, process, place: { kind: 'global', index: 0 } },
    ];
    await debugged.ask('process/data-breakpoints', { breakpoints });
    // The first and the last byte that are written are not watched.
    await debugged.ask('process/set-memory', { process, offset: 7, data: base64(1, 2, 0, 4) });
    await debugged.ask('process/set-global', { process, global: 0, data: base64(7, 0, 0, 0) });
    await debugged.ask('process/step', { process, kind: 'over' });
    expect([await debugged.stop(process, 2), await debugged.lines(process)]).toEqual(['step', ['second']]);
    await debugged.ask('process/resume', { process });
    expect(await debugged.stop(process, 3)).toBe('data');
    await debugged.ask('process/resume', { process });
    expect(await debugged.stop(process, 4)).toBe('data');
    expect(debugged.changes).toMatchObject([
      { breakpoint: 1, before: base64(2, 0), after: base64(2, 3) },
      { breakpoint: 2, before: base64(7, 0, 0, 0), after: base64(8, 0, 0, 0) },
    ]);
  });

  test('a program that was not started for debugging says so', async () => {
    const inspecting = await (await Inspected.run(DOUBLERS)).connect();
    await inspecting.untilTotal(3);
    const refusals = [
      inspecting.ask('module/breakpoints', { module: 'm1', offsets: [] }),
      inspecting.ask('process/step', { process: '1:2', kind: 'over' }),
    ];
    for (const refusal of refusals)
      await expect(refusal).rejects.toMatchObject({
        code: InspectError.Refused,
        message: expect.stringContaining('--inspect=debug'),
      });
  });
});
