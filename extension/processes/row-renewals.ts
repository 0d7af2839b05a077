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
  /** What the mouse over it tells since then. VS Code asks for that once, and keeps it until the row is redrawn. */
  readonly description?: { readonly text: string; readonly time: number };
}

/** How displayed rows are now. */
export interface Rows<Key> {
  /** Returns how a row looks, and undefined if it is gone. */
  lookOf(key: Key): RowLook | undefined;
  /** Returns what the mouse over a row tells. */
  descriptionOf(key: Key): string | undefined;
}

/** Maximum number of rows that are redrawn together. The thread that draws them also displays what the user types. */
const MAX_ROWS = 20;

/** Milliseconds for which a row stays as it is unless its kind changes. Otherwise the row of a busy process would flicker. */
const CALM = 2000;

/** Milliseconds for which a description can be read before it is renewed: it disappears when its row is redrawn. */
const READING = 5000;

/** Decides which rows of a tree are redrawn, and when: rows that look or are described differently, a few at a time. */
export class RowRenewals<Key> {
  readonly #displayed = new Map<Key, DisplayedRow>();
  /** Rows that may be different, in the order in which they became so. */
  readonly #waiting = new Set<Key>();

  /** Called when a row has been drawn. */
  drawn(key: Key, look: RowLook, time: number): void {
    this.#displayed.set(key, { look, time });
    this.#waiting.delete(key);
  }

  /** Called when a row is described, as it is where the mouse is over it. */
  described(key: Key, text: string, time: number): void {
    const displayed = this.#displayed.get(key);
    if (displayed !== undefined) this.#displayed.set(key, { ...displayed, description: { text, time } });
  }

  /** Called when a row or its description may be different. Its look is computed when its turn comes. */
  changed(key: Key): void {
    if (this.#displayed.has(key)) this.#waiting.add(key);
  }

  forget(key: Key): void {
    this.#displayed.delete(key);
    this.#waiting.delete(key);
  }

  /** Rows that may be different and are not redrawn yet. */
  get waiting(): ReadonlySet<Key> {
    return this.#waiting;
  }

  /** Returns the rows to redraw now. */
  take(time: number, { lookOf, descriptionOf }: Rows<Key>): Key[] {
    const rows: Key[] = [];
    for (const key of this.#waiting) {
      const displayed = this.#displayed.get(key);
      const look = lookOf(key);
      const looksSame = look?.text === displayed?.look.text;
      const description = displayed?.description;
      const isSame = looksSame && (description === undefined || description.text === descriptionOf(key));
      if (displayed === undefined || look === undefined || isSame) {
        this.#waiting.delete(key);
        continue;
      }
      const isUrgent = look.kind !== displayed.look.kind;
      if (!isUrgent && (time - displayed.time < CALM || rows.length >= MAX_ROWS)) continue;
      if (looksSame && description !== undefined && time - description.time < READING) continue;
      rows.push(key);
      this.drawn(key, look, time);
    }
    return rows;
  }
}
