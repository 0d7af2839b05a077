import { Socket } from 'node:net';

import { expect, onTestFinished, test } from 'vitest';
import type { Listening } from '../../../runtime/net/listening.ts';
import type { Sharer } from '../../../runtime/net/shares.ts';
import { TlsIdentity } from '../../../runtime/net/tls-identity.ts';
import { TlsListener } from '../../../runtime/net/tls-listener.ts';

const LISTENING = { close: () => {} } as Listening;

/** Peers that say nothing connect to a listener on which somebody waits. Returns for how many of them a handshake has begun. */
function silentPeers(count: number, owner: Sharer): { listener: TlsListener; begun: number } {
  const listener = new TlsListener(LISTENING, new TlsIdentity('', ''), owner);
  listener.awaitConnection(() => {});
  const sockets = Array.from({ length: count }, () => new Socket());
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  const untouched = new Socket().eventNames().length;
  for (const socket of sockets) listener.onConnection(socket);
  return { listener, begun: sockets.filter((socket) => socket.eventNames().length > untouched).length };
}

test('handshakes that never end are bounded for all listeners of a process together, and each has some', () => {
  const owner = { environment: {} };
  const crowds = Array.from({ length: 6 }, () => silentPeers(300, owner));
  expect(crowds.map(({ begun }) => begun)).toEqual([256, 256, 4, 4, 4, 4]);
  for (const { listener } of crowds) listener.release();
  // Those of listeners that are gone make room.
  const later = silentPeers(300, owner);
  expect(later.begun).toBe(256);
  later.listener.release();
});

test('neither a process nor an environment takes from others the handshakes that they need', () => {
  const hostile = { environment: {} };
  const sibling = (): Sharer => ({ environment: hostile.environment });
  const crowds = Array.from({ length: 4 }, () => silentPeers(300, hostile));
  crowds.push(silentPeers(300, sibling()));
  expect(crowds.at(-1)?.begun).toBeGreaterThan(100);
  for (let i = 0; i < 12; i++) crowds.push(silentPeers(300, sibling()));
  crowds.push(silentPeers(300, { environment: {} }));
  expect(crowds.at(-1)?.begun).toBeGreaterThan(100);
  for (const { listener } of crowds) listener.release();
});
