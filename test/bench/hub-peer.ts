/**
 * OS processes of the benchmarks of clusters: `hub` and `relay` print where they listen; `node URL` and `client URL` send back each message
 * that is short, and of others only the last one, which begins with 1.
 */
import { WebSocket, WebSocketServer } from 'ws';
import { CertificateAuthority } from '../../runtime/certificates/authority.ts';
import { openHub } from '../../runtime/cluster/hub/hub.ts';
import { joinHub } from '../../runtime/cluster/hub/join.ts';
import type { Transport } from '../../runtime/cluster/transport.ts';

const HOST = '127.0.0.1';
/** Bytes of the longest message that is sent back. */
const SHORT = 8;

const isAnswered = (bytes: Uint8Array): boolean => bytes.length <= SHORT || bytes[0] === 1;

const [, , role, url = ''] = process.argv;
if (role === 'hub') {
  const { authority } = CertificateAuthority.create('a benchmark');
  const hub = await openHub({ host: HOST, port: 0, joinToken: null, authority, tls: null });
  process.send?.(hub.url);
} else if (role === 'relay') {
  // Each client gets what the other one sends.
  const server = new WebSocketServer({ host: HOST, port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      for (const other of server.clients) if (other !== socket) other.send(data);
    });
  });
  server.on('listening', () => {
    const address = server.address();
    process.send?.(`ws://${HOST}:${typeof address === 'object' ? address?.port : 0}`);
  });
} else if (role === 'node') {
  let transport: Transport | null = null;
  transport = await joinHub(
    url,
    {},
    {
      received: (from, environment, bytes) => {
        if (isAnswered(bytes)) transport?.send(from, environment, bytes.subarray(0, SHORT));
      },
      joined: () => {},
      left: () => {},
      lost: () => {},
    },
  );
  process.send?.(transport.self.id);
} else {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on('message', (bytes: Buffer) => {
    if (isAnswered(bytes)) socket.send(bytes.subarray(0, SHORT));
  });
  socket.on('open', () => process.send?.('open'));
}
process.on('disconnect', () => process.exit());
