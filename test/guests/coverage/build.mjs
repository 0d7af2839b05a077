#!/usr/bin/env node
// Builds the C, C++ and Rust programs of this folder, with debug information. Needs clang, wasm-ld, libc++ for WASI, and a rustc
// with the target wasm32-wasi, which RUSTC may name. Needs Node 24 or newer.
//
//   node test/guests/coverage/build.mjs
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const folder = import.meta.dirname;
const run = (command, ...args) => {
  console.log(command, ...args);
  execFileSync(command, args, { cwd: folder, stdio: 'inherit' });
};

const clang = [
  ...['--target=wasm32', '-nostdlib', '-gdwarf-4', '-Wl,--no-entry'],
  ...[`-ffile-prefix-map=${folder}=/project`, '-fdebug-compilation-dir=/project', 'cart.c'],
];
run('clang', ...clang, '-O0', '-o', 'cart-c.wasm');
run('clang', ...clang, '-O2', '-o', 'cart-c-optimised.wasm');

run(
  'clang++',
  ...['--target=wasm32-wasi', '-std=c++17', '-fno-exceptions', '-gdwarf-4', '-O0', '-nostartfiles', '-Wl,--no-entry'],
  ...[`-ffile-prefix-map=${folder}=/project`, '-fdebug-compilation-dir=/project', 'cart.cpp', '-o', 'cart-cpp.wasm'],
);

const rustc = [
  ...['-g', '-Coverflow-checks=off', '-Cpanic=abort', '--crate-type=cdylib'],
  ...['-Clink-self-contained=no', '-Clinker=wasm-ld', '-Clink-args=--no-entry --gc-sections'],
  ...[`--remap-path-prefix=${folder}=/project`, 'cart.rs'],
];
run(process.env.RUSTC ?? 'rustc', '--target', 'wasm32-wasi', ...rustc, '-o', 'cart-rust.wasm');
// Of the standard library, which is much larger, no debug information is kept.
run(process.execPath, join(folder, '..', 'values', 'keep-units.ts'), 'cart-rust.wasm', 'cart', '--names');
