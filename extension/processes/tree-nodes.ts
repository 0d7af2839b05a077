/** What the view of processes displays: nodes, which a view knows by their identity. */
import type { ProcessKey } from '../../runtime/inspect/protocol.ts';
import type { Program } from './program.ts';
import { type RowLook, RowRenewals } from './row-renewals.ts';

/** Children that are displayed of a process before somebody asks for more, and how many more. */
const FIRST_PAGE = 100;
export const NEXT_PAGE = 500;

/** Rows of a program that are too many to be drawn again and again, and milliseconds between two times that they are. */
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

/** Stands for the children that are not shown. */
export interface MoreNode {
  readonly kind: 'more';
  readonly program: Program;
  readonly parent: ProcessKey | null;
}

export type TreeNode = ProgramNode | ProcessNode | MoreNode;

/** Children that are not displayed: those that are known, and those of which only the number is known. */
export interface Hidden {
  readonly kept: number;
  readonly counted: number;
}

/** Nodes that are to be displayed anew, and those whose decorations are. */
export interface Renewal {
  readonly nodes: readonly TreeNode[];
  readonly decorated: readonly ProcessNode[];
}

/** The nodes of a program that are or were on display: a view knows nodes by their identity. */
export class NodesOfProgram {
  readonly root: ProgramNode;
  readonly limits = new Map<ProcessKey | null, number>();
  /** Processes that are shown although they are beyond the limit of their parent. */
  readonly pinned = new Set<ProcessKey>();
  /** Rows of processes that look different. */
  readonly rows = new RowRenewals<ProcessKey>();
  /** Processes that have other children than those that are displayed; null stands for the program. */
  readonly parents = new Set<ProcessKey | null>();
  /** Processes that somebody should look at. */
  readonly stopped = new Set<ProcessKey>();
  /** When children were displayed anew last, in milliseconds. */
  #drawn = 0;
  readonly #program: Program;
  readonly #processes = new Map<ProcessKey, ProcessNode>();
  readonly #more = new Map<ProcessKey | null, MoreNode>();

  constructor(program: Program) {
    this.#program = program;
    this.root = { kind: 'program', program };
  }

  /** Takes what has changed in the model. */
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

  /** Whether something that is displayed is out of date. */
  get isWaiting(): boolean {
    return this.rows.waiting.size > 0 || this.parents.size > 0;
  }

  /** What is to be displayed anew now. With a node all below it is. */
  take(time: number, lookOf: (node: ProcessNode) => RowLook | undefined): Renewal {
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
    const rows = this.rows.take(time, (key) => {
      const node = this.#processes.get(key);
      return node === undefined ? undefined : lookOf(node);
    });
    for (const key of rows) {
      nodes.push(this.process(key));
      decorated.add(key);
    }
    return { nodes, decorated: [...decorated].map((key) => this.process(key)) };
  }

  limit(parent: ProcessKey | null): number {
    return this.limits.get(parent) ?? FIRST_PAGE;
  }

  /** Whether a child is on its parent's page, or shown besides. */
  shows(key: ProcessKey, parent: ProcessKey | null): boolean {
    const place = this.#program.model.childrenOf(parent).indexOf(key);
    return place < this.limit(parent) || this.pinned.has(key);
  }

  /** Children that are not shown: those that could be, and those that are only counted. */
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
