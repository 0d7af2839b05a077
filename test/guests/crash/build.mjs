#!/usr/bin/env node
// Builds the programs of this folder, with debug information. Needs clang, wasm-ld, and a rustc with the target wasm32-wasi, which
// RUSTC may name. Needs Node 24 or newer.
//
//   node test/guests/crash/build.mjs
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const folder = import.meta.dirname;
const run = (command, ...args) => {
  console.log(command, ...args);
  execFileSync(command, args, { cwd: folder, stdio: 'inherit' });
};

run(
  'clang',
  ...['--target=wasm32', '-nostdlib', '-O0', '-gdwarf-4', '-Wl,--no-entry'],
  ...[`-ffile-prefix-map=${folder}=/project`, '-fdebug-compilation-dir=/project'],
  ...['crash.c', '-o', 'crash-c.wasm'],
);
run(
  process.env.RUSTC ?? 'rustc',
  ...['--edition', '2021', '--target', 'wasm32-wasi', '-g', '-Cpanic=abort'],
  ...[`--remap-path-prefix=${folder}=/project`, 'crash.rs', '-o', 'crash-rust.wasm'],
);
run(process.execPath, join('..', 'values', 'keep-units.ts'), join('..', 'crash', 'crash-rust.wasm'), 'crash\\.');
const rust = join(folder, 'crash-rust.wasm');
writeFileSync(`${rust}.gz`, gzipSync(readFileSync(rust), { level: 9 }));
rmSync(rust);
