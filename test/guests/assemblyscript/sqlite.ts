// A database and metrics, at the level of the host API: a bind list and rows in bincode, data through the allocator,
// an error, counters that go nowhere when nobody exports them.

import { print } from "./lunatic";

export { runProcess } from "./lunatic";

// @ts-ignore: decorator
@external("lunatic::sqlite", "open")
declare function open(path: usize, length: u32, id: usize): u64;
// @ts-ignore: decorator
@external("lunatic::sqlite", "execute")
declare function execute(connection: u64, sql: usize, length: u32): u32;
// @ts-ignore: decorator
@external("lunatic::sqlite", "query_prepare")
declare function prepare(connection: u64, sql: usize, length: u32): u64;
// @ts-ignore: decorator
@external("lunatic::sqlite", "bind_value")
declare function bind(statement: u64, list: usize, length: u32): void;
// @ts-ignore: decorator
@external("lunatic::sqlite", "sqlite3_step")
declare function step(statement: u64): u32;
// @ts-ignore: decorator
@external("lunatic::sqlite", "statement_reset")
declare function reset(statement: u64): void;
// @ts-ignore: decorator
@external("lunatic::sqlite", "sqlite3_finalize")
declare function finalize(statement: u64): void;
// @ts-ignore: decorator
@external("lunatic::sqlite", "sqlite3_changes")
declare function changes(connection: u64): u32;
// @ts-ignore: decorator
@external("lunatic::sqlite", "read_row")
declare function readRow(statement: u64, length: usize): usize;
// @ts-ignore: decorator
@external("lunatic::sqlite", "column_name")
declare function columnName(statement: u64, column: u32, length: usize): usize;
// @ts-ignore: decorator
@external("lunatic::sqlite", "last_error")
declare function lastError(connection: u64, length: usize): usize;
// @ts-ignore: decorator
@external("lunatic::metrics", "increment_counter")
declare function incrementCounter(name: usize, length: u32): void;
// @ts-ignore: decorator
@external("lunatic::metrics", "histogram")
declare function observe(name: usize, length: u32, value: f64): void;

/** The host puts what it returns into memory from here. */
export function lunatic_alloc(length: i32): i32 {
  return heap.alloc(length) as i32;
}

const cell = memory.data(8);
const bytes = (text: string): ArrayBuffer => String.UTF8.encode(text);

function run(sql: string): void {
  const text = bytes(sql);
  print(`${sql}: ${execute(0, changetype<usize>(text), text.byteLength)}`);
}

function prepared(sql: string): u64 {
  const text = bytes(sql);
  return prepare(0, changetype<usize>(text), text.byteLength);
}

/** A text that the host has put somewhere. */
function given(at: usize): string {
  return String.UTF8.decodeUnsafe(at, load<u32>(cell));
}

/** Binds a number to parameter 1 and a text to the one called `:name`. */
function bindBoth(statement: u64, number: i64, text: string): void {
  const name = bytes(":name");
  const value = bytes(text);
  const list = new ArrayBuffer(8 + 12 + 12 + 12 + name.byteLength + 12 + value.byteLength);
  let at = changetype<usize>(list);
  store<u64>(at, 2);
  store<u32>(at + 8, 1); store<u64>(at + 12, 1); // number 1 ...
  store<u32>(at + 20, 5); store<i64>(at + 24, number); // ... is an i64
  store<u32>(at + 32, 2); store<u64>(at + 36, name.byteLength); // the name ...
  memory.copy(at + 44, changetype<usize>(name), name.byteLength);
  at += 44 + name.byteLength;
  store<u32>(at, 2); store<u64>(at + 4, value.byteLength); // ... is a text
  memory.copy(at + 12, changetype<usize>(value), value.byteLength);
  bind(statement, changetype<usize>(list), list.byteLength);
}

/** Prints a row of a number and a text. */
function printRow(statement: u64): void {
  const at = readRow(statement, cell);
  const length = load<u64>(at + 24 + 0) as i32;
  print(`${load<u64>(at)} values: ${load<i64>(at + 12)}, ${String.UTF8.decodeUnsafe(at + 32, length)}`);
  heap.free(at);
}

export function _start(): void {
  const path = bytes(":memory:");
  if (open(changetype<usize>(path), path.byteLength, cell) != 0) unreachable();
  run("CREATE TABLE stars (number INTEGER, name TEXT UNIQUE)");
  const insert = prepared("INSERT INTO stars VALUES (?1, :name)");
  const names = ["Sirius", "Wega", "Beteigeuze ☆"];
  for (let i = 0; i < names.length; i++) {
    bindBoth(insert, i + 5_000_000_000, names[i]);
    print(`inserted: ${step(insert)}, changed ${changes(0)}`);
    reset(insert);
    const counter = bytes("stars.inserted");
    incrementCounter(changetype<usize>(counter), counter.byteLength);
  }
  finalize(insert);

  const select = prepared("SELECT number, name AS star FROM stars ORDER BY name DESC");
  print(`columns: ${given(columnName(select, 0, cell))}, ${given(columnName(select, 1, cell))}`);
  while (step(select) == 100) printRow(select);

  run("INSERT INTO stars VALUES (1, 'Wega')");
  const error = lastError(0, cell);
  const message = String.UTF8.decodeUnsafe(error + 14, load<u64>(error + 6) as i32);
  print(`error ${load<u32>(error + 1)}: ${message}`);
  const histogram = bytes("stars.seconds");
  observe(changetype<usize>(histogram), histogram.byteLength, 0.25);
}
