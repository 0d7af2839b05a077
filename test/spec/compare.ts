/**
 * Runs WebAssembly's core test suite with every combination of passes and compares each assertion with what the same
 * engine gives for the module as it is.
 *
 *     node test/spec/compare.ts FOLDER [--few] [NAME...]
 *
 * FOLDER has the suite as JSON with its binaries, at any depth, as `wasm-tools json-from-wast` writes it. `--few`
 * leaves out combinations that differ in passes over sections alone. NAMEs are of test files, without `.json`.
 */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Pass } from '../../runtime/wasm/index.ts';
import { allCombinations, combinations, namesOf } from '../unit/wasm/combinations.ts';
import { outcomesOf } from './run-script.ts';

const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const [folder, ...names] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
if (folder === undefined || flags.some((flag) => flag !== '--few')) {
  process.stderr.write('usage: node test/spec/compare.ts FOLDER [--few] [NAME...]\n');
  process.exit(2);
}

const lists: readonly (readonly Pass[])[] = flags.includes('--few') ? combinations : allCombinations;
const files = globSync('**/*.json', { cwd: folder })
  .sort()
  .filter((file) => names.length === 0 || names.includes(basename(file, '.json')));

let assertions = 0;
let passing = 0;
const broken: string[] = [];
for (const file of files) {
  const script: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const plain = outcomesOf(script, join(folder, file), undefined);
  const holds = plain.map(() => true);
  for (const passes of lists) {
    const found = outcomesOf(script, join(folder, file), passes);
    for (const [i, outcome] of plain.entries()) {
      if (found[i]?.text === outcome.text) continue;
      if (holds[i])
        broken.push(`${file}:${outcome.line} (${namesOf(passes)}): ${outcome.text} | ${found[i]?.text}`);
      holds[i] = false;
    }
  }
  assertions += plain.length;
  passing += holds.filter(Boolean).length;
}
for (const line of broken) console.log(line);
console.log(
  `${passing} of ${assertions} assertions hold, of ${files.length} files under ${lists.length} combinations of passes`,
);
process.exit(passing === assertions && assertions > 0 ? 0 : 1);
