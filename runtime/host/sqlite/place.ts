import type { Cost, Estimate } from './cost.ts';
import type { Findings } from './sandbox.ts';
import type { Tree, TreeSize } from './tree.ts';

/** What a step may take here, where nobody else runs meanwhile: some five milliseconds. */
const MAX_HERE = 3e5;
/** The same for one that no thread can run: some fifteen milliseconds. */
const MAX_ONLY_HERE = 1e6;
/** What a statement may take in a thread, where it cannot be stopped, if it is not just a pass over the database: three seconds. */
const MAX_IN_THREAD = 2e8;

/** Where a step is done: here, in a thread that runs it in the database itself, or in a helper that runs it on a copy and can be stopped. */
export type Place = 'here' | 'thread' | 'helper';

/** The part of a connection that decides where its statements run; see `Connection`. */
export interface PlaceConnection {
  /** Bytes of the database, and of all databases of the connection. */
  readonly size: number;
  readonly wholeSize: number;
  /** Returns the size of some tables and indexes; null if they are large. */
  sizeOf(trees: readonly Tree[]): TreeSize | null;
  /** Whether a statement may run in another connection. */
  readonly canMove: boolean;
  /** Whether one may take long that no thread and no helper can run. */
  readonly mayRunLong: boolean;
  /** Whether the databases of a statement are small enough to be copied for a helper. */
  canCopy(found: Findings): boolean;
  /** Whether triggers may set off themselves. */
  readonly firesRecursively: boolean;
}

/** What is known of a statement when its place is chosen. */
export interface Placed {
  readonly found: Findings;
  readonly cost: Cost;
  /** Bytes of its SQL and of the values that are bound to it. */
  readonly own: number;
  /** Whether a helper has shown that it has an end. */
  readonly isProven: boolean;
}

/** Returns where the first step of a statement is to be done. */
export function placeOf(connection: PlaceConnection, statement: Placed): Place {
  const { found, cost, isProven } = statement;
  const { units, isUnknown, isPass } = estimate(connection, statement);
  if (!isUnknown && units <= MAX_HERE) return 'here';
  const isTied =
    found.isElsewhere || (found.asks && found.inserts) || found.attached.length > 0 || cost.writesFile;
  const mayMove = !isTied && connection.canMove;
  if (!mayMove && !isUnknown && units <= MAX_ONLY_HERE) return 'here';
  const hasEnd = isProven || (!isUnknown && (isPass || units <= MAX_IN_THREAD));
  if (mayMove && hasEnd) return 'thread';
  if (!connection.mayRunLong) return 'helper';
  const isHelped = (mayMove || !found.writes) && !(found.asks && found.inserts) && !cost.writesFile;
  if (isHelped && connection.canCopy(found)) return 'helper';
  return mayMove ? 'thread' : 'here';
}

/** How long the next step may take. */
function estimate(
  connection: PlaceConnection,
  { found, cost, own }: Placed,
): Estimate & { readonly isUnknown: boolean } {
  const isUnknown = cost.isUnknown || found.recurses || (cost.isChain && connection.firesRecursively);
  const bytes = found.isElsewhere ? connection.wholeSize : connection.size;
  const estimate = cost.at({ bytes, own });
  const { trees } = cost;
  if (isUnknown || estimate.units <= MAX_HERE || trees === null) return { ...estimate, isUnknown };
  // Counting what it uses takes some time, too.
  const used = connection.sizeOf(trees);
  return { ...(used === null ? estimate : cost.at({ ...used, own })), isUnknown };
}
