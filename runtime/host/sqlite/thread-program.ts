import { PROGRAM_PARTS } from './program-parts.ts';

/** Bytes and rows that a thread gives at a time, and milliseconds for which it looks for more. */
const BATCH = { bytes: 2 ** 20, rows: 4096, time: 50 };

/**
 * The program of a thread. It runs statements in connections of its own to the databases themselves, one after the other, and gives
 * rows in batches. It is a text, since a bundle has no file of its own for it.
 */
export const THREAD_PROGRAM = `
const { realpathSync, statSync } = require('node:fs');
const { DatabaseSync } = require('node:sqlite');
const { parentPort } = require('node:worker_threads');
${PROGRAM_PARTS}
const cursors = new Map();

/**
 * Opens a database. The path of its file may lead elsewhere by now. The scheduler's thread stands still until it is opened, so no guest
 * can lead it back before anybody looks; if it has waited for too long, this is tried again.
 */
function open({ uri, file, options, gate }) {
  if (file === null) return new DatabaseSync(uri, options);
  let database = null;
  let failure = null;
  let isSame = false;
  try {
    database = new DatabaseSync(uri, options);
  } catch (error) {
    failure = error;
  }
  try {
    const { dev, ino } = statSync(file.path, { bigint: true });
    isSame = realpathSync(file.path) === file.path && dev + ':' + ino === file.id;
  } catch {}
  const isInTime = Atomics.compareExchange(gate, 0, 0, 1) === 0;
  Atomics.notify(gate, 0);
  if (isSame && isInTime && failure === null) return database;
  database?.close();
  if (!isInTime) return null;
  throw isSame ? failure : new Error("Failed to access '" + file.path + "'");
}

function copy(job) {
  const database = open(job);
  if (database === null) return { isLate: true };
  try {
    return { image: database.serialize() };
  } finally {
    database.close();
  }
}

function begin(job) {
  const database = open(job);
  if (database === null) return { isLate: true };
  try {
    set(database, job.settings);
    if (job.maxPages !== null) database.exec('PRAGMA max_page_count = ' + job.maxPages);
    if (job.known !== null) tell(database, job.known);
    database.setAuthorizer(authorize);
    const statement = database.prepare(job.sql);
    const columns = statement.columns().map(({ name }) => name);
    const rows = job.named === null ? statement.iterate(...job.positional) : statement.iterate(job.named, ...job.positional);
    return take(job.cursor, { database, columns, rows });
  } catch (error) {
    cursors.delete(job.cursor);
    database.close();
    throw error;
  }
}

function take(number, cursor) {
  const since = performance.now();
  const rows = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = cursor.rows.next();
    if (done) {
      const { changes, lastInsertRowid } = cursor.database.prepare('SELECT 1').run();
      cursors.delete(number);
      cursor.database.close();
      return { rows, bytes, columns: cursor.columns, isDone: true, changes: BigInt(changes), rowid: BigInt(lastInsertRowid) };
    }
    rows.push(value);
    for (const cell of value) bytes += sizeOf(cell);
    if (bytes >= ${BATCH.bytes} || rows.length >= ${BATCH.rows} || performance.now() - since > ${BATCH.time}) {
      cursors.set(number, cursor);
      return { rows, bytes, columns: cursor.columns, isDone: false };
    }
  }
}

function goOn(number) {
  const cursor = cursors.get(number);
  try {
    return take(number, cursor);
  } catch (error) {
    cursors.delete(number);
    cursor.database.close();
    throw error;
  }
}

parentPort.postMessage({ isReady: true });

parentPort.on('message', (job) => {
  if ('close' in job) {
    cursors.get(job.close)?.database.close();
    cursors.delete(job.close);
    return;
  }
  let answer;
  try {
    answer = 'goOn' in job ? goOn(job.goOn) : job.isCopied ? copy(job) : begin(job);
  } catch (error) {
    answer = { error: { result: (error.errcode ?? 1) & 255, message: error.message } };
  }
  parentPort.postMessage(answer, answer.image === undefined ? [] : [answer.image.buffer]);
});
`;
