import { PRAGMAS } from './sandbox.ts';

/** What the programs of helpers and threads have in common: what SQL may do there, and what a value takes. Both are texts. */
export const PROGRAM_PARTS = `
const FORBIDDEN = new Set(['load_extension', 'fts3_tokenizer', 'sqlite_log']);

const PRAGMAS = new Set(${JSON.stringify([...PRAGMAS])});

function authorize(action, first, second) {
  // VACUUM attaches a temporary database, which is a file without a name.
  if (action === 24) return first === '' ? 0 : 1;
  if (action === 31) return FORBIDDEN.has(String(second).toLowerCase()) ? 1 : 0;
  // Some would be set for those who use this helper next.
  if (action === 19) return PRAGMAS.has(String(first).toLowerCase()) || second === null ? 0 : 2;
  return 0;
}

function sizeOf(value) {
  if (typeof value === 'string') return 16 + value.length * 2;
  return value instanceof Uint8Array ? 16 + value.length : 16;
}

function set(database, settings) {
  for (const [name, value] of settings) database.exec('PRAGMA ' + name + " = '" + value.replaceAll("'", "''") + "'");
}

/** What SQL is told about what the connection has done, of which this one is not. */
function tell(database, known) {
  database.function('changes', { useBigIntArguments: true }, () => known.changes);
  database.function('total_changes', { useBigIntArguments: true }, () => known.total);
  database.function('last_insert_rowid', { useBigIntArguments: true }, () => known.rowid);
}
`;
