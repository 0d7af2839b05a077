import type { ProcessInfo } from '../protocol.ts';

/** A process, and how many ancestors it has that are there. */
export interface Branch {
  readonly info: ProcessInfo;
  readonly depth: number;
}

/** Processes in the order of their tree: children below their parent, in the order given. */
export function branchesOf(processes: readonly ProcessInfo[]): Branch[] {
  const known = new Set(processes.map(({ key }) => key));
  const children = new Map<string | null, ProcessInfo[]>();
  for (const info of processes) {
    const parent = info.parent !== null && known.has(info.parent) ? info.parent : null;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [info]);
    else siblings.push(info);
  }
  // Not recursive: each process may have been spawned by the one before.
  const branches: Branch[] = [];
  const left: Branch[] = roots(children.get(null) ?? [], 0);
  for (let branch = left.pop(); branch !== undefined; branch = left.pop()) {
    branches.push(branch);
    left.push(...roots(children.get(branch.info.key) ?? [], branch.depth + 1));
  }
  return branches;
}

/** For a stack: the last comes out first. */
function roots(processes: readonly ProcessInfo[], depth: number): Branch[] {
  return processes.map((info) => ({ info, depth })).reverse();
}
