import type { Instruction } from './instruction.ts';

/** A table or an index: the number that SQLite gives its database, and its first page. */
export interface Tree {
  readonly database: number;
  readonly root: number;
}

/** Of tables and indexes together. */
export interface TreeSize {
  readonly bytes: number;
  /** Their rows or entries, or some more. */
  readonly rows: number;
}

/** Instructions that go through more than the tables and indexes which others have opened: triggers also see rows that were just inserted. */
export const WITHOUT_TREES: ReadonlySet<string> = new Set(
  'Checkpoint IncrVacuum JournalMode LoadAnalysis Program SqlExec Vacuum VCheck VDestroy VOpen VUpdate'.split(
    ' ',
  ),
);

/** A flag: the second operand is the number of a register, which holds the first page of what the statement itself has made. */
const IN_REGISTER = 16;

/** Returns the table or index that an instruction opens or goes through; null for others. */
export function treeOf({ name, p1, p2, p3, p5 }: Instruction): Tree | null {
  switch (name) {
    case 'OpenRead':
    case 'OpenWrite':
    case 'ReopenIdx':
      return (p5 & IN_REGISTER) === 0 ? { database: p3, root: p2 } : null;
    case 'Clear':
      return { database: p2, root: p1 };
    case 'Destroy':
      return { database: p3, root: p1 };
    case 'ParseSchema':
      return { database: p1, root: 1 };
    default:
      return null;
  }
}
