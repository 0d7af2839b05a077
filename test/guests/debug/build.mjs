#!/usr/bin/env node
// Builds the C and Rust programs of this folder, with debug information. Needs clang, wasm-ld, and a rustc with the target
// wasm32-wasi, which RUSTC may name.
//
//   node test/guests/debug/build.mjs
import { execFileSync } from 'node:child_process';

const folder = import.meta.dirname;
const run = (command, ...args) => {
  console.log(command, ...args);
  execFileSync(command, args, { cwd: folder, stdio: 'inherit' });
};

run(
  'clang',
  ...['--target=wasm32', '-nostdlib', '-O0', '-gdwarf-4', '-Wl,--no-entry'],
  ...[`-ffile-prefix-map=${folder}=/project`, '-fdebug-compilation-dir=/project'],
  ...['shop.c', '-o', 'shop-c.wasm'],
);
run(
  process.env.RUSTC ?? 'rustc',
  ...['--target', 'wasm32-wasi', '-g', '-Coverflow-checks=off', '-Cpanic=abort', '--crate-type=cdylib'],
  ...['-Clink-self-contained=no', '-Clinker=wasm-ld', '-Clink-args=--no-entry --gc-sections'],
  ...[`--remap-path-prefix=${folder}=/project`, 'shop.rs', '-o', 'shop-rust.wasm'],
);
