import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Holder, Holding } from '../../../runtime/inspect/holding.ts';
import type { Modules } from '../../../runtime/inspect/modules.ts';
import type { ProcessIndex } from '../../../runtime/inspect/process-index.ts';
import { ANY_CALL, type ModuleKey, type ProcessKey } from '../../../runtime/inspect/protocol.ts';
import { Stopping } from '../../../runtime/inspect/stopping.ts';
import type { Process } from '../../../runtime/kernel/process.ts';
import type { Scheduler } from '../../../runtime/kernel/scheduler.ts';

/** A process without probes, to which something has happened; and for whom it is held, with their breakpoints. */
function happening() {
  const process = { exit: null, paused: false, module: { probes: null } };
  const held: (readonly [Holder, readonly number[]])[] = [];
  const scheduler = {
    probes: null,
    holding: {
      pause: () => {
        process.paused = true;
      },
    },
  };
  const holding = {
    hold: (_: Process, hits: ReadonlyMap<Holder, readonly number[]>) => held.push(...hits),
  };
  const stopping = new Stopping(
    scheduler as unknown as Scheduler,
    {} as ProcessIndex,
    {} as Modules,
    holding as unknown as Holding,
  );
  const happens = (...hits: [Holder, number[]][]) =>
    stopping.happened(process as unknown as Process, { hits: new Map(hits), text: 'a message' });
  return { process, held, stopping, happens };
}

const client = () => ({}) as Holder;

test('a process that is about to stop for two clients stops for the one that is still there', async () => {
  const { held, stopping, happens } = happening();
  const [first, second] = [client(), client()];
  happens([first, [1]], [second, [2]]);
  stopping.release(second);
  await turn();
  expect(held).toEqual([[first, [1]]]);
});

test('a process does not stop for clients that have all gone', async () => {
  const { process, held, stopping, happens } = happening();
  const only = client();
  happens([only, [1]]);
  stopping.release(only);
  await turn();
  expect([held, process.paused]).toEqual([[], false]);
});

test('a process stops for all to whom something has happened before it stops', async () => {
  const { held, happens } = happening();
  const [first, second] = [client(), client()];
  happens([first, [1]]);
  happens([second, [2]], [first, [3]]);
  await turn();
  expect(held).toEqual([
    [first, [1, 3]],
    [second, [2]],
  ]);
});

/** A process that is about to call an import at which `first` has a breakpoint; and why it is held, and for whom. */
function calling() {
  const probes = {
    map: { functionAt: () => -1, layouts: [], siteFrom: () => null },
    arm() {},
    armImports() {},
  };
  const module = { probes };
  const process = { exit: null, paused: false, module, started: true, initialized: true, state: 'running' };
  const frames = new DataView(new ArrayBuffer(16));
  const scheduler = { probes: { frames, step() {}, of: () => [] } };
  const held: { why: string; clients: (readonly [Holder, readonly number[]])[]; details: unknown }[] = [];
  const holding = {
    choices: { admits: () => true },
    hold: (_: Process, hits: ReadonlyMap<Holder, readonly number[]>, why: string, details: unknown) =>
      held.push({ why, clients: [...hits], details }),
  };
  const stopping = new Stopping(
    scheduler as unknown as Scheduler,
    { get: () => process } as unknown as ProcessIndex,
    { get: () => module } as unknown as Modules,
    holding as unknown as Holding,
  );
  const first = client();
  stopping.setBreakpoints(first, 'm1' as ModuleKey, [ANY_CALL], [{ id: 1, imported: 0 }]);
  return { stopping, process: process as unknown as Process, first, held };
}

test('a process that a client pauses stands still for it, too, where it comes to a call with a breakpoint', () => {
  const { stopping, process, first, held } = calling();
  const other = client();
  stopping.pause('1:1' as ProcessKey, other);
  expect(stopping.stopsAtCall(process, -1, 0)).toBe(true);
  const clients = [
    [first, [1]],
    [other, []],
  ];
  expect(held).toEqual([{ why: 'pause', clients, details: {} }]);
});

test('what has happened to a process is told where it comes to a call with a breakpoint first', () => {
  const { stopping, process, first, held } = calling();
  const other = client();
  stopping.happened(process, { hits: new Map([[other, [2]]]), text: 'a message' });
  expect(stopping.stopsAtCall(process, -1, 0)).toBe(true);
  const clients = [
    [first, [1]],
    [other, [2]],
  ];
  expect(held).toEqual([{ why: 'event', clients, details: { event: 'a message' } }]);
});
