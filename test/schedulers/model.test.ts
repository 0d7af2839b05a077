import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RecordKind } from './interpreter.ts';
import { InterpreterRun } from './interpreter-run.ts';
import { verdictOf } from './model.ts';
import { canBeOrdered, type NameCall } from './names.ts';
import { type ModelProgram, normalize } from './program.ts';
import { checkModel } from './property.ts';
import type { ProcessTrace, Trace, TraceEvent } from './trace.ts';

const SEED = 16;
const PROGRAMS = 1500;
const TIME = 10_000;

describe('random programs of processes keep what is promised', () => {
  test.each([1, 3])('with %i schedulers', { timeout: 120_000 }, async (schedulers) => {
    const { wrong } = await checkModel({ schedulers, seed: SEED, programs: PROGRAMS, time: TIME });
    expect(wrong, wrong ?? '').toBeNull();
  });
});

describe('a trace is refused', () => {
  let run: InterpreterRun;
  beforeAll(async () => {
    run = await InterpreterRun.start(1);
  });
  afterAll(() => run.close());

  /** What happened in a program of which process 0 lives on. */
  async function traceOf(program: ModelProgram): Promise<Trace> {
    const { trace, missing } = await run.run(program);
    expect(missing).toEqual([]);
    const root = processOf(trace, 0);
    root.isDead = false;
    root.events = root.events.filter(({ kind }) => kind !== RecordKind.exit);
    expect(verdictOf(trace)).toEqual({ violations: [], due: [] });
    return trace;
  }

  function processOf(trace: Trace, slot: number): ProcessTrace {
    const process = trace.processes.get(slot);
    if (process === undefined) throw new Error(`there was no process ${slot}`);
    return process;
  }

  /** Takes what process 0 received apart, and puts it together in another way. */
  function receiving(trace: Trace, change: (received: TraceEvent[]) => TraceEvent[]): string[] {
    const root = processOf(trace, 0);
    const isNews = ({ kind, a }: TraceEvent) => kind === RecordKind.received && a !== 9027;
    const rest = root.events.filter((event) => !isNews(event));
    root.events = [...rest, ...change(root.events.filter(isNews))];
    const { violations, due } = verdictOf(trace);
    return [...violations, ...due];
  }

  const FAILING_CHILD = normalize(1, [
    [
      { kind: 'die when link dies', on: false },
      { kind: 'spawn', to: 1, isLinked: true },
      { kind: 'monitor', to: 1 },
      { kind: 'send', to: 1, tag: 0, count: 1 },
    ],
    [
      { kind: 'receive', tag: 0, timeout: 200, count: 1 },
      { kind: 'send', to: 0, tag: 1, count: 3 },
      { kind: 'exit', how: 'trap' },
    ],
  ]);

  test.each<[string, (received: TraceEvent[]) => TraceEvent[], RegExp]>([
    [
      'two messages changed places',
      ([a, b, c, ...rest]) => some(b, a, c, ...rest),
      /received 17 of 1 before 16/,
    ],
    ['a message was lost', (all) => all.slice(1), /received 17 of 1 before 16/],
    [
      'the last message was lost',
      ([a, b, , ...rest]) => some(a, b, ...rest),
      /was told that 1 died before it received 18/,
    ],
    ['a message came twice', ([a, ...rest]) => some(a, a, ...rest), /received 16 of 1 twice/],
    [
      'the death of a link was lost',
      (all) => all.filter(({ a }) => a !== 1),
      /0 was not told that 1 died, to which it is linked/,
    ],
    ['a link died twice', (all) => [...all, ...all.filter(({ a }) => a === 1)], /told twice of link 1001/],
    [
      'a monitor was not told',
      (all) => all.filter(({ a }) => a !== 2),
      /0 was not told that 1 died, which it monitors/,
    ],
    [
      'a monitor was told twice',
      (all) => [...all, ...all.filter(({ a }) => a === 2)],
      /0 was told that 1 died, 2 times/,
    ],
    [
      'a death was told before the messages',
      (all) => [...all.filter(({ a }) => a === 2), ...all.filter(({ a }) => a !== 2)],
      /was told that 1 died before it received 16 of it/,
    ],
  ])('in which %s', async (_, change, complaint) => {
    expect(receiving(await traceOf(FAILING_CHILD), change).join('\n')).toMatch(complaint);
  });

  test('in which somebody outlives a kill', async () => {
    const trace = await traceOf(
      normalize(1, [
        [
          { kind: 'spawn', to: 1, isLinked: false },
          { kind: 'kill', to: 1 },
        ],
        [],
      ]),
    );
    processOf(trace, 1).isDead = false;
    expect(verdictOf(trace).due).toEqual(['process 1 lives, which 0 has killed']);
  });

  test('in which somebody dies without a reason', async () => {
    const trace = await traceOf(normalize(2, [[{ kind: 'send', to: 1, tag: 1, count: 1 }], []]));
    const process = processOf(trace, 1);
    process.events = process.events.filter(({ kind }) => kind !== RecordKind.exit);
    expect(verdictOf(trace).violations).toEqual(['process 1 died, and nobody had killed it']);
  });
});

function some(...events: (TraceEvent | undefined)[]): TraceEvent[] {
  return events.filter((event) => event !== undefined);
}

describe('calls for a name', () => {
  const call = (kind: NameCall['kind'], id = 0, slot = 0, isSure = true): NameCall => ({
    kind,
    id,
    slot,
    isSure,
  });
  const inOrder = (calls: NameCall[]) =>
    canBeOrdered(calls, (one, other) => one.slot === other.slot && calls.indexOf(one) < calls.indexOf(other));

  test.each<[string, NameCall[]]>([
    ['one that finds what was put', [call('put', 5), call('get', 5)]],
    [
      'one that finds what another process put meanwhile',
      [call('put', 5), call('get', 7), call('put', 7, 1)],
    ],
    ['one that finds nothing before or behind', [call('get', 0), call('put', 5, 1), call('remove', 0, 1)]],
    ['one that finds what a dying process may have put', [call('get', 5), call('put', 5, 1, false)]],
    ['one that does not find it', [call('get', 0), call('put', 5, 1, false)]],
  ])('can be ordered: %s', (_, calls) => {
    expect(inOrder(calls)).toBe(true);
  });

  test.each<[string, NameCall[]]>([
    ['one that finds nothing of what was put', [call('put', 5), call('get', 0)]],
    ['one that finds what was removed', [call('put', 5), call('remove'), call('get', 5)]],
    [
      'two that see two puts in different orders',
      [
        ...[call('put', 5, 0), call('put', 7, 1)],
        ...[call('get', 5, 2), call('get', 7, 2), call('get', 7, 3), call('get', 5, 3)],
      ],
    ],
    ['one that finds what nobody put', [call('put', 5), call('get', 7)]],
  ])('cannot be ordered: %s', (_, calls) => {
    expect(inOrder(calls)).toBe(false);
  });
});
