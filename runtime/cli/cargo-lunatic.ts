/**
 * `cargo lunatic ARGUMENTS`: runs cargo so that it builds for WebAssembly and runs programs with `lunatic` (abi 21.2.8), in
 * projects that are not set up with `lunatic init`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';

/** cargo starts `cargo-lunatic lunatic ARGUMENTS`. */
const [first, ...rest] = process.argv.slice(2);
const args = first === 'lunatic' ? rest : process.argv.slice(2);

/** Rust 1.84 and newer call the target wasm32-wasip1. A variable that names it is respected. */
const target = process.env['CARGO_BUILD_TARGET'] === 'wasm32-wasip1' ? 'wasm32-wasip1' : 'wasm32-wasi';
const runner = `CARGO_TARGET_${target.toUpperCase().replaceAll('-', '_')}_RUNNER`;

let cargo: ChildProcess | undefined;
// A terminal sends Ctrl-C to both OS processes, `kill` to this one alone. Before cargo runs, the signal has no effect.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => cargo?.kill(signal));
cargo = spawn(process.env['CARGO'] ?? 'cargo', args, {
  stdio: 'inherit',
  env: { ...process.env, CARGO_BUILD_TARGET: target, [runner]: 'lunatic' },
});
cargo.on('error', (error) => {
  process.stderr.write(`cargo lunatic: cargo cannot be started: ${error.message}\n`);
  process.exit(1);
});
cargo.on('exit', (code, signal) => {
  process.exit(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
});
