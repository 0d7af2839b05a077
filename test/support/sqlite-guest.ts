import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessConfig } from '../../runtime/internal.ts';
import { guest } from './guest.ts';

/** Where the guests below have the length of what the host gave them, and memory that they give out. */
const LENGTH = '(i32.const 0xfe00)';
const HEAP = 0x10_0000;

/** The allocator: it gives out memory and never takes any back. */
const ALLOCATOR = `(global $heap (mut i32) (i32.const ${HEAP}))
  (func (export "lunatic_alloc") (param $length i32) (result i32) (local $at i32)
    (local.set $at (global.get $heap))
    (global.set $heap (i32.add (local.get $at) (local.get $length)))
    (local.get $at))`;

/** Calls of `lunatic::sqlite` with what they answer as lines: numbers in decimal, bytes in hex. */
const HELPERS: Readonly<Record<string, string>> = {
  $open: `(func $open (param $path i32) (param $length i32)
    (if (i64.ne (call $sqlite.open (local.get $path) (local.get $length) (i32.const 0xfe10)) (i64.const 0))
      (then (call $print_error (i64.load (i32.const 0xfe10))))
      (else (call $show (text "connection") (i64.load (i32.const 0xfe10))))))`,
  $execute: `(func $execute (param $sql i32) (param $length i32)
    (call $show32 (text "execute") (call $sqlite.execute (i64.const 0) (local.get $sql) (local.get $length))))`,
  $prepare: `(func $prepare (param $sql i32) (param $length i32)
    (call $show (text "statement") (call $sqlite.query_prepare (i64.const 0) (local.get $sql) (local.get $length))))`,
  $bind: `(func $bind (param $statement i64) (param $list i32) (param $length i32)
    (call $sqlite.bind_value (local.get $statement) (local.get $list) (local.get $length)))`,
  $step: `(func $step (param $statement i64)
    (call $show32 (text "step") (call $sqlite.sqlite3_step (local.get $statement))))`,
  $row: `(func $row (param $statement i64)
    (call $show_bytes (text "row") (call $sqlite.read_row (local.get $statement) ${LENGTH})))`,
  $column: `(func $column (param $statement i64) (param $column i32)
    (call $show_bytes (text "column") (call $sqlite.read_column (local.get $statement) (local.get $column) ${LENGTH})))`,
  $names: `(func $names (param $statement i64)
    (call $show_bytes (text "names") (call $sqlite.column_names (local.get $statement) ${LENGTH})))`,
  $name: `(func $name (param $statement i64) (param $column i32)
    (call $show_bytes (text "name") (call $sqlite.column_name (local.get $statement) (local.get $column) ${LENGTH})))`,
  $error: `(func $error
    (call $show_bytes (text "error") (call $sqlite.last_error (i64.const 0) ${LENGTH})))`,
  $show_bytes: `(func $show_bytes (param $label i32) (param $length i32) (param $at i32) (local $end i32)
    (call $write (local.get $label) (local.get $length))
    (call $write (text " "))
    (local.set $end (i32.add (local.get $at) (i32.load ${LENGTH})))
    (loop $next (if (i32.lt_u (local.get $at) (local.get $end)) (then
      (call $digit (i32.shr_u (i32.load8_u (local.get $at)) (i32.const 4)))
      (call $digit (i32.and (i32.load8_u (local.get $at)) (i32.const 15)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next))))
    (call $write (text "\\n")))`,
  $digit: `(func $digit (param $value i32)
    (i32.store8 (i32.const 0xfe20) (i32.add (local.get $value)
      (select (i32.const 48) (i32.const 87) (i32.lt_u (local.get $value) (i32.const 10)))))
    (call $write (i32.const 0xfe20) (i32.const 1)))`,
};

export interface SqliteGuestOptions {
  readonly blobs?: Readonly<Record<string, Uint8Array>>;
  /** In place of one that only gives out. */
  readonly allocator?: string;
  readonly functions?: string;
}

/** A guest whose `_start` has this body, which may call the helpers above. */
export function sqliteGuest(body: string, options: SqliteGuestOptions = {}): string {
  const { blobs = {}, allocator = ALLOCATOR, functions = '' } = options;
  const wanted = new Set<string>();
  const collect = (text: string): void => {
    for (const [, name = ''] of text.matchAll(/\(call (\$\w+)/g)) {
      const helper = HELPERS[name];
      if (helper === undefined || wanted.has(name)) continue;
      wanted.add(name);
      collect(helper);
    }
  };
  collect(body + functions + allocator);
  const helpers = [...wanted].map((name) => HELPERS[name]).join('\n');
  return guest(`${allocator} ${helpers} ${functions} (func (export "_start") ${body})`, {
    blobs,
    memory: '(memory (export "memory") 64)',
  });
}

/** A directory for databases that a test's processes may go to, and the config of such a process. */
export class DatabaseFolder {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-sqlite-')));

  /** The current directory is preopened too, since that is where databases in memory count as files. */
  get config(): ProcessConfig {
    const config = ProcessConfig.forRoot();
    for (const path of ['.', this.path])
      config.preopenedDirectories.push({ guestPath: path, hostPath: path });
    return config;
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

/** Bincode as a test writes it: the parts one after the other. */
export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
export const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
};
export const f64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};
const counted = (bytes: Uint8Array): Buffer => Buffer.concat([u64(BigInt(bytes.length)), bytes]);

/** Keys and values of a bind list. */
export const NO_KEY = u32(0);
export const numberKey = (value: bigint): Buffer => Buffer.concat([u32(1), u64(value)]);
export const nameKey = (name: string): Buffer => Buffer.concat([u32(2), counted(Buffer.from(name))]);
export const NULL = u32(0);
export const blob = (bytes: Uint8Array): Buffer => Buffer.concat([u32(1), counted(bytes)]);
export const text = (value: string | Uint8Array): Buffer =>
  Buffer.concat([u32(2), counted(Buffer.from(value))]);
export const double = (value: number): Buffer => Buffer.concat([u32(3), f64(value)]);
export const int = (value: number): Buffer => Buffer.concat([u32(4), u32(value >>> 0)]);
export const int64 = (value: bigint): Buffer => Buffer.concat([u32(5), u64(value)]);
/** An integer as the host writes it. */
export const integer = (value: bigint): Buffer => Buffer.concat([u32(4), u64(value)]);

export function bindList(...pairs: readonly (readonly [key: Buffer, value: Buffer])[]): Buffer {
  return Buffer.concat([u64(BigInt(pairs.length)), ...pairs.flat()]);
}

export function vector(...values: readonly Buffer[]): Buffer {
  return Buffer.concat([u64(BigInt(values.length)), ...values]);
}

export function nameVector(...names: readonly string[]): Buffer {
  return vector(...names.map((name) => counted(Buffer.from(name))));
}

/** An error value: code and message are options. */
export function errorValue(code: number, message: string): Buffer {
  return Buffer.concat([Buffer.of(1), u32(code), Buffer.of(1), counted(Buffer.from(message))]);
}
