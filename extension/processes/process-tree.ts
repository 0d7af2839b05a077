import * as vscode from 'vscode';
import type { ProcessKey } from '../../runtime/inspect/protocol.ts';
import type { Program, Programs } from './program.ts';
import { Throttle } from './throttle.ts';
import { descriptionOf, lookOf, moreItem, processItem, programItem, uriOf } from './tree-items.ts';
import {
  type MoreNode,
  NEXT_PAGE,
  NodesOfProgram,
  type ProcessNode,
  type Renewal,
  type TreeNode,
} from './tree-nodes.ts';

/** Minimum milliseconds between two refreshes. */
const REFRESH_INTERVAL = 250;

/** Milliseconds after a command of the user during which changes are drawn as soon as they are known. */
const HURRY = 1000;

/** Milliseconds between two removals of processes that ended too long ago. */
const EXPIRY_INTERVAL = 1000;

/** The tree of programs and their processes. It displays children in pages, and redraws only what looks different. */
export class ProcessTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #programs: Programs;
  readonly #changed = new vscode.EventEmitter<TreeNode[] | undefined>();
  readonly #decorationsChanged = new vscode.EventEmitter<vscode.Uri[]>();
  readonly #refreshed = new vscode.EventEmitter<void>();
  readonly #drawn = new vscode.EventEmitter<void>();
  readonly #nodes = new Map<Program, NodesOfProgram>();
  readonly #throttle = new Throttle(REFRESH_INTERVAL, () => this.#refresh());
  readonly #subscriptions: vscode.Disposable;
  #expiry: NodeJS.Timeout | undefined;
  /** When the user did something to a process last, in milliseconds. */
  #hurried = Number.NEGATIVE_INFINITY;
  #isVisible = false;
  #isStale = false;
  #isDrawing = false;
  readonly onDidChangeTreeData = this.#changed.event;
  readonly onDidChangeDecorations = this.#decorationsChanged.event;
  /** Fires when whatever displays processes should be updated. */
  readonly onDidRefresh = this.#refreshed.event;
  /** Fires when VS Code has asked for rows, and knows their nodes. */
  readonly onDidDraw = this.#drawn.event;

  constructor(programs: Programs) {
    this.#programs = programs;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      this.#decorationsChanged,
      this.#refreshed,
      this.#drawn,
      programs.onDidChangeList(() => this.#listChanged()),
      programs.onDidChangeProcesses(() => {
        if (performance.now() - this.#hurried < HURRY) this.#throttle.flush();
        else this.#throttle.request();
      }),
    );
  }

  dispose(): void {
    clearInterval(this.#expiry);
    this.#throttle.dispose();
    this.#subscriptions.dispose();
  }

  /** Whether the view is visible. A hidden tree is not redrawn. */
  set isVisible(visible: boolean) {
    this.#isVisible = visible;
    if (visible && this.#isStale) this.#changed.fire(undefined);
    this.#isStale = false;
  }

  /** Called when the user has done something to a process, and waits to see it. */
  hurry(): void {
    this.#hurried = performance.now();
  }

  /** Number of paused and held processes of all programs. */
  get stopped(): number {
    let count = 0;
    for (const nodes of this.#nodes.values()) count += nodes.stopped.size;
    return count;
  }

  showMore({ program, parent }: MoreNode): void {
    const nodes = this.#of(program);
    nodes.limits.set(parent, nodes.limit(parent) + NEXT_PAGE);
    this.#changed.fire([parent === null ? nodes.root : nodes.process(parent)]);
  }

  /** Returns the node of a process to be revealed. The process is displayed from now on, even if its page is not. */
  nodeOf(program: Program, key: ProcessKey): ProcessNode {
    const nodes = this.#of(program);
    for (let at: ProcessKey | null = key; at !== null; at = program.model.parentOf(at)) {
      const parent = program.model.parentOf(at);
      if (nodes.shows(at, parent)) continue;
      nodes.pinned.add(at);
      this.#changed.fire([parent === null ? nodes.root : nodes.process(parent)]);
    }
    return nodes.process(key);
  }

  // -- what the view asks --------------------------------------------------------------------------------

  getChildren(node?: TreeNode): TreeNode[] {
    if (node === undefined) return this.#programs.list.map((program) => this.#of(program).root);
    if (node.kind === 'more') return [];
    return this.#of(node.program).childrenOf(node.kind === 'program' ? null : node.key);
  }

  getParent(node: TreeNode): TreeNode | undefined {
    if (node.kind === 'program') return undefined;
    const nodes = this.#of(node.program);
    const parent = node.kind === 'more' ? node.parent : node.program.model.parentOf(node.key);
    return parent === null ? nodes.root : nodes.process(parent);
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    this.#drawing();
    switch (node.kind) {
      case 'program':
        return programItem(node);
      case 'more':
        return moreItem(node, this.#of(node.program).hidden(node.parent));
      case 'process': {
        const look = lookOf(node);
        if (look !== undefined) this.#of(node.program).rows.drawn(node.key, look, performance.now());
        return processItem(node);
      }
    }
  }

  resolveTreeItem(item: vscode.TreeItem, node: TreeNode): vscode.TreeItem {
    if (node.kind !== 'process') return item;
    const text = descriptionOf(node);
    if (text === undefined) return item;
    this.#of(node.program).rows.described(node.key, text, performance.now());
    item.tooltip = new vscode.MarkdownString(text);
    return item;
  }

  /** Called when VS Code asks for a row. It takes note of the node when it has it. */
  #drawing(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    setImmediate(() => {
      this.#isDrawing = false;
      this.#drawn.fire();
    });
  }

  // -- renewing ------------------------------------------------------------------------------------------

  #of(program: Program): NodesOfProgram {
    let nodes = this.#nodes.get(program);
    if (nodes === undefined) {
      nodes = new NodesOfProgram(program);
      this.#nodes.set(program, nodes);
    }
    return nodes;
  }

  #listChanged(): void {
    const programs = new Set(this.#programs.list);
    for (const program of this.#nodes.keys()) if (!programs.has(program)) this.#nodes.delete(program);
    clearInterval(this.#expiry);
    if (programs.size > 0) this.#expiry = setInterval(() => this.#expire(), EXPIRY_INTERVAL);
    if (this.#isVisible) this.#changed.fire(undefined);
    else this.#isStale = true;
    this.#refreshed.fire();
  }

  #expire(): void {
    const now = Date.now();
    const hasChanged = this.#programs.list.map(({ model }) => model.expire(now)).includes(true);
    if (hasChanged) this.#throttle.request();
  }

  #refresh(): void {
    const renewals: Renewal[] = [];
    const now = performance.now();
    let isWaiting = false;
    for (const program of this.#programs.list) {
      const ours = this.#of(program);
      ours.update();
      if (!this.#isVisible) continue;
      renewals.push(ours.take(now, { lookOf, descriptionOf }));
      isWaiting ||= ours.isWaiting;
    }
    if (!this.#isVisible) this.#isStale = true;
    const nodes = renewals.flatMap((renewal) => renewal.nodes);
    const decorated = renewals.flatMap((renewal) => renewal.decorated);
    if (nodes.length > 0) this.#changed.fire(nodes);
    if (decorated.length > 0) this.#decorationsChanged.fire(decorated.map(uriOf));
    if (isWaiting) this.#throttle.request();
    this.#refreshed.fire();
  }
}
