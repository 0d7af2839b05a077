import { END, SIGN, TEXT, Tokens, WORD } from './tokens.ts';

/** What the time depends on that SQLite takes to compile a statement. */
export interface Shape {
  /** Words, literals and signs. Those of plain rows that are inserted count for little. */
  readonly tokens: number;
  /** Uses of `*` for all columns of a table. */
  readonly stars: number;
  /** Uses of tables, views and common tables. */
  readonly tables: number;
}

/** A trigger, and the table that it is for; null if nobody knows. */
interface Trigger {
  readonly table: string | null;
  readonly sql: string;
}

/** The views and triggers of a connection's databases. */
export interface Definitions {
  readonly views: readonly { readonly name: string; readonly sql: string }[];
  readonly triggers: readonly Trigger[];
  /** Whether foreign keys may change tables that nobody names. */
  readonly hasForeignKeys: boolean;
}

/** What a token of a plain row that is inserted counts for: SQLite takes a short way. */
const PLAIN = 1 / 32;
/** Tokens of the longest statement that is read to its end. */
const MAX_TOKENS = 100_000;
/** Common tables that a statement may have if anybody is to look into them. */
const MAX_COMMON = 500;
/** Scopes in each other in which names are looked for, and views and common tables in each other. */
const MAX_SCOPES = 16;
const MAX_DEPTH = 500;
/** Characters of the longest name that is looked at. */
const MAX_NAME = 1000;

/** Words after which a table may be named. */
const BEFORE_TABLE: ReadonlySet<string> = new Set(['from', 'join', 'into', 'update', 'in']);
/** Words after which a comma does not go on with tables. None of them can be a name without quotes. */
const AFTER_TABLES: ReadonlySet<string> = new Set(
  'select where group order having limit set values'.split(' '),
);
/** Words after which names are no common tables', and what may stand before one that has the name `window`. */
const ENDS_COMMON: ReadonlySet<string> = new Set([...BEFORE_TABLE, ...AFTER_TABLES]);
const BEFORE_COMMON: ReadonlySet<string> = new Set(['with', 'recursive', ',']);
const BEFORE_STAR: ReadonlySet<string> = new Set(['select', 'distinct', 'all', 'returning', ',', '.']);
/** SQLite does not look into views and triggers before they are used. */
const MAKES_DEFINITION = /^\s*create\s+(?:temp\s+|temporary\s+)?(?:view|trigger)\b/i;
const CHANGES: ReadonlySet<string> = new Set(['insert', 'update', 'delete', 'replace']);

/** Names of common tables. Those of the scopes around it count as well: what hides what is not worth to be known. */
class Scope {
  readonly names = new Map<string, Query>();
  readonly around: Scope | null;
  readonly depth: number;

  constructor(around: Scope | null) {
    this.around = around;
    this.depth = around === null ? 1 : around.depth + 1;
  }
}

/** A statement, or the body of a view or a common table. */
class Query {
  tokens = 0;
  stars = 0;
  changes = false;
  /** The tables that it names, and where. */
  readonly uses: { readonly name: string; readonly scope: Scope }[] = [];
  /** What it is with all that it uses. */
  shape: Shape | null = null;
  isOpen = false;
}

/** What is between two parentheses. */
interface Group {
  readonly query: Query;
  scope: Scope;
  /** The token before its parenthesis. */
  readonly before: string;
  /** Whether a comma goes on with tables. */
  inTables: boolean;
  /** Whether what has a name is a common table. */
  inCommon: boolean;
}

/**
 * Estimates what SQLite has to compile for the first statement of a text. It puts a copy of each view and each common table in
 * every place that names it, so a short text may become a long one.
 * @returns null if it cannot be told
 */
export function shapeOf(sql: string, definitions: Definitions): Shape | null {
  const statement = read(sql, new Query());
  if (statement === null) return null;
  const { tokens, stars } = statement;
  if (MAKES_DEFINITION.test(sql) || (statement.uses.length === 0 && !statement.changes)) {
    return { tokens, stars, tables: 0 };
  }
  const bodies = bodiesOf(definitions);
  if (bodies === null || (statement.changes && !addTriggers(statement, definitions))) return null;
  return whole(statement, bodies);
}

/** Estimates each view on its own. @returns null if it cannot be told */
export function shapesOfViews(definitions: Definitions): Shape[] | null {
  const bodies = bodiesOf(definitions);
  const shapes: Shape[] = [];
  for (const body of bodies?.values() ?? []) {
    const shape = whole(body, bodies ?? new Map());
    if (shape === null) return null;
    shapes.push(shape);
  }
  return bodies === null ? null : shapes;
}

function bodiesOf({ views }: Definitions): Map<string, Query> | null {
  const bodies = new Map<string, Query>();
  for (const { name, sql } of views) {
    const body = bodies.get(name) ?? new Query();
    bodies.set(name, body);
    if (read(sql, body) === null) return null;
  }
  return bodies;
}

/** Finds the tables of triggers in their definitions: SQLite does not believe what a file says beside them. */
export function triggersOf(definitions: readonly string[]): Trigger[] {
  return definitions.map((sql) => ({ table: tableOf(sql), sql }));
}

function tableOf(trigger: string): string | null {
  const tokens = new Tokens(trigger);
  let isNext = false;
  while (tokens.next() !== END) {
    const isName = (tokens.kind === WORD || tokens.kind === TEXT) && tokens.length <= MAX_NAME;
    if (isNext) {
      const table = isName ? tokens.text : null;
      // What stands after the name of a database is the table.
      if (tokens.next() !== SIGN || tokens.code !== 0x2e) return table;
    } else {
      isNext = isName && tokens.kind === WORD && !tokens.isQuoted && tokens.text === 'on';
    }
  }
  return null;
}

