/** The nodes of the view of processes. VS Code knows a node by its identity. */
import type { ProcessKey } from '../../runtime/inspect/protocol.ts';
import type { Program } from './program.ts';
import { RowRenewals, type Rows } from './row-renewals.ts';

/** Number of children that are displayed at first, and that each request for more adds. */
const FIRST_PAGE = 100;
export const NEXT_PAGE = 500;

/** If a program has more rows than this, all of them are redrawn at most once in these milliseconds. */
const MANY_ROWS = 30;
const CALM = 1000;

export interface ProgramNode {
  readonly kind: 'program';
  readonly program: Program;
}

export interface ProcessNode {
  readonly kind: 'process';
  readonly program: Program;
  readonly key: ProcessKey;
}

/** Stands for the children that are not displayed. */
export interface MoreNode {
  readonly kind: 'more';
  readonly program: Program;
  readonly parent: ProcessKey | null;
}

export type TreeNode = ProgramNode | ProcessNode | MoreNode;

/** Numbers of children that are not displayed: those that the model has, and those that it only counts. */
export interface Hidden {
  readonly kept: number;
  readonly counted: number;
}

/** Nodes to be redrawn, and nodes whose decorations are. */
export interface Renewal {
  readonly nodes: readonly TreeNode[];
  readonly decorated: readonly ProcessNode[];
}

/** The nodes of a program that are or were displayed. */
export class NodesOfProgram {
  readonly root: ProgramNode;
  readonly limits = new Map<ProcessKey | null, number>();
  /** Processes that are displayed although they are beyond the limit of their parent. */
  readonly pinned = new Set<ProcessKey>();
  /** The rows of processes. */
  readonly rows = new RowRenewals<ProcessKey>();
  /** Processes whose children have changed since they were drawn; null stands for the program. */
  readonly parents = new Set<ProcessKey | null>();
  /** Processes that are paused or held. */
  readonly stopped = new Set<ProcessKey>();
  /** When children were redrawn last, in milliseconds. */
  #drawn = 0;
  readonly #program: Program;
  readonly #processes = new Map<ProcessKey, ProcessNode>();
  readonly #more = new Map<ProcessKey | null, MoreNode>();

  constructor(program: Program) {
    this.#program = program;
    this.root = { kind: 'program', program };
  }

  /** Takes the changes of the model. */
  update(): void {
    const { changed, parents, removed } = this.#program.model.takeChanges();
    for (const key of removed) this.forget(key);
    for (const key of changed) {
      this.rows.changed(key);
      const state = this.#program.model.get(key)?.state;
      if (state === 'paused' || state === 'held') this.stopped.add(key);
      else this.stopped.delete(key);
    }
    for (const parent of parents) this.parents.add(parent);
  }

  /** Whether anything that is displayed is out of date. */
  get isWaiting(): boolean {
    return this.rows.waiting.size > 0 || this.parents.size > 0;
  }

  /** Returns what to redraw now. Redrawing a node redraws everything below it. */
  take(time: number, { lookOf, descriptionOf }: Rows<ProcessNode>): Renewal {
    const nodes: TreeNode[] = [];
    const decorated = new Set<ProcessKey>();
    const isCalm = this.#processes.size > MANY_ROWS && time - this.#drawn < CALM;
    if (this.parents.size > 0 && !isCalm) {
      this.#drawn = time;
      for (const parent of this.parents) {
        const node = parent === null ? this.root : this.#processes.get(parent);
        if (node !== undefined) nodes.push(node);
      }
      this.parents.clear();
      for (const key of this.rows.waiting) decorated.add(key);
    }
    const ask =
      <T>(about: (node: ProcessNode) => T) =>
      (key: ProcessKey) => {
        const node = this.#processes.get(key);
        return node === undefined ? undefined : about(node);
      };
    const rows = this.rows.take(time, { lookOf: ask(lookOf), descriptionOf: ask(descriptionOf) });
    for (const key of rows) {
      nodes.push(this.process(key));
      decorated.add(key);
    }
    return { nodes, decorated: [...decorated].map((key) => this.process(key)) };
  }

  limit(parent: ProcessKey | null): number {
    return this.limits.get(parent) ?? FIRST_PAGE;
  }

  /** Whether a child is displayed: it is on its parent's pages, or pinned. */
  shows(key: ProcessKey, parent: ProcessKey | null): boolean {
    const place = this.#program.model.childrenOf(parent).indexOf(key);
    return place < this.limit(parent) || this.pinned.has(key);
  }

  /** Counts the children that are not displayed. */
  hidden(parent: ProcessKey | null): Hidden {
    const { model } = this.#program;
    const shown = this.#shownKeys(parent).length;
    return {
      kept: model.childCount(parent) - shown,
      counted: parent === null && model.isFull ? Math.max(0, model.total - model.size) : 0,
    };
  }

  childrenOf(parent: ProcessKey | null): TreeNode[] {
    const nodes: TreeNode[] = this.#shownKeys(parent).map((key) => this.process(key));
    const { kept, counted } = this.hidden(parent);
    if (kept + counted > 0) nodes.push(this.#moreOf(parent));
    return nodes;
  }

  #shownKeys(parent: ProcessKey | null): readonly ProcessKey[] {
    const children = this.#program.model.childrenOf(parent);
    const limit = this.limit(parent);
    if (children.length <= limit) return children;
    const page = children.slice(0, limit);
    return this.pinned.size === 0
      ? page
      : page.concat(children.slice(limit).filter((key) => this.pinned.has(key)));
  }

  process(key: ProcessKey): ProcessNode {
    let node = this.#processes.get(key);
    if (node === undefined) {
      node = { kind: 'process', program: this.#program, key };
      this.#processes.set(key, node);
    }
    return node;
  }

  shown(key: ProcessKey): ProcessNode | undefined {
    return this.#processes.get(key);
  }

  forget(key: ProcessKey): void {
    this.#processes.delete(key);
    this.rows.forget(key);
    this.stopped.delete(key);
    this.#more.delete(key);
    this.limits.delete(key);
    this.pinned.delete(key);
  }

  #moreOf(parent: ProcessKey | null): MoreNode {
    let node = this.#more.get(parent);
    if (node === undefined) {
      node = { kind: 'more', program: this.#program, parent };
      this.#more.set(parent, node);
    }
    return node;
  }
}
