import { expect, test } from 'vitest';
import { RemoteProcesses } from '../../../runtime/cluster/remote-processes.ts';
import type { NodeId } from '../../../runtime/cluster/transport.ts';
import { Runtime } from '../../../runtime/internal.ts';
import type { ProcessId } from '../../../runtime/kernel/ids.ts';

const [node, other] = [2, 3] as NodeId[] as [NodeId, NodeId];
const id = (number: number) => number as ProcessId;

/** The processes of other nodes in an environment without processes, and what was sent to them. */
function remote(most?: number) {
  const sent: string[] = [];
  const { environment } = new Runtime().createEnvironment();
  environment.account.limit = 2 ** 20;
  const processes = new RemoteProcesses(
    environment,
    {
      sendSignal: (to, target, { kind }) => void sent.push(`${kind} to ${target} of node ${to}`),
      sendMessage: () => {},
      asksFor: async () => false,
    },
    most,
    () => it.time,
  );
  environment.remote = processes;
  const it = { sent, processes, environment, time: 0 };
  return it;
}

test('a process has the same id as long as somebody may hear of its end, and another one afterwards', () => {
  const it = remote();
  const { processes } = it;
  const first = processes.idOf(node, id(7));
  expect(processes.idOf(node, id(7))).toBe(first);
  expect(processes.idOf(other, id(7))).not.toBe(first);
  // Two processes monitor it: both hear of the same one.
  for (const watcher of [1, 2]) processes.take(node, id(watcher), { kind: 'process-died', peer: id(7) });
  expect(processes.idOf(node, id(7))).toBe(first);
  it.time += 11_000;
  expect(processes.idOf(node, id(8))).not.toBe(first);
  expect(processes.placeOf(first ?? id(0))).toBeUndefined();
});

test('what is known of other nodes counts for the program', () => {
  const { processes, environment } = remote();
  for (let i = 1; i <= 100; i++) processes.idOf(node, id(i));
  expect(environment.account.bytes).toBeGreaterThan(10_000);
  processes.lose(node);
  expect(environment.account.bytes).toBe(0);
  environment.account.limit = 0;
  expect(processes.idOf(node, id(1))).toBeNull();
});

test('a node makes no more processes known than it may, others do', () => {
  const { processes } = remote(2);
  const signal = (peer: number) => ({ kind: 'stop-monitoring', peer: id(peer) }) as const;
  expect([1, 2, 3, 1].map((peer) => processes.take(node, id(99), signal(peer)))).toEqual([
    true,
    true,
    false,
    true,
  ]);
  expect(processes.idOf(node, id(3))).toBeNull();
  expect(processes.take(other, id(99), signal(3))).toBe(true);
  processes.lose(node);
  expect(processes.take(node, id(99), signal(3))).toBe(true);
});

test('a link to a process that there is not is answered with its death', () => {
  const { processes, sent } = remote();
  processes.take(node, id(99), { kind: 'link', peer: id(7), tag: { low: 1, high: 0 } as never });
  expect(sent).toEqual(['link-died to 7 of node 2']);
});
