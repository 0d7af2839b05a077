import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { expect, test } from 'vitest';
import { documentHostApi } from '../../scripts/document-host-api.ts';
import { projectFolder } from '../support/command.ts';
import { headings, links } from '../support/markdown.ts';
import { projectFiles, readProjectFile } from '../support/project-files.ts';

test('docs/host-api.md is what `npm run document` makes of the table', () => {
  expect(readFileSync(join(projectFolder, 'docs', 'host-api.md'), 'utf8')).toBe(documentHostApi());
});

test('every link of a document leads to a file and a heading that are there', () => {
  const broken = projectFiles('**/*.md').flatMap((document) =>
    links(readProjectFile(document)).flatMap(({ target, line }) => {
      const problem = problemWith(document, target);
      return problem === null ? [] : [`${document}, line ${line}: ${target}: ${problem}`];
    }),
  );
  expect(broken).toEqual([]);
});

test('links are found, and code is no link', () => {
  const text = 'A [page](a.md#b "title").\n```\n[no](x.md)\n```\n`[no](y.md)` ![c](d.png)\n\n[e]: f.md';
  expect([...new Set(links(text).map(({ target, line }) => `${line} ${target}`))]).toEqual([
    '1 a.md#b',
    '5 d.png',
    '7 f.md',
  ]);
  expect(problemWith('README.md', 'docs/no-such-page.md')).toBe('there is no such file');
  expect(problemWith('README.md', 'CONTRIBUTING.md#no-such-heading')).toBe('there is no such heading');
  expect(problemWith('docs/abi/README.md', '../../../outside.md')).toBe('it leads out of the repository');
});

/** What is wrong with a link of a document; null for nothing, and for links to other sites. */
function problemWith(document: string, target: string): string | null {
  if (/^[a-z]+:/.test(target)) return null;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? document : normalize(join(dirname(document), path));
  if (file.startsWith('..')) return 'it leads out of the repository';
  if (!existsSync(join(projectFolder, file))) return 'there is no such file';
  if (anchor === undefined) return null;
  if (statSync(join(projectFolder, file)).isDirectory()) return 'a folder has no headings';
  return headings(readProjectFile(file)).some((heading) => heading.anchor === anchor)
    ? null
    : 'there is no such heading';
}
