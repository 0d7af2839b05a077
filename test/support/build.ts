import { execFileSync } from 'node:child_process';
import { env, execPath } from 'node:process';

/**
 * Bundles the command before the tests that run it: with the Node that npm runs on, as `npm start` does, which may be older than the
 * one that runs the tests.
 */
export default function setup(): void {
  execFileSync(env['npm_node_execpath'] ?? execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
}
