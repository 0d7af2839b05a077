#!/usr/bin/env node
// Builds the programs of this folder, with debug information. Needs clang with wasi-libc and libc++, wasm-ld, a rustc with the
// target wasm32-wasi, which RUSTC may name, and a current one with wasm32-wasip1, which RUSTC_MODERN may name. CLANG_MODERN may name
// a clang++ of today, of 22 or newer. What is named on the command line is built alone. Needs Node 24 or newer.
//
//   node test/guests/values/build.mjs [c] [pointers] [main] [heads] [declared] [optimised] [methods] [library] [library-modern] [cpp] [rust] [rust-modern]
//     [iterators] [process] [classes] [sources] [large]
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const folder = import.meta.dirname;
const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);
const run = (command, ...args) => {
  console.log(command, ...args);
  execFileSync(command, args, { cwd: folder, stdio: 'inherit' });
};
/** Leaves the debug information of the program's own units, and packs the module. */
const pack = (file, units, ...options) => {
  run(process.execPath, 'keep-units.ts', file, units, ...options);
  const path = join(folder, file);
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
  rmSync(path);
};
const map = [`-ffile-prefix-map=${folder}=/project`, '-fdebug-compilation-dir=/project'];

if (isWanted('c')) {
  run(
    'clang',
    ...['--target=wasm32', '-nostdlib', '-O0', '-gdwarf-4', '-Wl,--no-entry', ...map],
    ...['values.c', '-o', 'values-c.wasm'],
  );
}
if (isWanted('pointers')) {
  run(
    'clang',
    ...['--target=wasm32', '-nostdlib', '-O0', '-gdwarf-4', '-Wl,--no-entry', ...map],
    ...['pointers.c', '-o', 'pointers-c.wasm'],
  );
}
if (isWanted('main')) {
  run(
    'clang',
    ...['--target=wasm32', '-nostdlib', '-O0', '-gdwarf-4', '-Wl,--no-entry', ...map],
    ...['main.c', '-o', 'main-c.wasm'],
  );
}
if (isWanted('heads')) {
  run(
    'clang',
    ...['--target=wasm32', '-nostdlib', '-O0', '-gdwarf-4', '-Wl,--no-entry', ...map],
    ...['heads.c', '-o', 'heads-c.wasm'],
  );
}
if (isWanted('declared')) {
  run(
    'clang++',
    ...['--target=wasm32', '-nostdlib', '-O0', '-gdwarf-4', '-Wl,--no-entry', ...map],
    ...['declared.cpp', 'declared-other.cpp', 'declared-third.cpp', '-o', 'declared-cpp.wasm'],
  );
}
if (isWanted('optimised')) {
  run(
    'clang',
    ...['--target=wasm32', '-nostdlib', '-O2', '-gdwarf-4', '-Wl,--no-entry', ...map],
    ...['optimised.c', '-o', 'optimised-c.wasm'],
  );
}
if (isWanted('methods')) {
  run(
    'clang++',
    ...['--target=wasm32', '-nostdlib', '-std=c++17', '-O0', '-gdwarf-4', '-Wl,--no-entry', ...map],
    ...['methods.cpp', '-o', 'methods-cpp.wasm'],
  );
}
for (const [name, clang] of [
  ['library', 'clang++'],
  ['library-modern', process.env.CLANG_MODERN ?? 'clang++'],
]) {
  if (!isWanted(name)) continue;
  run(
    clang,
    ...['--target=wasm32-wasi', '-std=c++20', '-fno-exceptions', '-O0', '-gdwarf-4', ...map],
    ...['library.cpp', '-o', `${name}-cpp.wasm`],
  );
  pack(`${name}-cpp.wasm`, '^library\\.cpp$');
}
if (isWanted('classes')) {
  run(
    'clang++',
    ...['--target=wasm32-wasi', '-std=c++17', '-fno-exceptions', '-O0', '-gdwarf-4', ...map],
    ...['classes.cpp', '-o', 'classes-cpp.wasm'],
  );
  pack('classes-cpp.wasm', '^classes\\.cpp$', '--linkage-names');
}
if (isWanted('sources')) {
  run(
    'clang++',
    ...['--target=wasm32-wasi', '-std=c++17', '-fno-exceptions', '-O0', '-gdwarf-4', ...map],
    ...['sources.cpp', 'sources-other.cpp', '-o', 'sources-cpp.wasm'],
  );
  pack('sources-cpp.wasm', '^sources(-other)?\\.cpp$', '--linkage-names');
}
if (isWanted('large')) {
  run(
    'clang++',
    ...['--target=wasm32-wasi', '-std=c++17', '-fno-exceptions', '-O0', '-gdwarf-4', ...map],
    ...['large.cpp', '-o', 'large-cpp.wasm'],
  );
  pack('large-cpp.wasm', '^large\\.cpp$');
  run(
    process.env.RUSTC ?? 'rustc',
    ...['--edition', '2021', '--target', 'wasm32-wasi', '-g', '-Cpanic=abort'],
    ...[`--remap-path-prefix=${folder}=/project`, 'large.rs', '-o', 'large-rust.wasm'],
  );
  pack('large-rust.wasm', 'large\\.');
}
if (isWanted('cpp')) {
  run(
    'clang++',
    ...['--target=wasm32-wasi', '-std=c++17', '-fno-exceptions', '-O0', '-gdwarf-4', ...map],
    ...['values.cpp', '-o', 'values-cpp.wasm'],
  );
  pack('values-cpp.wasm', '^values\\.cpp$');
}
for (const [name, rustc, target, ...options] of [
  ['rust', process.env.RUSTC ?? 'rustc', 'wasm32-wasi'],
  ['rust-modern', process.env.RUSTC_MODERN ?? 'rustc', 'wasm32-wasip1', '--cfg', 'modern'],
]) {
  if (!isWanted(name)) continue;
  for (const source of ['values', 'library']) {
    run(
      rustc,
      ...['--edition', '2021', '--target', target, '-g', '-Cpanic=abort', '-Coverflow-checks=off', ...options],
      ...[`--remap-path-prefix=${folder}=/project`, `${source}.rs`, '-o', `${source}-${name}.wasm`],
    );
    pack(`${source}-${name}.wasm`, `${source}\\.`);
  }
}
if (isWanted('iterators')) {
  run(
    process.env.RUSTC ?? 'rustc',
    ...['--edition', '2021', '--target', 'wasm32-wasi', '-g', '-Cpanic=abort'],
    ...[`--remap-path-prefix=${folder}=/project`, 'iterators.rs', '-o', 'iterators-rust.wasm'],
  );
  pack('iterators-rust.wasm', 'iterators\\.');
}
if (isWanted('process')) {
  const rust = (...args) =>
    run(
      process.env.RUSTC ?? 'rustc',
      ...['--edition', '2021', '--target', 'wasm32-wasi', '-g', '-Cpanic=abort', '-Coverflow-checks=off'],
      ...[`--remap-path-prefix=${folder}=/project`, ...args],
    );
  rust('sdk.rs', '--crate-name', 'lunatic', '--crate-type', 'rlib', '-o', 'liblunatic.rlib');
  rust(
    ...['process.rs', '--crate-type=cdylib', '--extern', 'lunatic=liblunatic.rlib', '-o', 'process-rust.wasm'],
    ...['-Clink-self-contained=no', '-Clinker=wasm-ld', '-Clink-args=--no-entry --gc-sections'],
  );
  run('rm', 'liblunatic.rlib');
}
