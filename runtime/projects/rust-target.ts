import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Rust's targets for which programs can be built. Rust 1.84 and newer know only the first one, those before 1.78 the second. */
export const RUST_TARGETS = ['wasm32-wasip1', 'wasm32-wasi'] as const;
export type RustTarget = (typeof RUST_TARGETS)[number];

/** Whether a toolchain can build for a target. @param sysroot what `rustc --print sysroot` says */
export function hasRustTarget(sysroot: string, target: string): boolean {
  return existsSync(join(sysroot, 'lib', 'rustlib', target));
}

/** The target for which a toolchain can build, or else the present one: what is missing is said when a program is built. */
export function usualRustTarget(sysroot: string | undefined): RustTarget {
  const installed = RUST_TARGETS.find((target) => sysroot !== undefined && hasRustTarget(sysroot, target));
  return installed ?? RUST_TARGETS[0];
}
