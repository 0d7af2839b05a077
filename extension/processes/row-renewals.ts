/** How a row looks. */
export interface RowLook {
  /** Everything that the row displays, in one string. */
  readonly text: string;
  /** The part that users wait for, such as whether the process is stopped. A change of it is drawn at once. */
  readonly kind: string;
}

interface DisplayedRow {
  readonly look: RowLook;
  /** When it was drawn, in milliseconds. */
  readonly time: number;
}

/** Maximum number of rows that are redrawn together. The thread that draws them also displays what the user types. */
const MAX_ROWS = 20;

/** Milliseconds for which a row stays as it is unless its kind changes. Otherwise the row of a busy process would flicker. */
const CALM = 2000;

/** Decides which rows of a tree are redrawn, and when: rows that look different, a few at a time. */
export class RowRenewals<Key> {
  readonly #displayed = new Map<Key, DisplayedRow>();
  /** Rows that may look different, in the order in which they became so. */
  readonly #waiting = new Set<Key>();

  /** Called when a row has been drawn. */
  drawn(key: Key, look: RowLook, time: number): void {
    this.#displayed.set(key, { look, time });
    this.#waiting.delete(key);
  }

  /** Called when a row may look different. Its look is computed when its turn comes. */
  changed(key: Key): void {
    if (this.#displayed.has(key)) this.#waiting.add(key);
  }

  forget(key: Key): void {
    this.#displayed.delete(key);
    this.#waiting.delete(key);
  }

  /** Rows that may look different and are not redrawn yet. */
  get waiting(): ReadonlySet<Key> {
    return this.#waiting;
  }

  /**
   * Returns the rows to redraw now.
   * @param lookOf returns how a row looks now, and undefined if it is gone
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
