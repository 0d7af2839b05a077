/**
 * Checks the texts of WebAssembly's core test suite: those that are valid are accepted, and others refused.
 *
 *     node test/spec/check-texts.ts FOLDER [NAME...]
 *
 * FOLDER has the suite's `.wast` files, at any depth. NAMEs are of files, without `.wast`.
 */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkText } from '../../runtime/wat/checking/text-analysis.ts';
import { type List, type Node, readSyntax, type Syntax, textOf } from '../../runtime/wat/index.ts';
import { LineStarts } from '../../runtime/wat/line-starts.ts';
import { stringValue } from '../../runtime/wat/literals.ts';

const [folder, ...names] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: node test/spec/check-texts.ts FOLDER [NAME...]\n');
  process.exit(2);
}

let texts = 0;
const wrong: string[] = [];
for (const file of globSync('**/*.wast', { cwd: folder }).sort()) {
  if (names.length > 0 && !names.includes(basename(file, '.wast'))) continue;
  const script = readSyntax(readFileSync(join(folder, file), 'utf8'));
  const lines = new LineStarts(script.source);
  for (const root of script.roots) {
    if (root.kind !== 'list') continue;
    const refused = /^assert_(?:invalid|malformed)$/.test(root.head);
    const [, module] = root.items;
    const list = root.head === 'module' ? root : module;
    if (list?.kind !== 'list' || list.head !== 'module') continue;
    const text = textOfModule(script, list);
    if (text === undefined) continue;
    texts++;
    const problems = checkText(text);
    if (problems.length > 0 === refused) continue;
    const { line } = lines.positionAt(root.start);
    const said = refused
      ? textOf(script, root.items[2] as Node)
      : `${problems[0]?.message} at ${JSON.stringify(text.source.slice(problems[0]?.start, (problems[0]?.end ?? 0) + 30))}`;
    wrong.push(`${file}:${line + 1} ${refused ? 'was accepted' : 'was refused'}: ${said}`);
  }
}
for (const line of wrong) console.log(line);
console.log(`${texts - wrong.length} of ${texts} texts are judged right`);
process.exit(wrong.length === 0 && texts > 0 ? 0 : 1);

/** The syntax of a module of a script alone; undefined where it is in the binary format. */
function textOfModule(script: Syntax, module: List): Syntax | undefined {
  const words = module.items.slice(1).filter((item) => item.kind !== 'identifier');
  const [first] = words;
  const word = first?.kind === 'keyword' ? textOf(script, first) : '';
  if (word === 'binary' || word === 'instance') return undefined;
  if (word === 'quote')
    return readSyntax(
      words
        .slice(1)
        .map((item) => stringValue(textOf(script, item)))
        .join(' '),
    );
  const fields = module.items.filter((item) => item !== first || word !== 'definition');
  const faults = script.faults.filter(({ start }) => start >= module.start && start < module.end);
  return { ...script, faults, roots: [{ ...module, items: fields }] };
}
