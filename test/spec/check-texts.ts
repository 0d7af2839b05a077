/**
 * Checks the texts of WebAssembly's core test suite: those that are valid are accepted, and others refused.
 *
 *     node test/spec/check-texts.ts FOLDER [NAME...]
 *
 * FOLDER has the suite's `.wast` files, at any depth. NAMEs are of files, without `.wast`.
 */
import { checkText } from '../../runtime/wat/checking/text-analysis.ts';
import { readSyntax } from '../../runtime/wat/index.ts';
import { suiteTexts } from './suite-texts.ts';

const [folder, ...names] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: node test/spec/check-texts.ts FOLDER [NAME...]\n');
  process.exit(2);
}

let texts = 0;
const wrong: string[] = [];
for (const { text, place, refusal } of suiteTexts(folder, names)) {
  texts++;
  const [problem] = checkText(readSyntax(text));
  if (problem !== undefined && refusal === undefined)
    wrong.push(
      `${place} was refused: ${problem.message} at ${JSON.stringify(text.slice(problem.start, problem.end + 30))}`,
    );
  if (problem === undefined && refusal !== undefined) wrong.push(`${place} was accepted: ${refusal}`);
}
for (const line of wrong) console.log(line);
console.log(`${texts - wrong.length} of ${texts} texts are judged right`);
process.exit(wrong.length === 0 && texts > 0 ? 0 : 1);
