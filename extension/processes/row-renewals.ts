/** How a row looks: whatever of it can be seen, in one string. */
export interface RowLook {
  readonly text: string;
  /** What people wait to see, as that a process has stopped: a change of it is displayed at once. */
  readonly kind: string;
}

interface DisplayedRow {
  readonly look: RowLook;
  /** When it was drawn, in milliseconds. */
  readonly time: number;
}

/** Rows that are drawn anew at once: an editor in which somebody types draws them with the same thread. */
const MAX_ROWS = 20;

/** Milliseconds for which a row stays as it is unless its kind changes: a busy process would make it flicker. */
const CALM = 2000;

/** Decides which rows of a tree are drawn anew, and when: those that look different, a few at a time. */
export class RowRenewals<Key> {
  readonly #displayed = new Map<Key, DisplayedRow>();
  /** Rows that may look different, in the order in which they became so. */
  readonly #waiting = new Set<Key>();

  /** A row has been drawn. */
  drawn(key: Key, look: RowLook, time: number): void {
    this.#displayed.set(key, { look, time });
    this.#waiting.delete(key);
  }

  /** What a row displays has changed. It is asked for its look when it is its turn. */
  changed(key: Key): void {
    if (this.#displayed.has(key)) this.#waiting.add(key);
  }

  forget(key: Key): void {
    this.#displayed.delete(key);
    this.#waiting.delete(key);
  }

  /** Rows that may look different and are not drawn anew yet. */
  get waiting(): ReadonlySet<Key> {
    return this.#waiting;
  }

  /**
   * The rows to be drawn anew now.
   * @param lookOf how a row looks now; undefined where it is gone
   */
  take(time: number, lookOf: (key: Key) => RowLook | undefined): Key[] {
    const rows: Key[] = [];
    for (const key of this.#waiting) {
      const displayed = this.#displayed.get(key);
      const look = lookOf(key);
      if (displayed === undefined || look === undefined || look.text === displayed.look.text) {
        this.#waiting.delete(key);
        continue;
      }
      const isUrgent = look.kind !== displayed.look.kind;
      if (!isUrgent && (time - displayed.time < CALM || rows.length >= MAX_ROWS)) continue;
      rows.push(key);
      this.drawn(key, look, time);
    }
    return rows;
  }
}
