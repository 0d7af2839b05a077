/** Which programs the process view displays. */
import { expect, test, vi } from 'vitest';
import type * as vscode from 'vscode';
import type { Log } from '../../../extension/log.ts';
import { Programs } from '../../../extension/processes/program.ts';

type Listener = (event: unknown) => void;
const listeners = vi.hoisted(() => new Map<string, Listener>());

vi.mock('vscode', () => {
  const on = (name: string) => (listener: Listener) => listeners.set(name, listener);
  return {
    Disposable: { from: () => ({}) },
    EventEmitter: class {
      event = () => {};
      fire() {}
    },
    debug: {
      registerDebugAdapterTrackerFactory: () => {},
      onDidStartDebugSession: on('start'),
      onDidTerminateDebugSession: on('terminate'),
      onDidReceiveDebugSessionCustomEvent: on('event'),
    },
  };
});

const fire = (name: string, event: unknown) => listeners.get(name)?.(event);

test('a program that has ended does not come back with an event of its session that was late', () => {
  const programs = new Programs({ warn() {} } as unknown as Log);
  const session = {
    ...{ id: 'first', name: 'shop', type: 'lunatic' },
    customRequest: async () => ({ processes: [], total: 0 }),
  } as unknown as vscode.DebugSession;
  const names = () => programs.list.map(({ name }) => name);
  const body = { started: [], changed: [], ended: [], total: 0 };
  const changed = { session, event: 'lunatic/processesChanged', body };
  fire('event', changed);
  fire('start', session);
  expect(names()).toEqual(['shop']);
  fire('terminate', session);
  fire('event', changed);
  expect(names()).toEqual([]);
  // It is restarted.
  fire('start', session);
  expect(names()).toEqual(['shop']);
});
