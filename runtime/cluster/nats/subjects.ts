import { createHash } from 'node:crypto';
import { ClusterError, type NodeId } from '../transport.ts';

/** What a cluster may be called: its name is part of subjects and of names of buckets. */
const CLUSTER_NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** The subject of a frame. */
const FRAME = /\.env\.(\d{1,16})\.\d+\.(\d{1,16})$/;
/** Names that stand for themselves as keys. */
const PLAIN_NAME = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * The subjects and buckets of a cluster.
 *
 * | what                       | subject or bucket                                             |
 * | -------------------------- | ------------------------------------------------------------- |
 * | what a node sends another  | `lunatic.<cluster>.env.<environment>.<receiver>.<sender>`     |
 * | that a node lives          | `lunatic.<cluster>.alive.<node>`                              |
 * | nodes                      | `lunatic-<cluster>-nodes`, a key `node.<name>` for each       |
 * | names of an environment    | `lunatic-<cluster>-names-<environment>`                       |
 * | modules                    | `lunatic-<cluster>-modules`, an object store                  |
 */
export class Subjects {
  readonly nodes: string;
  readonly modules: string;
  readonly #cluster: string;

  /** @throws ClusterError */
  constructor(cluster: string) {
    if (!CLUSTER_NAME.test(cluster))
      throw new ClusterError(
        `'${cluster.slice(0, 64)}' is no name of a cluster: write letters, digits, - and _`,
      );
    this.#cluster = cluster;
    this.nodes = `lunatic-${cluster}-nodes`;
    this.modules = `lunatic-${cluster}-modules`;
  }

  names(environment: number): string {
    return `lunatic-${this.#cluster}-names-${environment}`;
  }

  frame(environment: number | '*', to: NodeId, from: NodeId | '*'): string {
    return `lunatic.${this.#cluster}.env.${environment}.${to}.${from}`;
  }

  alive(node: NodeId | '*'): string {
    return `lunatic.${this.#cluster}.alive.${node}`;
  }
}

/** Who sends, and in which environment, by a subject that the server has matched; null for one that no node uses. */
export function partsOf(subject: string): { readonly environment: number; readonly from: NodeId } | null {
  const [, environment = '', from = ''] = FRAME.exec(subject) ?? [];
  const numbers = { environment: Number(environment), from: Number(from) as NodeId };
  return environment !== '' && Object.values(numbers).every(Number.isSafeInteger) ? numbers : null;
}

/** The key of a node. Its name is a UUID. */
export function nodeKey(name: string): string {
  return `node.${name}`;
}

/** The key of a name, which may be any text. */
export function nameKey(name: string): string {
  return PLAIN_NAME.test(name) ? `n.${name}` : `h.${createHash('sha256').update(name).digest('base64url')}`;
}
