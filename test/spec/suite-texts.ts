import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type List, type Node, readSyntax, type Syntax, textOf } from '../../runtime/wat/index.ts';
import { LineStarts } from '../../runtime/wat/line-starts.ts';
import { stringValue } from '../../runtime/wat/literals.ts';

/** A module in the text format, of a script of WebAssembly's test suite. */
export interface SuiteText {
  readonly text: string;
  /** The script, and the line in it that it begins at, from 1. */
  readonly place: string;
  /** What is wrong with it, if it is to be refused. */
  readonly refusal: string | undefined;
}

/**
 * The modules of the scripts in a folder.
 * @param names of scripts, without `.wast`; empty for all
 */
export function* suiteTexts(folder: string, names: readonly string[] = []): Generator<SuiteText> {
  for (const file of globSync('**/*.wast', { cwd: folder }).sort()) {
    if (names.length > 0 && !names.includes(basename(file, '.wast'))) continue;
    const script = readSyntax(readFileSync(join(folder, file), 'utf8'));
    const lines = new LineStarts(script.source);
    for (const root of script.roots) {
      if (root.kind !== 'list') continue;
      const isRefused = /^assert_(?:invalid|malformed)$/.test(root.head);
      const [, asserted, reason] = root.items;
      const module = root.head === 'module' ? root : asserted;
      if (module?.kind !== 'list' || module.head !== 'module') continue;
      const text = textOfModule(script, module);
      if (text === undefined) continue;
      yield {
        text,
        place: `${file}:${lines.positionAt(root.start).line + 1}`,
        refusal: isRefused ? textOf(script, reason as Node) : undefined,
      };
    }
  }
}

/** The text of a module; undefined where it is in the binary format. */
function textOfModule(script: Syntax, module: List): string | undefined {
  const words = module.items.slice(1).filter((item) => item.kind !== 'identifier');
  const [first] = words;
  const word = first?.kind === 'keyword' ? textOf(script, first) : '';
  if (word === 'binary' || word === 'instance') return undefined;
  if (word === 'quote')
    return words
      .slice(1)
      .map((item) => stringValue(textOf(script, item)))
      .join(' ');
  const text = textOf(script, module);
  return word === 'definition' ? text.replace('definition', '') : text;
}
