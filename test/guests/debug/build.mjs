#!/usr/bin/env node
// Builds the C and Rust programs of this folder, with debug information. Needs clang, wasm-ld, and a rustc with the target
// wasm32-wasi, which RUSTC may name, and its cargo, which CARGO may name. Needs Node 24 or newer.
//
//   node test/guests/debug/build.mjs
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

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

// The shelter is written with the crate `lunatic`. It keeps 6 MB of debug information, and is packed.
const crate = mkdtempSync(join(tmpdir(), 'lunatic-shelter-'));
const rust = join(folder, '..', 'rust');
mkdirSync(join(crate, 'src'));
copyFileSync(join(folder, 'shelter.rs'), join(crate, 'src', 'shelter.rs'));
copyFileSync(join(rust, 'Cargo.lock'), join(crate, 'Cargo.lock'));
const manifest = readFileSync(join(rust, 'Cargo.toml'), 'utf8');
writeFileSync(join(crate, 'Cargo.toml'), `${manifest}\n[[bin]]\nname = "shelter"\npath = "src/shelter.rs"\n`);
execFileSync(process.env.CARGO ?? 'cargo', ['build', '--target', 'wasm32-wasi'], {
  cwd: crate,
  stdio: 'inherit',
  env: { ...process.env, RUSTFLAGS: `--remap-path-prefix=${crate}=/crates` },
});
const module = join(crate, 'target', 'wasm32-wasi', 'debug', 'shelter.wasm');
const units = 'shelter\\.rs|lunatic|core|alloc|serde|bincode|hashbrown|std';
run(process.execPath, join(folder, '..', 'values', 'keep-units.ts'), module, units, '--names');
const params = { [constants.BROTLI_PARAM_LGWIN]: 24 };
writeFileSync(join(folder, 'shelter-rust.wasm.br'), brotliCompressSync(readFileSync(module), { params }));
rmSync(crate, { recursive: true });