/** Adds the triggers of the tables that a statement names, or that these triggers name. Returns false if it cannot be told. */
function addTriggers(statement: Query, { triggers, hasForeignKeys }: Definitions): boolean {
  const seen = new Set<string>();
  let left = triggers;
  let before = -1;
  while (before < statement.uses.length) {
    before = statement.uses.length;
    for (const { name } of statement.uses) seen.add(name);
    const others: Trigger[] = [];
    for (const trigger of left) {
      const { table } = trigger;
      if (!hasForeignKeys && table !== null && !seen.has(table)) others.push(trigger);
      else if (read(trigger.sql, statement) === null) return false;
    }
    left = others;
  }
  return true;
}

/** Adds all that a query uses. Returns null if too many use each other, or nobody knows which. */
function whole(query: Query, views: ReadonlyMap<string, Query>, depth = 0): Shape | null {
  if (query.shape !== null) return query.shape;
  if (depth > MAX_DEPTH) return null;
  let { tokens, stars } = query;
  let tables = query.uses.length;
  query.isOpen = true;
  const add = (used: Query | undefined): boolean => {
    if (used === undefined) return true;
    // One that uses itself is not repeated. Others that use each other have the names of what SQLite means instead.
    if (used.isOpen) return used === query;
    const more = whole(used, views, depth + 1);
    if (more === null) return false;
    tokens += more.tokens;
    stars += more.stars;
    tables += more.tables;
    return true;
  };
  for (const { name, scope } of query.uses) {
    for (let at: Scope | null = scope; at !== null; at = at.around) if (!add(at.names.get(name))) return null;
    if (!add(views.get(name))) return null;
  }
  query.isOpen = false;
  query.shape = { tokens, stars, tables };
  return query.shape;
}

/** Those that look into a view that they name, without a query. */
const NAMES_VIEW = /\b(?:drop|table_x?info)\b/i;

/** Reads a statement into a query. Returns null if it has too many tokens, scopes or common tables, or a name that is too long. */
function read(sql: string, statement: Query): Query | null {
  const tokens = new Tokens(sql);
  const isAnyTable = NAMES_VIEW.test(sql);
  const outer: Group[] = [];
  let group: Group = {
    query: statement,
    scope: new Scope(null),
    before: '',
    inTables: false,
    inCommon: false,
  };
  /** The last token if it is a keyword or a sign; for a closing parenthesis, what was before the opening one. */
  let last = '';
  /** The name that the last token is, and the one that an `AS` gives to the parenthesis after it. */
  let name = '';
  let named = '';
  let isUse = false;
  let common = 0;
  let count = 0;
  /** The first word, unless a query was found since. */
  let verb: string | null = null;
  while (tokens.next() !== END) {
    const { query } = group;
    query.tokens++;
    if (++count > MAX_TOKENS) return null;
    if (tokens.kind === SIGN) {
      const sign = String.fromCharCode(tokens.code);
      if (sign === '(') {
        outer.push(group);
        const inTables = BEFORE_TABLE.has(last) || (group.inTables && (last === ',' || last === '('));
        let inner = query;
        if (named !== '') {
          if (++common > MAX_COMMON) return null;
          inner = group.scope.names.get(named) ?? new Query();
          group.scope.names.set(named, inner);
        }
        group = { query: inner, scope: group.scope, before: name, inTables, inCommon: false };
      } else if (sign === '*' && BEFORE_STAR.has(last)) {
        query.stars++;
      }
      name = '';
      if (sign === ')') {
        name = group.before;
        group = outer.pop() ?? group;
      }
      // What stands after the name of a database is the table.
      if (sign === '.' && isUse) query.uses.pop();
      last = sign === '.' && isUse ? 'from' : sign;
      named = '';
      isUse = false;
      continue;
    }
    const isTable =
      isAnyTable || BEFORE_TABLE.has(last) || (group.inTables && (last === ',' || last === '('));
    const isName = tokens.kind === WORD || tokens.kind === TEXT;
    const isLong = tokens.length > MAX_NAME;
    if (isLong && (tokens.kind === WORD || (isName && isTable))) return null;
    const text = isName && !isLong ? tokens.text : '';
    const keyword = tokens.kind === WORD && !tokens.isQuoted ? text : '';
    if (last === 'update' && keyword === 'or') {
      last = 'update or';
      continue;
    }
    isUse = isTable && text !== '' && keyword !== 'select' && keyword !== 'values' && keyword !== 'with';
    if (isUse) query.uses.push({ name: text, scope: group.scope });
    if (keyword === 'values' && (verb === 'insert' || verb === 'replace') && outer.length === 0)
      query.tokens += PLAIN * tokens.skipRows();
    // Windows have names as well.
    if (keyword === 'as') named = group.inCommon ? name : '';
    else if (keyword !== 'not' && keyword !== 'materialized') named = '';
    if (keyword === 'with') {
      group.scope = new Scope(group.scope);
      if (group.scope.depth > MAX_SCOPES) return null;
      group.inCommon = true;
    } else if (keyword === 'window' ? !BEFORE_COMMON.has(last) : ENDS_COMMON.has(keyword)) {
      group.inCommon = false;
    }
    verb = keyword === 'select' ? '' : (verb ?? keyword);
    if (CHANGES.has(keyword)) query.changes = true;
    if (BEFORE_TABLE.has(keyword)) group.inTables = true;
    else if (AFTER_TABLES.has(keyword)) group.inTables = false;
    name = text;
    // What the word before tells to do in a conflict.
    last = last === 'update or' ? 'update' : keyword;
  }
  return statement;
}
