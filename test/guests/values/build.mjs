#!/usr/bin/env node
// Builds the programs of this folder, with debug information. Needs clang with wasi-libc and libc++, wasm-ld, a rustc with the
// target wasm32-wasi, which RUSTC may name, and a current one with wasm32-wasip1, which RUSTC_MODERN may name. What is named on the
// command line is built alone. Needs Node 24 or newer.
//
//   node test/guests/values/build.mjs [c] [cpp] [rust] [rust-modern]
import { execFileSync } from 'node:child_process';

const folder = import.meta.dirname;
const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);
const run = (command, ...args) => {
  console.log(command, ...args);
  execFileSync(command, args, { cwd: folder, stdio: 'inherit' });
};
const map = [`-ffile-prefix-map=${folder}=/project`, '-fdebug-compilation-dir=/project'];

if (isWanted('c')) {
  run(
    'clang',
    ...['--target=wasm32', '-nostdlib', '-O0', '-gdwarf-4', '-Wl,--no-entry', ...map],
    ...['values.c', '-o', 'values-c.wasm'],
  );
}
