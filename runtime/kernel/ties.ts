import { type Account, ENTRY_COST } from './account.ts';
import type { ProcessId } from './ids.ts';
import type { Tag } from './tag.ts';

export const Tie = { Link: 1, Monitor: 2 } as const;
export type Tie = (typeof Tie)[keyof typeof Tie];

/** What a link or a monitor takes: entries in maps of both processes, and one here. */
const TIE_COST = 3 * ENTRY_COST;

/**
 * The links and monitors that a process has asked for, as long as they hold. It pays for both ends of each, since whoever is linked to
 * or monitored by thousands has not asked for that.
 */
export class Ties {
  readonly #account: Account;
  readonly #kinds = new Map<ProcessId, number>();
  /** The tags under which it wants to see the deaths of its children. Those that it has linked later have the same tag on both sides. */
  #tags: Map<ProcessId, Tag> | null = null;

  constructor(account: Account) {
    this.#account = account;
  }

  /** Charges for a tie to another process, unless that has been done. Returns null, or why there cannot be one more. */
  add(peer: ProcessId, kind: Tie): string | null {
    const kinds = this.#kinds.get(peer) ?? 0;
    if (kind === Tie.Link) this.#tags?.delete(peer);
    if ((kinds & kind) !== 0) return null;
    const refusal = this.#account.add(TIE_COST);
    if (refusal === null) this.#kinds.set(peer, kinds | kind);
    return refusal;
  }

  has(peer: ProcessId, kind: Tie): boolean {
    return ((this.#kinds.get(peer) ?? 0) & kind) !== 0;
  }

  /** Takes note of the tag under which the process wants to see the death of a child to which it is linked. */
  setTag(child: ProcessId, tag: Tag): void {
    this.#tags ??= new Map();
    this.#tags.set(child, tag);
  }

  tagOf(child: ProcessId): Tag | undefined {
    return this.#tags?.get(child);
  }

  /** Those to whom there is a tie of a kind. */
  *peers(kind: Tie): Generator<ProcessId> {
    for (const [peer, kinds] of this.#kinds) if ((kinds & kind) !== 0) yield peer;
  }

  /** Charges another process for the same ties. */
  copyTo(others: Ties): void {
    for (const [peer, kinds] of this.#kinds)
      for (const kind of [Tie.Link, Tie.Monitor]) if ((kinds & kind) !== 0) others.add(peer, kind);
    for (const [child, tag] of this.#tags ?? []) others.setTag(child, tag);
  }

  /** Releases what has been charged for a tie, if it was. */
  remove(peer: ProcessId, kind: Tie): void {
    const kinds = this.#kinds.get(peer) ?? 0;
    if ((kinds & kind) === 0) return;
    if (kind === Tie.Link) this.#tags?.delete(peer);
    if (kinds === kind) this.#kinds.delete(peer);
    else this.#kinds.set(peer, kinds & ~kind);
    this.#account.release(TIE_COST);
  }
}
