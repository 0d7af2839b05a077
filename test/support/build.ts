import { execFileSync } from 'node:child_process';

/** Bundles the command before the tests that run it. */
export default function setup(): void {
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
}
