/** What the extension host loads: all its tests. */
import { writeFileSync } from 'node:fs';
import './extension.ts';
import { runTests } from './harness.ts';

export async function run(): Promise<void> {
  const results = await runTests();
  writeFileSync(process.env['LUNATIC_HOST_RESULTS'] ?? '', JSON.stringify(results));
}
