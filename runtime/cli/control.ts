import { hostname, networkInterfaces } from 'node:os';
import { CertificateAuthority, type KeyedCertificate } from '../certificates/authority.ts';
import { testRoot } from '../certificates/control-certificates.ts';
import { type Hub, type HubOptions, isLoopback, openHub } from '../cluster/hub/hub.ts';
import { makeJoinToken } from '../cluster/hub/join-token.ts';
import type { BoundAddress } from './bound-address.ts';
import { messageOf } from './error-text.ts';
import { CommandError, UsageError } from './load.ts';
import { type LogOptions, openLog } from './log.ts';
import { writePrivate } from './private-files.ts';
import { Reports } from './report.ts';
import { openStreams } from './session.ts';

/** The variable with the join token. */
const TOKEN_VARIABLE = 'LUNATIC_CLUSTER_TOKEN';
/** Characters of the shortest token that nobody guesses. */
const SHORTEST_TOKEN = 16;
const LOCAL = '127.0.0.1';
/** Where it listens unless told: the first free one, as upstream's, then any. */
const FIRST_PORT = 3030;
const LAST_PORT = 3998;
/** Codes of errors with which another port may be free. */
const TAKEN = new Set(['EADDRINUSE', 'EACCES']);

export interface ControlOptions extends LogOptions {
  readonly bindSocket?: BoundAddress;
  readonly tokenFile?: string;
  readonly open: boolean;
  readonly tls: boolean;
  readonly caFile?: string;
  readonly testCa: boolean;
}

/**
 * Serves a cluster until the command is interrupted or terminated.
 * @throws UsageError, CommandError
 */
export async function serveCluster(options: ControlOptions): Promise<void> {
  const ended = endingSignal();
  const streams = openStreams();
  const log = openLog(new Reports(streams.error), 'warn', options);
  const host = options.bindSocket?.host ?? LOCAL;
  const authority = options.testCa
    ? new CertificateAuthority(testRoot())
    : CertificateAuthority.create('lunatic control').authority;
  const joinToken = tokenOf(options, host, authority);
  const tls = options.tls ? serverOf(authority, host) : null;
  const hub = await openAt(options.bindSocket, { host, joinToken, authority, tls });
  try {
    if (options.caFile !== undefined) writeFile(options.caFile, authority.certificate);
    if (options.tokenFile !== undefined) writeFile(options.tokenFile, `${joinToken}\n`);
    if (log.allows('info', 'lunatic::control'))
      log.write('info', 'lunatic::control', () => `Nodes register at ${hub.url}`);
    else streams.error.write(Buffer.from(`lunatic: nodes register at ${hub.url}\n`));
    if (tls === null && !isLoopback(host))
      log.write('warn', 'lunatic::control', () => 'What nodes say to each other is not encrypted (--tls).');
    await ended;
  } finally {
    await hub.close();
    await streams.flush();
  }
}

/** Resolves when the command is interrupted or terminated. */
function endingSignal(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
  });
}

/** What nodes need to register, or null. @throws UsageError */
function tokenOf(
  { tokenFile, open, tls }: ControlOptions,
  host: string,
  authority: CertificateAuthority,
): string | null {
  const given = process.env[TOKEN_VARIABLE] ?? '';
  if (tokenFile !== undefined) return makeJoinToken(tls ? authority.certificate : null);
  if (given !== '') {
    if (given.length >= SHORTEST_TOKEN && !/\s/.test(given)) return given;
    throw new UsageError(`${TOKEN_VARIABLE} must have at least ${SHORTEST_TOKEN} characters, and no spaces.`);
  }
  if (open || isLoopback(host)) return null;
  throw new UsageError(
    `Whoever reaches ${host} could run programs on all nodes: --token-file FILE makes a join token for nodes, ` +
      `${TOKEN_VARIABLE} may have one, and --open does without.`,
  );
}

/** A certificate for TLS, with that of the authority behind it. */
function serverOf(authority: CertificateAuthority, host: string): KeyedCertificate {
  const everywhere = host === '0.0.0.0' || host === '::';
  const addresses = Object.values(networkInterfaces()).flatMap((all = []) =>
    all.map(({ address }) => address.replace(/%.*/, '')),
  );
  const names = ['localhost', LOCAL, '::1', hostname(), ...(everywhere ? addresses : [host])];
  const { certificate, key } = authority.signServer([...new Set(names)]);
  return { certificate: `${certificate}${authority.certificate}`, key };
}

/** @throws CommandError if it cannot listen */
async function openAt(bound: BoundAddress | undefined, options: Omit<HubOptions, 'port'>): Promise<Hub> {
  for (let port = bound?.port ?? FIRST_PORT; ; port = port === LAST_PORT ? 0 : port + 1) {
    try {
      return await openHub({ ...options, port });
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && TAKEN.has(String(error.code));
      if (isTaken && bound === undefined && port > 0) continue;
      throw new CommandError(
        `The control server cannot listen at ${options.host}:${port}: ${messageOf(error)}`,
        {
          cause: error,
        },
      );
    }
  }
}

/** Writes a file that only this user can read. @throws CommandError */
function writeFile(path: string, text: string): void {
  try {
    writePrivate(path, [Buffer.from(text)]);
  } catch (error) {
    throw new CommandError(`${path} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}
