import * as vscode from 'vscode';
import type { ProcessKey } from '../../runtime/inspect/protocol.ts';
import {
  countOf,
  grouped,
  processActivity,
  processName,
  processRows,
  type ViewedProcess,
} from '../../runtime/inspect/view/index.ts';
import { iconOf, type ProcessIcon } from './process-icon.ts';
import type { Program, Programs } from './program.ts';
import { Throttle } from './throttle.ts';

/** Children that are shown of a process before somebody asks for more, and how many more. */
const FIRST_PAGE = 100;
const NEXT_PAGE = 500;

/** Milliseconds between two refreshes, at least. */
const REFRESH_INTERVAL = 250;

/** Milliseconds that the time since when a process is at something may be wrong where nothing else has changed. */
const SINCE_GRAIN = 10_000;

export const PROCESS_SCHEME = 'lunatic-process';

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

/** The tree of programs and their processes. It shows pages, and renews what is different and on display. */
export class ProcessTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #programs: Programs;
  readonly #changed = new vscode.EventEmitter<TreeNode[] | undefined>();
  readonly #badgesChanged = new vscode.EventEmitter<vscode.Uri[]>();
  readonly #refreshed = new vscode.EventEmitter<void>();
  readonly #nodes = new Map<Program, NodesOfProgram>();
  readonly #throttle = new Throttle(REFRESH_INTERVAL, () => this.#refresh());
  readonly #subscriptions: vscode.Disposable;
  #isVisible = false;
  #isStale = false;
  readonly onDidChangeTreeData = this.#changed.event;
  readonly onDidChangeBadges = this.#badgesChanged.event;
  /** What is shown of processes anywhere should be looked at anew. */
  readonly onDidRefresh = this.#refreshed.event;

  constructor(programs: Programs) {
    this.#programs = programs;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      this.#badgesChanged,
      this.#refreshed,
      programs.onDidChangeList(() => this.#listChanged()),
      programs.onDidChangeProcesses(() => this.#throttle.request()),
    );
  }

  dispose(): void {
    this.#throttle.dispose();
    this.#subscriptions.dispose();
  }

  /** While nobody sees the tree it is not renewed. */
  set isVisible(visible: boolean) {
    this.#isVisible = visible;
    if (visible && this.#isStale) this.#changed.fire(undefined);
    this.#isStale = false;
  }

  showMore({ program, parent }: MoreNode): void {
    const nodes = this.#of(program);
    nodes.limits.set(parent, nodes.limit(parent) + NEXT_PAGE);
    this.#changed.fire([parent === null ? nodes.root : nodes.process(parent)]);
  }

  /** The node of a process, to be revealed: it is shown from now on, also where its page is not. */
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
    switch (node.kind) {
      case 'program':
        return programItem(node);
      case 'more':
        return moreItem(node, this.#of(node.program).hidden(node.parent));
      case 'process':
        return processItem(node);
    }
  }

  resolveTreeItem(item: vscode.TreeItem, node: TreeNode): vscode.TreeItem {
    if (node.kind !== 'process') return item;
    const info = node.program.model.get(node.key);
    if (info !== undefined) item.tooltip = tooltipOf(info, parentOf(node));
    return item;
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
    this.#fire(undefined);
    this.#refreshed.fire();
  }

  #refresh(): void {
    const nodes: TreeNode[] = [];
    const badges: vscode.Uri[] = [];
    for (const program of this.#programs.list) {
      const { changed, parents, removed } = program.model.takeChanges();
      const ours = this.#of(program);
      for (const key of removed) ours.forget(key);
      for (const key of changed) {
        const node = ours.shown(key);
        if (node === undefined) continue;
        if (!ours.looksNew(key)) continue;
        badges.push(uriOf(node));
        if (!parents.has(key)) nodes.push(node);
      }
      for (const parent of parents) {
        const node = parent === null ? ours.root : ours.shown(parent);
        if (node !== undefined) nodes.push(node);
      }
    }
    if (nodes.length > 0) this.#fire(nodes);
    if (badges.length > 0 && this.#isVisible) this.#badgesChanged.fire(badges);
    this.#refreshed.fire();
  }

  #fire(nodes: TreeNode[] | undefined): void {
    if (this.#isVisible) this.#changed.fire(nodes);
    else this.#isStale = true;
  }
}

interface Hidden {
  readonly kept: number;
  readonly counted: number;
}

/** The nodes of a program that are or were on display: a view knows nodes by their identity. */
class NodesOfProgram {
  readonly root: ProgramNode;
  readonly limits = new Map<ProcessKey | null, number>();
  /** Processes that are shown although they are beyond the limit of their parent. */
  readonly pinned = new Set<ProcessKey>();
  readonly #program: Program;
  readonly #processes = new Map<ProcessKey, ProcessNode>();
  readonly #more = new Map<ProcessKey | null, MoreNode>();
  /** What is shown of them. */
  readonly #looks = new Map<ProcessKey, string>();

  constructor(program: Program) {
    this.#program = program;
    this.root = { kind: 'program', program };
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

  /**
   * Whether a process looks different from when this was asked last. The editor takes the focus back for a tree that is
   * renewed, and that should not happen all the time because a process sleeps, works and sleeps again.
   */
  looksNew(key: ProcessKey): boolean {
    const info = this.#program.model.get(key);
    if (info === undefined) return true;
    const look = JSON.stringify({ ...info, since: Math.floor(info.since / SINCE_GRAIN) });
    const isNew = this.#looks.get(key) !== look;
    this.#looks.set(key, look);
    return isNew;
  }

  forget(key: ProcessKey): void {
    this.#processes.delete(key);
    this.#looks.delete(key);
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

/** The process that started one, if it is known. */
function parentOf({ program, key }: ProcessNode): ViewedProcess | undefined {
  const parent = program.model.get(key)?.parent ?? null;
  return parent === null ? undefined : program.model.get(parent);
}

/** Names a process for decorations. */
export function uriOf({ program, key }: ProcessNode): vscode.Uri {
  return vscode.Uri.from({ scheme: PROCESS_SCHEME, authority: program.id, path: `/${key}` });
}

function programItem({ program }: ProgramNode): vscode.TreeItem {
  const item = new vscode.TreeItem(program.name, vscode.TreeItemCollapsibleState.Expanded);
  item.id = program.id;
  item.description = countOf(program.model.total, 'process');
  item.iconPath = new vscode.ThemeIcon(program.isPlainRun ? 'play' : 'debug-alt');
  item.contextValue = 'lunaticProgram';
  item.tooltip = `${program.session.configuration['program'] ?? program.session.configuration['url'] ?? program.name}`;
  return item;
}

function moreItem(node: MoreNode, { kept, counted }: Hidden): vscode.TreeItem {
  const item = new vscode.TreeItem(`${countOf(kept + counted, 'more process')} ...`);
  item.id = `${node.program.id}/${node.parent ?? ''}/more`;
  item.contextValue = 'lunaticMore';
  if (kept === 0) {
    item.tooltip = 'Of these only the number is known. Find Process looks among them too.';
    return item;
  }
  item.command = { command: 'lunatic.loadMoreProcesses', title: 'Load More', arguments: [node] };
  item.tooltip = `Shows ${grouped(Math.min(NEXT_PAGE, kept))} more`;
  return item;
}

function processItem(node: ProcessNode): vscode.TreeItem {
  const { program, key } = node;
  const { model } = program;
  const info = model.get(key);
  const id = `${program.id}/${key}`;
  // It has ended since the view was told of it.
  if (info === undefined)
    return Object.assign(new vscode.TreeItem(`#${key.slice(key.indexOf(':') + 1)}`), { id });
  // The first process is open: who looks at a program wants to see more than one line. It must be so from the start,
  // since what was shown without children stays closed when it gets some.
  const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
  const children = model.childCount(key);
  const state = model.parentOf(key) === null ? Expanded : children === 0 ? None : Collapsed;
  const item = new vscode.TreeItem(processName(info), state);
  item.id = id;
  item.description = descriptionOf(info, children);
  item.iconPath = themeIcon(iconOf(info));
  item.resourceUri = uriOf(node);
  item.contextValue = `lunaticProcess.${info.state === 'paused' || info.state === 'held' ? 'held' : 'going'}`;
  item.accessibilityInformation = {
    label: [processName(info), processActivity(info), countOf(info.mailbox, 'message')].join(', '),
  };
  return item;
}

/** More than a badge has room for. */
const MAX_BADGE = 99;

/** Children that nobody counts at a glance. */
const MANY_CHILDREN = 10;

function descriptionOf(info: ViewedProcess, children: number): string {
  const parts = [processActivity(info)];
  if (info.mailbox > MAX_BADGE) parts.push(countOf(info.mailbox, 'message'));
  if (children >= MANY_CHILDREN) parts.push(`${grouped(children)} children`);
  return parts.join(' · ');
}

/** The badge of a process: how many messages are in its mailbox. */
export function mailboxBadge(info: ViewedProcess): vscode.FileDecoration | undefined {
  const { mailbox } = info;
  if (mailbox === 0) return undefined;
  return {
    badge: mailbox > MAX_BADGE ? '9+' : `${mailbox}`,
    tooltip: `${countOf(mailbox, 'message')} in the mailbox`,
    ...(mailbox > MAX_BADGE ? { color: new vscode.ThemeColor('charts.orange') } : {}),
  };
}

function themeIcon({ icon, color }: ProcessIcon): vscode.ThemeIcon {
  return new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
}

function tooltipOf(info: ViewedProcess, parent: ViewedProcess | undefined): vscode.MarkdownString {
  const rows = processRows(info, parent).map(([name, value]) => `| ${name} | ${escaped(value)} |`);
  return new vscode.MarkdownString(
    `**${escaped(processName(info))}**\n\n| | |\n| --- | --- |\n${rows.join('\n')}`,
  );
}

/** What a program has chosen must not become markup. */
function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~$&]/g, '\\$&').replace(/\s+/g, ' ');
}
