import type { ProcessInfo } from '../inspect/protocol.ts';
import { displayName } from '../text/display-name.ts';
import { type ColorChoice, type Paint, paintFor, type Style, wantsColors } from './colors.ts';
import { allProcesses, lookAt } from './looking.ts';
import { count, describeBytes } from './module-text.ts';
import { type Branch, treeOf } from './process-tree.ts';
import { isTerminal } from './terminal.ts';

const STDOUT = 1;

/** Columns between which names and entries get what room is left. */
const GAP = '  ';
const SMALLEST = 12;
/** Levels of the tree that are indented. */
const DEEPEST = 20;

/**
 * The processes of a program, as a table or as JSON.
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
      return `${JSON.stringify(found, null, 2)}\n`;
    }
    return describeTable(processes, terminalWidth(), paintFor(wantsColors(STDOUT, color)), Date.now());
  });
}

/** Columns of the terminal; infinitely many where it goes elsewhere. */
function terminalWidth(): number {
  return isTerminal(STDOUT) ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
}

const HEADINGS = ['PROCESS', 'STATE', 'WAITS FOR', 'SINCE', 'MAILBOX', 'MEMORY', 'ENTRY'];
/** Numbers end below each other. */
const TO_THE_RIGHT = new Set(['SINCE', 'MAILBOX', 'MEMORY']);
const STYLES: Partial<Record<ProcessInfo['state'], Style>> = {
  ready: 'green',
  running: 'green',
  paused: 'yellow',
  trapped: 'red',
};

/** @param now a Unix time in milliseconds */
export function describeTable(
  processes: readonly ProcessInfo[],
  width: number,
  paint: Paint,
  now: number,
): string {
  if (processes.length === 0) return 'no process has begun\n';
  const branches = treeOf(processes);
  const rows = branches.map((branch) => cellsOf(branch, now));
  const widths = fitted(
    HEADINGS.map((heading, i) =>
      rows.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), heading.length),
    ),
    width,
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => {
      const room = widths[i] ?? 0;
      const text = cut(cell, room);
      return TO_THE_RIGHT.has(HEADINGS[i] ?? '') ? text.padStart(room) : text.padEnd(room);
    });
  const lines = rows.map((row, i) => {
    const cells = line(row);
    const style = STYLES[branches[i]?.info.state ?? 'waiting'];
    if (style !== undefined) cells[1] = paint(style, cells[1] ?? '');
    return cells.join(GAP).trimEnd();
  });
  const head = paint('bold', line(HEADINGS).join(GAP).trimEnd());
  const total = count(processes.length, 'process').replace('processs', 'processes');
  return `${[head, ...lines, total].join('\n')}\n`;
}

function cellsOf({ info, depth }: Branch, now: number): string[] {
  const { key, id, environment, names, state, waitsFor, since, mailbox, memory, entry, reason } = info;
  const named = names.length === 0 ? '' : ` (${names.map(displayName).join(', ')})`;
  const self = environment === 1 ? String(id) : key;
  return [
    `${GAP.repeat(Math.min(depth, DEEPEST))}${self}${named}`,
    state,
    waitsFor ?? '',
    describeTime(now - since),
    String(mailbox),
    describeBytes(memory),
    reason === undefined ? displayName(entry) : `${displayName(entry)}: ${displayName(reason)}`,
  ];
}

/** `12 s`, `3 min`, `2.5 h`; nothing below a second. */
function describeTime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 1) return '';
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return `${Number((seconds / 3600).toFixed(1))} h`;
}

/** Takes from the widest of the two columns that a guest fills, until all fit. */
function fitted(widths: readonly number[], width: number): number[] {
  const sizes = [...widths];
  const [first, last] = [0, sizes.length - 1];
  let over = sizes.reduce((sum, size) => sum + size, GAP.length * last) - width;
  for (const column of [last, first]) {
    if (over <= 0) break;
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
