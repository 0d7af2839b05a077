#!/usr/bin/env node
// Builds the C, C++ and Rust programs of this folder, with debug information. Needs clang, wasm-ld, libc++ for WASI, and a rustc
// with the target wasm32-wasi, which RUSTC may name; with RUSTC_MODERN, the rustc from 1.85 on of that name, which has the source of
// its standard library, builds the Rust program as well. Needs Node 24 or newer.
//
//   node test/guests/coverage/build.mjs
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

if (process.env.RUSTC_MODERN !== undefined) buildModern(process.env.RUSTC_MODERN);

/** A recent compiler has no library for this target that could be taken: cargo builds it from its source. */
function buildModern(rustc) {
  const crate = mkdtempSync(join(tmpdir(), 'cart-'));
  const sysroot = execFileSync(rustc, ['--print', 'sysroot'], { encoding: 'utf8' }).trim();
  const manifest = `[package]
name = "cart"
version = "0.1.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]
path = "cart.rs"

[profile.dev]
panic = "abort"
overflow-checks = false

[profile.dev.package."*"]
opt-level = 2
debug = false
`;
  writeFileSync(join(crate, 'Cargo.toml'), manifest);
  copyFileSync(join(folder, 'cart.rs'), join(crate, 'cart.rs'));
  const flags = [
    ...['-Clink-self-contained=no', '-Clinker=wasm-ld', '-Clink-args=--no-entry'],
    ...[`--remap-path-prefix=${crate}=/project`, `--remap-path-prefix=${sysroot}/lib/rustlib/src/rust=/usr/src/rustc-1`],
  ];
  execFileSync('cargo', ['build', '-Zbuild-std=core', '--target', 'wasm32-unknown-unknown'], {
    cwd: crate,
    stdio: 'inherit',
    env: { ...process.env, RUSTC: rustc, RUSTC_BOOTSTRAP: '1', CARGO_ENCODED_RUSTFLAGS: flags.join('\x1f') },
  });
  const module = join(crate, 'target', 'wasm32-unknown-unknown', 'debug', 'cart.wasm');
  copyFileSync(module, join(folder, 'cart-rust-modern.wasm'));
  rmSync(crate, { recursive: true });
}
