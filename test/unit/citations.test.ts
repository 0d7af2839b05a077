import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { headings } from '../support/markdown.ts';
import { projectFiles, readProjectFile } from '../support/project-files.ts';

/** Files in which the contract with guests may be cited. */
const CITING = ['**/*.ts', '**/*.mjs', '**/*.md', '**/*.c', '**/*.h', '**/*.rs', '**/*.wat'];

/** A section of `docs/abi`, and whatever of it can be cited by a number: rows of tables, steps. */
interface Section {
  readonly rows: ReadonlySet<number>;
  readonly steps: ReadonlySet<number>;
}

const sections = readContract();

/** The sections of the contract by their number. */
function readContract(): ReadonlyMap<string, Section> {
  const found = new Map<string, Section>();
  for (const file of projectFiles('docs/abi/*.md')) {
    let numbers: string[] = [];
    for (const part of readProjectFile(file).split(/^(?=#{1,6} )/m)) {
      const [heading] = headings(part);
      const number = /^(\d+(?:\.\d+)*)\.? /.exec(heading?.text ?? '')?.[1];
      if (number === undefined) continue;
      numbers = [...numbers.filter((above) => number.startsWith(`${above}.`)), number];
      const rows = [...part.matchAll(/^\| (\d+) \|/gm)].map(([, row]) => Number(row));
      const steps = [...part.matchAll(/^(\d+)\. /gm)].map(([, step]) => Number(step));
      if (found.has(number)) throw new Error(`section ${number} is twice in docs/abi, once in ${file}`);
      // A row may be cited by the chapter alone.
      for (const cited of numbers) {
        const known = found.get(cited) ?? { rows: new Set(), steps: new Set() };
        found.set(cited, {
          rows: new Set([...known.rows, ...rows]),
          steps: new Set([...known.steps, ...steps]),
        });
      }
    }
  }
  return found;
}

/** What is wrong with the citations of a text, each with its line. */
function wrongCitations(text: string): readonly string[] {
  const wrong: string[] = [];
  // A citation may go on in the next line of a comment.
  const gap = String.raw`\s+(?:(?:\*|//|>)\s+)?`;
  const number = String.raw`\d+(?:\.\d+)*`;
  const citation = new RegExp(
    `\\babi${gap}(${number})((?:,${gap}\\d+\\.${number})*)(?:,${gap}(number|steps?)${gap}(\\d+)(?:-(\\d+))?)?`,
    'g',
  );
  const complain = (index: number, problem: string) =>
    wrong.push(`line ${text.slice(0, index).split('\n').length}: ${problem}`);
  for (const { index, 1: first = '', 2: further = '', 3: kind, 4: from, 5: to } of text.matchAll(citation)) {
    const cited = [first, ...(further.match(new RegExp(number, 'g')) ?? [])];
    for (const section of cited) {
      if (!sections.has(section)) complain(index, `docs/abi has no section ${section}`);
    }
    const section = sections.get(cited.at(-1) ?? '');
    if (section === undefined || kind === undefined) continue;
    const numbers = kind === 'number' ? section.rows : section.steps;
    for (const wanted of [from, to]) {
      if (wanted !== undefined && !numbers.has(Number(wanted))) {
        complain(index, `section ${cited.at(-1)} of docs/abi has no ${kind} ${wanted}`);
      }
    }
  }
  for (const { 0: old, index } of text.matchAll(/\b(?:semantics|cli(?:\.md)?) \d+(?:\.\d+)*/g)) {
    complain(index, `"${old}": sections of docs/abi are cited as "abi 3.5"`);
  }
  return wrong;
}

describe('citations of the contract with guests', () => {
  test('every one names a section that is there', () => {
    const wrong = projectFiles(...CITING)
      .filter((file) => basename(file) !== 'citations.test.ts')
      .flatMap((file) => wrongCitations(readProjectFile(file)).map((problem) => `${file}, ${problem}`));
    expect(wrong).toEqual([]);
  });

  test('are found where comments break them', () => {
    expect(wrongCitations('/**\n * What a receive returns (abi\n * 3.55).\n */')).toEqual([
      'line 2: docs/abi has no section 3.55',
    ]);
    expect(wrongCitations('// abi 8.2, 8.33')).toEqual(['line 1: docs/abi has no section 8.33']);
    expect(wrongCitations('x\n// (abi 19, number 8), (abi 19, number 800)')).toEqual([
      'line 2: section 19 of docs/abi has no number 800',
    ]);
    expect(wrongCitations('abi 2.9, steps 10-13')).toEqual([
      'line 1: section 2.9 of docs/abi has no steps 13',
    ]);
    expect(wrongCitations('(semantics 3.5)')).toEqual([
      'line 1: "semantics 3.5": sections of docs/abi are cited as "abi 3.5"',
    ]);
  });

  test('the chapters and the sections of each are counted without a gap', () => {
    for (const number of sections.keys()) {
      const last = Number(/\d+$/.exec(number)?.[0]);
      if (last === 1) continue;
      const before = number.replace(/\d+$/, String(last - 1));
      expect(sections.has(before), `docs/abi has a section ${number}, but none ${before}`).toBe(true);
    }
  });
});
