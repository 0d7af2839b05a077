import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  type NatsConnection,
  nkeyAuthenticator,
  type TlsOptions,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import {
  ClusterError,
  type NodeId,
  REQUEST_TIME,
  type Transport,
  type TransportListener,
} from '../transport.ts';
import { answered } from './answers.ts';
import { NatsModules } from './nats-modules.ts';
import { NatsNames } from './nats-names.ts';
import { NatsTransport } from './nats-transport.ts';
import { Roster } from './roster.ts';
import { Subjects } from './subjects.ts';

/** Milliseconds between two looks whether the server answers. */
const PING = 1000;
/** Milliseconds before a connection is tried again. */
const PAUSE = 100;

/** Who a node is to the server. */
export interface NatsCredentials {
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** The text of a seed of an NKey. */
  readonly seed?: string;
  /** The text of a file with a JWT and a seed. */
  readonly credentials?: string;
}

export interface NatsOptions {
  /** URLs: `nats://127.0.0.1:4222`, `tls://...`. */
  readonly servers: readonly string[];
  /** The name of the cluster. Default: `default`. */
  readonly cluster?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly identity?: NatsCredentials;
  /** Certificates and keys, in PEM. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** How many servers keep the list of nodes, names and modules. Default: 1. */
  readonly replicas?: number;
  /** The environments in which this node takes frames; null for all. */
  readonly environments?: ReadonlySet<number> | null;
}

/**
 * Joins a cluster over NATS, whose servers must have JetStream.
 * @throws ClusterError if no server can be reached, or it refuses
 */
export async function joinNats(options: NatsOptions, listener: TransportListener): Promise<Transport> {
  const { cluster = 'default', attributes = {}, replicas = 1, environments = null } = options;
  const subjects = new Subjects(cluster);
  const connection = await connected(options);
  try {
    const streams = jetstream(connection, { timeout: REQUEST_TIME });
    await answered(jetstreamManager(connection, { timeout: REQUEST_TIME }), 'JetStream');
    const kvm = new Kvm(streams);
    const bucket = await answered(kvm.create(subjects.nodes, { history: 1, replicas }), 'list of nodes');
    const name = randomUUID();
    const id: NodeId = await answered(Roster.number(bucket, name), 'list of nodes');
    const transport = new NatsTransport(
      { id, name, attributes },
      {
        connection,
        subjects,
        bucket,
        names: new NatsNames(kvm, subjects, replicas),
        modules: new NatsModules(new Objm(streams), subjects, replicas),
        environments,
      },
      listener,
    );
    await answered(transport.start(), 'list of nodes');
    return transport;
  } catch (error) {
    await connection.close().catch(() => {});
    throw error;
  }
}

async function connected({ servers, identity = {}, tls }: NatsOptions): Promise<NatsConnection> {
  try {
    return await connect({
      servers: [...servers],
      name: 'lunatic node',
      authenticator: authenticators(identity),
      ...(tls === undefined ? {} : { tls: tlsOptions(servers, tls) }),
      timeout: REQUEST_TIME,
      maxReconnectAttempts: -1,
      reconnectTimeWait: PAUSE,
      reconnectJitter: PAUSE,
      reconnectJitterTLS: PAUSE,
      pingInterval: PING,
      maxPingOut: 1,
      ignoreAuthErrorAbort: false,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ClusterError(`no NATS server can be joined: ${why}`, { cause: error });
  }
}

/** The client of NATS names no host for an address: then the certificate must be for one of the addresses that were given. */
function tlsOptions(servers: readonly string[], given: NonNullable<NatsOptions['tls']>): TlsOptions {
  const addresses = servers
    .map((server) => new URL(server.includes('://') ? server : `nats://${server}`).hostname)
    .map((host) => host.replace(/^\[(.*)\]$/, '$1'))
    .filter((host) => isIP(host) !== 0);
  const options = {
    ...given,
    checkServerIdentity: (host: string, certificate: PeerCertificate) => {
      const error = checkServerIdentity(host, certificate);
      // What Node checks for if no host is named.
      const isMeant =
        host === 'localhost' &&
        addresses.some((address) => checkServerIdentity(address, certificate) === undefined);
      return isMeant ? undefined : error;
    },
  };
  return options as TlsOptions;
}

function authenticators({ user, password, token, seed, credentials }: NatsCredentials): Authenticator[] {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return [
    ...(user === undefined ? [] : [usernamePasswordAuthenticator(user, password)]),
    ...(token === undefined ? [] : [tokenAuthenticator(token)]),
    ...(seed === undefined ? [] : [nkeyAuthenticator(bytes(seed.trim()))]),
    ...(credentials === undefined ? [] : [credsAuthenticator(bytes(credentials))]),
  ];
}
