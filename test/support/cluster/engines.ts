import { CertificateAuthority } from '../../../runtime/certificates/authority.ts';
import { type Hub, openHub } from '../../../runtime/cluster/hub/hub.ts';
import { joinHub } from '../../../runtime/cluster/hub/join.ts';
import { joinNats } from '../../../runtime/cluster/nats/join.ts';
import type { Transport, TransportListener } from '../../../runtime/cluster/transport.ts';
import { hasNats, NatsServer } from './nats-server.ts';

/** Where an engine is reached, as JSON. */
export interface EngineAddress {
  readonly kind: 'hub' | 'NATS server';
  readonly host: string;
  readonly port: number;
}

/** What carries bytes between nodes while it runs. */
export interface RunningEngine {
  readonly address: EngineAddress;
  /** Ends it, and starts another one at the same place, which knows nothing of what was before. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** What carries bytes between nodes. */
export interface Engine {
  readonly name: string;
  start(): Promise<RunningEngine>;
}

/** All that the tests of transports run with. */
export const ENGINES: readonly Engine[] = [
  { name: 'hub', start: startHub },
  ...(hasNats ? [{ name: 'NATS server', start: () => startNats() }] : []),
];

/** Joins as a node does. */
export function joinAt(
  { kind, host, port }: EngineAddress,
  listener: TransportListener,
  attributes: Readonly<Record<string, string>> = {},
): Promise<Transport> {
  if (kind === 'NATS server') return joinNats({ servers: [`${host}:${port}`], attributes }, listener);
  return joinHub(`http://${host}:${port}/`, { attributes }, listener);
}

async function startHub(): Promise<RunningEngine> {
  const { authority } = CertificateAuthority.create('a cluster');
  const host = '127.0.0.1';
  const open = (port: number): Promise<Hub> => openHub({ host, port, joinToken: null, authority, tls: null });
  let hub = await open(0);
  const port = Number(new URL(hub.url).port);
  return {
    address: { kind: 'hub', host, port },
    restart: async () => {
      await hub.close();
      hub = await open(port);
    },
    stop: () => hub.close(),
  };
}

async function startNats(): Promise<RunningEngine> {
  const server = await NatsServer.start();
  return {
    address: { kind: 'NATS server', host: '127.0.0.1', port: server.port },
    restart: () => server.restart({ keeps: false }),
    stop: () => server.stop(),
  };
}
