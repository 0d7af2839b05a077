#!/usr/bin/env node
// Builds the program of this folder, with debug information that names its source relative to the folder. Needs clang and wasm-ld.
//
//   node test/guests/lines/build.mjs
import { execFileSync } from 'node:child_process';

execFileSync(
  'clang',
  [
    ...['--target=wasm32', '-nostdlib', '-O1', '-gdwarf-4', '-Wl,--no-entry', '-fdebug-compilation-dir=.'],
    ...['cake.c', '-o', 'cake.wasm'],
  ],
  { cwd: import.meta.dirname, stdio: 'inherit' },
);
