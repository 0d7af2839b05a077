/** The items of the view of processes: how its nodes look. */
import * as vscode from 'vscode';
import {
  countOf,
  grouped,
  processActivity,
  processName,
  processRows,
  type ViewedProcess,
} from '../../runtime/inspect/view/index.ts';
import { iconOf, type ProcessIcon } from './process-icon.ts';
import type { RowLook } from './row-renewals.ts';
import { type Hidden, type MoreNode, NEXT_PAGE, type ProcessNode, type ProgramNode } from './tree-nodes.ts';

/** Scheme of the URIs that name processes, for decorations and documents. */
export const PROCESS_SCHEME = 'lunatic-process';

/** The parent of a process, if it is known. */
export function parentOf({ program, key }: ProcessNode): ViewedProcess | undefined {
  const parent = program.model.get(key)?.parent ?? null;
  return parent === null ? undefined : program.model.get(parent);
}

/** The URI under which a process is decorated. */
export function uriOf({ program, key }: ProcessNode): vscode.Uri {
  return vscode.Uri.from({ scheme: PROCESS_SCHEME, authority: program.id, path: `/${key}` });
}

export function programItem({ program }: ProgramNode): vscode.TreeItem {
  const item = new vscode.TreeItem(program.name, vscode.TreeItemCollapsibleState.Expanded);
  item.id = program.id;
  item.description = countOf(program.model.total, 'process');
  item.iconPath = new vscode.ThemeIcon(program.isPlainRun ? 'play' : 'debug-alt');
  item.contextValue = 'lunaticProgram';
  item.tooltip = `${program.session.configuration['program'] ?? program.session.configuration['url'] ?? program.name}`;
  return item;
}

export function moreItem(node: MoreNode, { kept, counted }: Hidden): vscode.TreeItem {
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

export function processItem(node: ProcessNode): vscode.TreeItem {
  const { program, key } = node;
  const { model } = program;
  const info = model.get(key);
  const id = `${program.id}/${key}`;
  // The process has gone since VS Code was told of it.
  if (info === undefined) return Object.assign(new vscode.TreeItem('...'), { id });
  // The first process is expanded, since a program of one line says little. It must be so from the start: VS Code keeps an item
  // collapsed that had no children when it was drawn first.
  const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
  const children = model.childCount(key);
  const state = model.parentOf(key) === null ? Expanded : children === 0 ? None : Collapsed;
  const item = new vscode.TreeItem(processName(info), state);
  item.id = id;
  item.description = besideName(info, children);
  item.iconPath = themeIcon(iconOf(info));
  item.resourceUri = uriOf(node);
  item.contextValue = `lunaticProcess.${kindOf(info)}`;
  item.accessibilityInformation = { label: spoken(info) };
  return item;
}

/** The text for screen readers. It also tells what only the colour of the row shows. */
function spoken(info: ViewedProcess): string {
  const activity = processActivity(info);
  const mail = countOf(info.mailbox, 'message');
  const words =
    info.state !== 'ended' ? [activity, mail] : activity === 'ended' ? ['ended'] : ['ended', activity];
  return [processName(info), ...words].join(', ');
}

/** The look of a process's row; undefined if the process is gone. */
export function lookOf(node: ProcessNode): RowLook | undefined {
  const { model } = node.program;
  const info = model.get(node.key);
  if (info === undefined) return undefined;
  const { icon, color } = iconOf(info);
  const badge = Math.min(info.mailbox, MAX_BADGE + 1);
  const kind = kindOf(info);
  const parts = [processName(info), besideName(info, model.childCount(node.key)), icon, color, badge, kind];
  return { text: parts.join('\n'), kind };
}

function kindOf({ state }: ViewedProcess): 'going' | 'held' | 'ended' {
  if (state === 'ended') return 'ended';
  return state === 'paused' || state === 'held' ? 'held' : 'going';
}

/** Maximum number that a badge has room for. */
const MAX_BADGE = 99;

/** Number of children from which on the row tells it. */
const MANY_CHILDREN = 10;

/** The text beside a process's name. */
function besideName(info: ViewedProcess, children: number): string {
  const parts = [processActivity(info)];
  if (info.mailbox > MAX_BADGE) parts.push(countOf(info.mailbox, 'message'));
  if (children >= MANY_CHILDREN) parts.push(`${grouped(children)} children`);
  return parts.join(' · ');
}

/** The decoration of a process's name: the number of messages in its mailbox, and grey if it has ended. */
export function decorationOf(info: ViewedProcess): vscode.FileDecoration | undefined {
  const { mailbox, state } = info;
  if (state === 'ended') return { color: new vscode.ThemeColor('disabledForeground') };
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

/** What the mouse over a process tells, in Markdown; undefined if the process is gone. */
export function descriptionOf(node: ProcessNode): string | undefined {
  const info = node.program.model.get(node.key);
  if (info === undefined) return undefined;
  const rows = processRows(info, parentOf(node)).map(([name, value]) => `| ${name} | ${escaped(value)} |`);
  return `**${escaped(processName(info))}**\n\n| | |\n| --- | --- |\n${rows.join('\n')}`;
}

/** Escapes a text that a guest has chosen, so that it does not become markup. */
function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~$&]/g, '\\$&').replace(/\s+/g, ' ');
}
