/** What calling a function costs, by its kind. */
export type FunctionKind = 'constant' | 'linear' | 'json' | 'search' | 'match' | 'maker';

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Functions that do not look at the whole of a text. */
const CONSTANT =
  words(`abs changes coalesce count current_date current_time current_timestamp date datetime iif if ifnull
  julianday last_insert_rowid likelihood likely nullif pi random round row_number rank dense_rank percent_rank cume_dist ntile
  sign sqlite_version strftime time timediff total_changes typeof unixepoch unlikely acos acosh asin asinh atan atan2 atanh ceil
  ceiling cos cosh degrees exp floor ln log log10 log2 mod pow power radians sin sinh sqrt tan tanh trunc
  first_value last_value nth_value lag lead sum total avg min max bm25`);

/** Functions that parse their texts. */
const JSON_LIKE = /^jsonb?(?:_|$)|^->>?$/;
/** Functions of `fts` that look for all words of a search in a text. */
const MATCHES = words('highlight snippet offsets matchinfo');

/** Functions that look for one text in another. `trim` does if it is given two. */
const SEARCHES = words('glob instr like match regexp replace trim ltrim rtrim');

/** Functions that make long texts of short values. */
const MAKERS = words('format printf randomblob zeroblob');

/** @param call a name with the number of values, such as `trim(2)` */
export function kindOf(call: string): FunctionKind {
  const name = call.replace(/\(.*$/s, '').toLowerCase();
  if (name.endsWith('trim')) return call.endsWith('(2)') ? 'search' : 'linear';
  if (SEARCHES.has(name)) return 'search';
  if (MAKERS.has(name)) return 'maker';
  if (MATCHES.has(name)) return 'match';
  if (JSON_LIKE.test(name)) return 'json';
  return CONSTANT.has(name) ? 'constant' : 'linear';
}
