/** The parts of VS Code's `TreeView` that are used. */
interface SelectableView<Node> {
  readonly selection: readonly Node[];
  readonly onDidChangeSelection: Listen<{ readonly selection: readonly Node[] }>;
}

type Listen<T> = (listener: (event: T) => void) => { dispose(): unknown };

/** Milliseconds after which a row that VS Code has not told of until then has gone. */
const PATIENCE = 1000;

/**
 * Which row of a tree is selected, also while VS Code redraws the tree. From the time when it begins with that until it has asked
 * for the rows again, VS Code's extension host cannot tell which nodes they stand for: nothing seems to be selected, and if another
 * row is selected meanwhile, that nothing is selected is all that an extension gets to know.
 */
export class TreeSelection<Node> {
  readonly #view: SelectableView<Node>;
  readonly #onDidDraw: Listen<void>;
  readonly #subscription: { dispose(): unknown };
  /** The node that VS Code told of last, unless another one has been selected since. */
  #known: Node | undefined;
  /** Ends a wait for the node of a row that may be selected, once it is known or has gone. */
  #settle = () => {};
  #settled: Promise<void> | null = null;

  /** @param onDidDraw tells that VS Code has asked for rows, and knows their nodes */
  constructor(view: SelectableView<Node>, onDidDraw: Listen<void>) {
    this.#view = view;
    this.#onDidDraw = onDidDraw;
    this.#known = view.selection[0];
    this.#subscription = view.onDidChangeSelection(({ selection: [node] }) => {
      this.#settle();
      this.#known = node;
      if (node === undefined) this.#settled = this.#wait();
    });
  }

  dispose(): void {
    this.#settle();
    this.#subscription.dispose();
  }

  /** Returns the node of the row that is selected. If VS Code is about to redraw it, that takes until it has. */
  async node(): Promise<Node | undefined> {
    while (this.#settled !== null) await this.#settled;
    return this.#view.selection[0] ?? this.#known;
  }

  #wait(): Promise<void> {
    return new Promise((done) => {
      const look = () => {
        if (this.#view.selection.length > 0) this.#settle();
      };
      const drawn = this.#onDidDraw(look);
      const timer = setTimeout(() => this.#settle(), PATIENCE);
      this.#settle = () => {
        clearTimeout(timer);
        drawn.dispose();
        this.#settle = () => {};
        this.#settled = null;
        this.#known = this.#view.selection[0];
        done();
      };
    });
  }
}
