import { Namespace, unsupported } from './function.ts';

/** `lunatic::sqlite` (semantics 9): SQLite databases. */
export const sqlite = new Namespace('lunatic::sqlite');

sqlite.define(
  'open',
  '(path_str_ptr: i32, path_str_len: i32, connection_id_ptr: i32) -> i64',
  { since: '0.13' },
  'Opens or creates a database.',
  unsupported('lunatic::sqlite::open'),
);
sqlite.define(
  'query_prepare',
  '(conn_id: i64, query_str_ptr: i32, query_str_len: i32) -> i64',
  { since: '0.13' },
  'Prepares a statement and returns its id.',
  unsupported('lunatic::sqlite::query_prepare'),
);
sqlite.define(
  'execute',
  '(conn_id: i64, exec_str_ptr: i32, exec_str_len: i32) -> i32',
  { since: '0.13' },
  'Runs all statements of a text.',
  unsupported('lunatic::sqlite::execute'),
);
sqlite.define(
  'bind_value',
  '(statement_id: i64, bind_data_ptr: i32, bind_data_len: i32)',
  { since: '0.13' },
  'Binds values to the parameters of a statement.',
  unsupported('lunatic::sqlite::bind_value'),
);
sqlite.define(
  'sqlite3_changes',
  '(conn_id: i64) -> i32',
  { since: '0.13' },
  'Returns the rows that the last statement changed.',
  unsupported('lunatic::sqlite::sqlite3_changes'),
);
sqlite.define(
  'statement_reset',
  '(statement_id: i64)',
  { since: '0.13' },
  'Rewinds a statement; its bindings stay.',
  unsupported('lunatic::sqlite::statement_reset'),
);
sqlite.define(
  'last_error',
  '(conn_id: i64, opaque_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  'Gives the last error of a connection.',
  unsupported('lunatic::sqlite::last_error'),
);
sqlite.define(
  'sqlite3_finalize',
  '(statement_id: i64)',
  { since: '0.13' },
  'Releases a statement.',
  unsupported('lunatic::sqlite::sqlite3_finalize'),
);
sqlite.define(
  'sqlite3_step',
  '(statement_id: i64) -> i32',
  { since: '0.13' },
  'Steps a statement. Returns 100 (a row) or 101 (done).',
  unsupported('lunatic::sqlite::sqlite3_step'),
);
sqlite.define(
  'read_column',
  '(statement_id: i64, col_idx: i32, opaque_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  'Gives one value of the current row.',
  unsupported('lunatic::sqlite::read_column'),
);
sqlite.define(
  'column_names',
  '(statement_id: i64, opaque_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  'Gives the names of all columns.',
  unsupported('lunatic::sqlite::column_names'),
);
sqlite.define(
  'read_row',
  '(statement_id: i64, opaque_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  'Gives all values of the current row.',
  unsupported('lunatic::sqlite::read_row'),
);
sqlite.define(
  'column_count',
  '(statement_id: i64) -> i32',
  { since: '0.13' },
  'Returns the number of columns.',
  unsupported('lunatic::sqlite::column_count'),
);
sqlite.define(
  'column_name',
  '(statement_id: i64, column_idx: i32, opaque_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  'Gives the name of a column.',
  unsupported('lunatic::sqlite::column_name'),
);
