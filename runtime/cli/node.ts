import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { JoinOptions } from '../cluster/hub/join.ts';
import type { NatsOptions } from '../cluster/nats/join.ts';
import { ClusterNode } from '../cluster/node.ts';
import { isClusterError } from '../cluster/transport.ts';
import { STACK_DEPTH } from '../kernel/guest-stack.ts';
import type { Stdio } from '../kernel/stdio.ts';
import { Runtime } from '../runtime.ts';
import { printable } from '../text/printable.ts';
import { heapNotice } from './heap-notice.ts';
import { CommandError, UsageError } from './load.ts';
import { type Log, type LogOptions, openLog } from './log.ts';
import { moduleCache } from './module-cache.ts';
import { whileUnchanged } from './module-file.ts';
import { loadNamed, moduleLimits } from './module-limits.ts';
import { logExit } from './process-log.ts';
import { Reports } from './report.ts';
import { type ConfigFlags, rootConfig } from './root-config.ts';
import { ExitCode, openStreams } from './session.ts';
import { Sources } from './sources.ts';
import { stackStyle } from './stack-style.ts';
import { standardInput } from './standard-input.ts';

const STDERR = 2;
const TARGET = 'lunatic::cluster';

/** The environment in which a node runs its own module (abi 21). */
const OWN_ENVIRONMENT = 1;

export interface NodeFlags extends LogOptions, ConfigFlags {
  /** The module to run. */
  readonly wasm?: string;
  readonly tag: Readonly<Record<string, string>>;
  readonly environments?: readonly number[];
  /** NATS servers, in place of a control server. */
  readonly cluster?: readonly string[];
  readonly clusterName: string;
  readonly replicas?: number;
  readonly cert?: string;
  readonly key?: string;
  readonly natsCreds?: string;
  readonly natsNkey?: string;
  /** A file with the token that the control server wants. Default: the variable `LUNATIC_CLUSTER_TOKEN`. */
  readonly tokenFile?: string;
  /** A file with certificates of authorities that the control server may have its own from. */
  readonly ca?: string;
}

/**
 * Is a node of a cluster until it is interrupted.
 * @returns the exit code
 * @throws CommandError if the cluster cannot be joined
 */
export async function runNode(url: string, options: NodeFlags): Promise<number> {
  Error.stackTraceLimit = STACK_DEPTH;
  const streams = openStreams();
  const reports = new Reports(streams.error);
  const log = openLog(reports, 'warn', options);
  const sources = new Sources(() => stackStyle(STDERR, options.color));
  const runtime = new Runtime({
    ...moduleLimits(options),
    store: moduleCache(process.env, log),
    observer: { onExit: (ended, exit) => logExit(log, ended, exit, sources), ...heapNotice(reports) },
  });
  const stdio = { input: standardInput(), output: streams.output, error: streams.error };
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  // What other nodes spawn has nobody's command line.
  const config = rootConfig([], options);
  const node = await ClusterNode.join(
    runtime,
    async (listener) => {
      if (options.cluster !== undefined) {
        const { joinNats } = await import('../cluster/nats/join.ts');
        return await joinNats(natsOptions(options.cluster, options), listener);
      }
      const { joinHub } = await import('../cluster/hub/join.ts');
      return await joinHub(url, hubOptions(options), listener);
    },
    {
      config,
      stdio,
      environments: options.environments === undefined ? null : new Set(options.environments),
      note: (text) => log.write('info', TARGET, text),
      lost: (reason) => {
        reports.print(`lunatic: this node is no part of the cluster any more: ${reason.message}\n`);
        end(ExitCode.Failed);
      },
    },
  ).catch((error: unknown) => {
    if (!isClusterError(error)) throw error;
    throw new CommandError(
      `The cluster of ${printable(options.cluster?.join(', ') ?? url)} cannot be joined: ${error.message}`,
      {
        cause: error,
      },
    );
  });
  log.write('info', TARGET, () => `This is node ${node.self}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end(0));
  const awake = setInterval(() => {}, 2 ** 30);
  if (options.wasm !== undefined)
    await runModule(runtime, node, options.wasm, options, { log, sources, stdio });
  const code = await ended;
  runtime.scheduler.halt();
  await node.close();
  clearInterval(awake);
  await reports.settle();
  await streams.flush();
  return code;
}

/** Runs the node's own module. A module that fails is logged, and the node goes on. */
async function runModule(
  runtime: Runtime,
  node: ClusterNode,
  path: string,
  options: NodeFlags,
  { log, sources, stdio }: { log: Log; sources: Sources; stdio: Stdio },
): Promise<void> {
  const config = rootConfig([basename(path)], options);
  const since = Date.now();
  try {
    const module = await whileUnchanged(path, ({ bytes, again }) =>
      loadNamed(path, config.hostFunctions, () => runtime.load(bytes, config, again)),
    );
    sources.add(module, path, since);
    await node.modules.add(module);
    const within = node.within(OWN_ENVIRONMENT);
    await runtime.run(module, { config, stdio, within });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    log.write('error', TARGET, () => `${printable(path)} cannot be run: ${error.message}`);
  }
}

/** @throws UsageError for a file that cannot be read */
function hubOptions({ tag, tokenFile, ca }: NodeFlags): JoinOptions {
  const token = tokenFile === undefined ? process.env['LUNATIC_CLUSTER_TOKEN'] : readText(tokenFile).trim();
  return {
    attributes: tag,
    ...(token ? { token } : {}),
    ...(ca === undefined ? {} : { ca: readText(ca) }),
  };
}

/** @throws UsageError for a file that cannot be read */
function natsOptions(
  servers: readonly string[],
  { tag, clusterName, replicas, environments, ca, cert, key, natsCreds, natsNkey }: NodeFlags,
): NatsOptions {
  const { LUNATIC_NATS_USER: user, LUNATIC_NATS_PASSWORD: password, LUNATIC_NATS_TOKEN: token } = process.env;
  const files = { ca, cert, key };
  const given = Object.entries(files).flatMap(([name, path]) =>
    path === undefined ? [] : [[name, readText(path)]],
  );
  const usesTls = given.length > 0 || servers.some((server) => server.startsWith('tls:'));
  return {
    servers,
    cluster: clusterName,
    attributes: tag,
    ...(replicas === undefined ? {} : { replicas }),
    environments: environments === undefined ? null : new Set(environments),
    ...(usesTls ? { tls: Object.fromEntries(given) } : {}),
    identity: {
      ...(user ? { user } : {}),
      ...(password ? { password } : {}),
      ...(token ? { token } : {}),
      ...(natsNkey === undefined ? {} : { seed: readText(natsNkey) }),
      ...(natsCreds === undefined ? {} : { credentials: readText(natsCreds) }),
    },
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${printable(path)} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
