import type { ProcessInfo } from '../inspect/protocol.ts';
import {
  type Branch,
  branchesOf,
  bytesOf,
  countOf,
  durationOf,
  processActivity,
} from '../inspect/view/index.ts';
import { displayName } from '../text/display-name.ts';
import { jsonText } from '../text/json-text.ts';
import { type ColorChoice, type Paint, paintFor, type Style, wantsColors } from './colors.ts';
import { allProcesses, lookAt } from './looking.ts';
import { isTerminal } from './terminal.ts';

const STDOUT = 1;

const GAP = '  ';
/** The width to which a column may be cut. */
const SMALLEST = 12;
/** The number of levels of the tree that are indented. */
const DEEPEST = 20;

/**
 * Lists the processes of a program, as a table or as JSON.
 * @throws CommandError
 */
export async function listProcesses(
  url: string,
  { json, color }: { readonly json: boolean; readonly color: ColorChoice },
): Promise<string> {
  return await lookAt(url, 'ps', async (client) => {
    const processes = await allProcesses(client);
    const { program, arguments: args, pid } = client.welcome;
    if (json) {
      const found = { program, arguments: args, pid, total: processes.length, processes };
      return `${jsonText(found, 2)}\n`;
    }
    return describeTable(processes, terminalWidth(), paintFor(wantsColors(STDOUT, color)), Date.now());
  });
}

/** The width of the terminal; infinite if the output is not a terminal. */
function terminalWidth(): number {
  return isTerminal(STDOUT) ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
}

const SCHEDULER = 'SCHEDULER';
const HEADINGS = ['PROCESS', SCHEDULER, 'STATE', 'SINCE', 'MAILBOX', 'MEMORY', 'ENTRY'];
/** Titles of columns that are aligned to the right: they hold numbers. */
const TO_THE_RIGHT = new Set([SCHEDULER, 'SINCE', 'MAILBOX', 'MEMORY']);
/** Columns that share the room that is left, in the order in which they are cut. */
const WIDE = ['ENTRY', 'STATE', 'PROCESS'];
const STYLES: Partial<Record<ProcessInfo['state'], Style>> = {
  ready: 'green',
  running: 'green',
  paused: 'yellow',
  held: 'red',
};

/** @param now a Unix time in milliseconds */
export function describeTable(
  processes: readonly ProcessInfo[],
  width: number,
  paint: Paint,
  now: number,
): string {
  if (processes.length === 0) return 'no process has begun\n';
  const branches = branchesOf(processes);
  // Most programs have one scheduler.
  const isShown = (_: unknown, column: number) =>
    HEADINGS[column] !== SCHEDULER || processes.some(({ scheduler }) => scheduler !== undefined);
  const headings = HEADINGS.filter(isShown);
  const rows = branches.map((branch) => cellsOf(branch, now).filter(isShown));
  const widths = fitted(
    headings,
    headings.map((heading, i) =>
      rows.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), heading.length),
    ),
    width,
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => {
      const room = widths[i] ?? 0;
      const text = cut(cell, room);
      return TO_THE_RIGHT.has(headings[i] ?? '') ? text.padStart(room) : text.padEnd(room);
    });
  const lines = rows.map((row, i) => {
    const cells = line(row);
    const style = STYLES[branches[i]?.info.state ?? 'waiting'];
    const state = headings.indexOf('STATE');
    if (style !== undefined) cells[state] = paint(style, cells[state] ?? '');
    return cells.join(GAP).trimEnd();
  });
  const head = paint('bold', line(headings).join(GAP).trimEnd());
  return `${[head, ...lines, countOf(processes.length, 'process')].join('\n')}\n`;
}

function cellsOf({ info, depth }: Branch, now: number): string[] {
  const { id, environment, scheduler = 0, names, since, mailbox, memory, entry } = info;
  const named = names.length === 0 ? '' : ` (${names.map(displayName).join(', ')})`;
  const self = environment === 1 ? String(id) : `${environment}:${id}`;
  return [
    `${GAP.repeat(Math.min(depth, DEEPEST))}${self}${named}`,
    String(scheduler),
    displayName(processActivity(info)),
    durationOf(now - since),
    String(mailbox),
    bytesOf(memory),
    displayName(entry),
  ];
}

/** Narrows the columns that may be wide, one after the other, until all fit. */
function fitted(headings: readonly string[], widths: readonly number[], width: number): number[] {
  const sizes = [...widths];
  let over = sizes.reduce((sum, size) => sum + size, GAP.length * (sizes.length - 1)) - width;
  for (const heading of WIDE) {
    if (over <= 0) break;
    const column = headings.indexOf(heading);
    const size = sizes[column] ?? 0;
    const taken = Math.min(over, Math.max(0, size - SMALLEST));
    sizes[column] = size - taken;
    over -= taken;
  }
  return sizes;
}

function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}…`;
}
