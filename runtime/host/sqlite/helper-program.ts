import { PROGRAM_PARTS } from './program-parts.ts';

/** Bytes of rows that are sent at a time. */
const PART = 2 ** 20;

/** Bytes by which a database may grow in a helper, and that temporary tables may have. */
const MAX_GROWTH = 256 * 2 ** 20;

/**
 * The program of a helper. It runs statements on copies of databases, one after the other, each sent in a message. It is a
 * text, since a bundle has no file of its own for it. It ends with the runtime that started it, even in the middle of a
 * statement that never ends.
 */
export const HELPER_PROGRAM = `
import { readSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';

new Worker(
  'const parent = ' + process.ppid + '; setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, "SIGKILL"); }, 500);',
  { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 } },
).unref();
process.on('disconnect', () => process.exit());

${PROGRAM_PARTS}
// What statements do that make tables, indexes, views and triggers: they also write down in tables what they have made.
const MAKING = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 18, 20, 21, 23, 27, 29, 31]);

const MADE = /^CREATE (?:TABLE|VIEW|TRIGGER|INDEX|UNIQUE INDEX|VIRTUAL TABLE) /i;

/** Definitions are texts of whoever wrote the file: they may make what they define, and do nothing else. */
function authorizeMaking(action, first, second) {
  if (action === 19) return second === null ? 0 : 1;
  return MAKING.has(action) ? authorize(action, first, second) : 1;
}

/** Reads a database that follows a message in the standard input. */
function read(length) {
  const image = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const count = readSync(0, image, at, length - at);
    if (count === 0) process.exit();
    at += count;
  }
  return image;
}

function quoted(name) {
  return '"' + name.replaceAll('"', '""') + '"';
}

/** Bounds by how much a database may grow. */
function bound(database, name, length) {
  const [size] = Object.values(database.prepare('PRAGMA ' + name + '.page_size').get());
  database.exec('PRAGMA ' + name + '.max_page_count = ' + Math.ceil((length + ${MAX_GROWTH}) / Number(size)));
}

function load(database, images) {
  const later = [];
  for (const { name, image } of images) {
    if (name === 'temp') {
      if (image.length > 0) later.push(...makeTemporary(database, image));
      continue;
    }
    if (name !== 'main') database.exec("ATTACH ':memory:' AS " + quoted(name));
    if (image.length > 0) database.deserialize(image, { dbName: name });
    bound(database, quoted(name), image.length);
  }
  database.exec('PRAGMA temp.max_page_count = ' + Math.ceil(${MAX_GROWTH} / 4096));
  for (const text of later) database.exec(text);
}

/** Makes temporary tables as they were: SQLite does not take them as they are. Returns the views and triggers, which may be of other databases. */
function makeTemporary(database, whole) {
  const { image, later } = withoutTriggers(whole);
  database.exec("ATTACH ':memory:' AS copied");
  database.deserialize(image, { dbName: 'copied' });
  database.exec('PRAGMA ignore_check_constraints = ON');
  const objects = database.prepare('SELECT type, name, sql FROM copied.sqlite_schema WHERE sql NOT NULL').all().map(Object.values);
  for (const [type, name, sql] of objects) {
    if (type !== 'table') continue;
    if (/^CREATE VIRTUAL/i.test(sql)) throw Object.assign(new Error('a temporary virtual table cannot be copied'), { errcode: 9 });
    if (name !== 'sqlite_sequence') database.exec(asTemporary(sql));
    copyRows(database, name);
  }
  for (const [type, , sql] of objects) if (type === 'index') database.exec(asTemporary(sql));
  database.exec('PRAGMA ignore_check_constraints = OFF; DETACH copied');
  return later.map(asTemporary);
}

function asTemporary(sql) {
  return sql.replace(MADE, (start) => start + 'temp.');
}

/** Takes views and triggers out of a database: SQLite would look for the tables of others in it. */
function withoutTriggers(image) {
  const database = new DatabaseSync(':memory:', { defensive: false });
  database.deserialize(image);
  database.exec('PRAGMA writable_schema = ON');
  const later = database.prepare("SELECT sql FROM sqlite_schema WHERE type IN ('view', 'trigger')").all().map(({ sql }) => sql);
  database.exec("DELETE FROM sqlite_schema WHERE type IN ('view', 'trigger')");
  const rest = database.serialize();
  database.close();
  return { image: rest, later };
}

function copyRows(database, name) {
  const columns = database.prepare('PRAGMA copied.table_info(' + quoted(name) + ')').all()
    .map((row) => Object.values(row)[1]);
  const id = ['rowid', '_rowid_', 'oid'].find((alias) => !columns.some((column) => column.toLowerCase() === alias));
  const copy = (names) => {
    const list = names.join();
    database.exec('DELETE FROM temp.' + quoted(name) + '; INSERT INTO temp.' + quoted(name) + ' (' + list + ') SELECT ' + list + ' FROM copied.' + quoted(name));
  };
  const own = columns.map(quoted);
  try {
    copy(id === undefined ? own : [id, ...own]);
  } catch {
    // One without rowids.
    copy(own);
  }
}

function run({ images: parts, options, settings, isTransaction, known, sql, named, positional, maxBytes }) {
  // What is left of them would be taken for those of the next statement.
  const images = parts.map(({ name, length }) => ({ name, image: read(length) }));
  const database = new DatabaseSync(':memory:', options);
  try {
    load(database, images);
    set(database, settings);
    if (isTransaction) database.exec('BEGIN');
    if (known !== null) tell(database, known);
    database.setAuthorizer(authorize);
    const statement = database.prepare(sql);
    const since = computed();
    let rows = [];
    let bytes = 0;
    let sent = 0;
    for (const row of named === null ? statement.iterate(...positional) : statement.iterate(named, ...positional)) {
      for (const value of row) bytes += sizeOf(value);
      if (bytes > maxBytes) return { error: { result: 18, message: 'the rows of a long query have more than ' + maxBytes + ' bytes' } };
      rows.push(row);
      // Whoever takes them takes a little at a time.
      if (bytes - sent > ${PART}) {
        process.send({ part: rows });
        rows = [];
        sent = bytes;
      }
    }
    const columns = statement.columns().map(({ name }) => name);
    return { rows, bytes, columns, took: computed() - since };
  } finally {
    database.close();
  }
}

/** The milliseconds that this thread has computed, or, in a Node before 23.9, this process. */
function computed() {
  const { user, system } = (process.threadCpuUsage ?? process.cpuUsage).call(process);
  return (user + system) / 1000;
}

function check({ compile, views, schemas, options }) {
  const database = new DatabaseSync(':memory:', options);
  try {
    for (const { name } of schemas) {
      if (name !== 'main' && name !== 'temp') database.exec("ATTACH ':memory:' AS " + quoted(name));
    }
    database.setAuthorizer(authorizeMaking);
    for (const { name, sql } of schemas) {
      for (const text of sql) {
        if (!/^CREATE\\b/i.test(text)) continue;
        // This is how SQLite writes them down. What else a file says cannot be made here, and nobody would know how long it takes.
        if (!MADE.test(text)) throw new Error('SQLite did not write a definition in this file');
        const own = text.replace(MADE, (start) => start + quoted(name) + '.');
        // Only the first statement of the text. Tables that another one has made are there already.
        try { database.prepare(own).run(); } catch {}
      }
    }
    database.setAuthorizer(authorize);
    const since = computed();
    if (views) database.prepare('PRAGMA table_list').all();
    // What is wrong with it is found again.
    try { database.prepare(compile); } catch {}
    return { compiling: computed() - since };
  } finally {
    database.close();
  }
}

process.on('message', (job) => {
  let outcome;
  try {
    outcome = 'compile' in job ? check(job) : run(job);
  } catch (error) {
    outcome = { error: { result: (error.errcode ?? 1) & 255, message: error.message + ' (run on a copy)' } };
  }
  process.send(outcome);
});
`;
