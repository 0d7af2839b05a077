import type { ProcessInfo } from '../../runtime/inspect/protocol.ts';

/** An icon of the editor, and a colour of its theme. */
export interface ProcessIcon {
  readonly icon: string;
  readonly color?: string;
}

/** What a process is at, at a glance. */
export function iconOf({ state, waitsFor }: ProcessInfo): ProcessIcon {
  switch (state) {
    case 'initializing':
      return { icon: 'circle-large-outline', color: 'charts.green' };
    case 'ready':
    case 'running':
      return RUNS;
    case 'paused':
      return { icon: 'debug-pause', color: 'charts.yellow' };
    case 'trapped':
      return { icon: 'error', color: 'charts.red' };
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

const RUNS: ProcessIcon = { icon: 'circle-large-filled', color: 'charts.green' };
