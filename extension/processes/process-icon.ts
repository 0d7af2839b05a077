import { isFailure, type ViewedProcess } from '../../runtime/inspect/view/index.ts';

/** Names of an icon and of a theme colour of VS Code. */
export interface ProcessIcon {
  readonly icon: string;
  readonly color?: string;
}

/** The icon for the state of a process. */
export function iconOf({
  state,
  waitsFor,
  end,
}: Pick<ViewedProcess, 'state' | 'waitsFor' | 'end'>): ProcessIcon {
  switch (state) {
    case 'initializing':
      return { icon: 'circle-large-outline', color: 'charts.green' };
    case 'ready':
    case 'running':
      return RUNS;
    case 'paused':
      return { icon: 'debug-pause', color: 'charts.yellow' };
    case 'held':
      return { icon: 'error', color: 'charts.red' };
    case 'ended':
      return { icon: endIcon(end), color: 'disabledForeground' };
    case 'waiting':
      break;
  }
  switch (waitsFor) {
    case 'turn':
      return RUNS;
    case 'sleep':
      return { icon: 'watch', color: 'descriptionForeground' };
    case 'message':
      return { icon: 'circle-large-outline', color: 'descriptionForeground' };
    default:
      return { icon: 'ellipsis', color: 'descriptionForeground' };
  }
}

/** The icon for how a process has ended: normally, killed, or by a failure. */
function endIcon(end: ViewedProcess['end']): string {
  if (end === undefined || end.kind === 'killed') return 'circle-slash';
  return isFailure(end) ? 'error' : 'pass';
}

const RUNS: ProcessIcon = { icon: 'circle-large-filled', color: 'charts.green' };
