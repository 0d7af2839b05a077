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

function run({ image, options, settings, known, sql, named, positional, maxBytes }) {
  const database = new DatabaseSync(':memory:', options);
  try {
    if (image.length > 0) database.deserialize(image);
    const [size] = Object.values(database.prepare('PRAGMA page_size').get());
    database.exec('PRAGMA max_page_count = ' + Math.ceil((image.length + ${MAX_GROWTH}) / Number(size)));
    database.exec('PRAGMA temp.max_page_count = ' + Math.ceil(${MAX_GROWTH} / 4096));
    set(database, settings);
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
    const quoted = (name) => '"' + name.replaceAll('"', '""') + '"';
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
    outcome = { error: { result: (error.errcode ?? 1) & 255, message: error.message + ' (run on a copy of the main database)' } };
  }
  process.send(outcome);
});
`;
