import { closeSync, openSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { Listening } from '../../../runtime/net/listening.ts';
import { connectTcp } from '../../../runtime/net/tcp-connect.ts';
import { hostDescriptors } from '../../../runtime/permissions/host-descriptors.ts';

const LOOPBACK = { version: 4, host: '127.0.0.1', port: 0 } as const;
/** Descriptors that guests may have, and those that they ask for in one turn. */
const ROOM = 8;
const ASKED = 20;

let server: Server;

beforeEach(async () => {
  server = createServer((socket) => socket.on('error', () => {}).resume());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterEach(() => {
  vi.restoreAllMocks();
  server.close();
});

/** Leaves guests room for few descriptors, as the system gives them at the moment. */
function leaveLittleRoom(): void {
  const lowest = openSync('/', 'r');
  closeSync(lowest);
  vi.spyOn(hostDescriptors, 'permits').mockImplementation((fd) => fd < lowest + ROOM);
}

test.skipIf(process.platform === 'win32')(
  'of many that connect in one turn, only those do for which there is room',
  async () => {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    leaveLittleRoom();
    const results = await Promise.all(
      Array.from({ length: ASKED }, (_, i) => {
        // Half of them know two addresses.
        const addresses = i % 2 === 0 ? ['127.0.0.1'] : ['127.0.0.1', '::1'];
        return new Promise<Socket | Error>((done) => connectTcp(addresses, port, done));
      }),
    );
    const refused = results.filter((result) => result instanceof Error);
    onTestFinished(() => {
      for (const result of results) if (!(result instanceof Error)) result.destroy();
    });
    expect(refused.length).toBeGreaterThanOrEqual(ASKED - ROOM);
    expect(refused.length).toBeLessThan(ASKED);
    for (const error of refused) expect(error).toMatchObject({ code: 'EMFILE' });
  },
);

test.skipIf(process.platform === 'win32')('and of many that listen', async () => {
  leaveLittleRoom();
  const keeper = { onConnection: () => {}, onFailure: () => {} };
  const results = await Promise.all(
    Array.from(
      { length: ASKED },
      () =>
        new Promise<Listening | Error>((done) => {
          Listening.open(LOOPBACK, (result) => {
            done(result);
            return result instanceof Error ? undefined : keeper;
          });
        }),
    ),
  );
  onTestFinished(() => {
    for (const result of results) if (result instanceof Listening) result.close();
  });
  const refused = results.filter((result) => result instanceof Error);
  expect(refused.length).toBeGreaterThanOrEqual(ASKED - ROOM);
  expect(refused.length).toBeLessThan(ASKED);
  for (const error of refused) expect(error).toMatchObject({ code: 'EMFILE' });
});
