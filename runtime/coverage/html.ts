import { shortPath } from '../symbols/short-path.ts';
import { printable } from '../text/printable.ts';
import {
  type CoverageReport,
  type CoverageTotals,
  type CoveredFile,
  type CoveredShare,
  functionsNotExecuted,
  percent,
  totalsOf,
} from './report.ts';
import { gradeOf } from './table.ts';

/** Characters of sources that are shown, lines of a file, and characters of a line. */
const MOST_CHARACTERS = 32 * 2 ** 20;
const MOST_LINES = 50_000;
const MOST_COLUMNS = 500;

/** Tests that are named at a line. */
const MOST_NAMED = 20;

const STYLE = `
:root { color-scheme: light dark; --text: light-dark(#1f2328, #e6edf3); --back: light-dark(#fff, #0d1117); --soft: light-dark(#59636e, #9198a1);
  --edge: light-dark(#d1d9e0, #3d444d); --panel: light-dark(#f6f8fa, #151b23); --link: light-dark(#0550ae, #58a6ff);
  --high: light-dark(#116329, #3fb950); --fair: light-dark(#7d4e00, #d29922); --low: light-dark(#b3261e, #ff7b72);
  --hit: light-dark(#dafbe1, #12261e); --miss: light-dark(#ffebe9, #301b1f); --part: light-dark(#fff8c5, #2c2410) }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 90rem; padding: 1.5rem; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem; margin: 0 0 .75rem } h2 { font-size: 1.1rem; margin: 0; overflow-wrap: anywhere }
a { color: var(--link) } :focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
.sums { display: flex; gap: 1rem; flex-wrap: wrap; margin: 0 0 1.5rem; padding: 0; list-style: none }
.sums li { border: 1px solid var(--edge); background: var(--panel); border-radius: 8px; padding: .6rem 1rem; min-width: 9rem }
.sums b { display: block; font-size: 1.5rem; line-height: 1.3 } .soft { color: var(--soft) }
.high { color: var(--high) } .fair { color: var(--fair) } .low { color: var(--low) }
table.files { border-collapse: collapse; width: 100%; margin-bottom: 2rem } .files th, .files td { padding: .35rem .75rem; border-bottom: 1px solid var(--edge); text-align: right; white-space: nowrap }
.files th:first-child, .files td:first-child { text-align: left; width: 100%; white-space: normal; overflow-wrap: anywhere } thead th { color: var(--soft); font-weight: 600 } .files tbody th { font-weight: 400 }
progress { width: 7rem; height: .6rem; accent-color: var(--high); vertical-align: middle }
section { border: 1px solid var(--edge); border-radius: 8px; margin: 0 0 1rem; overflow: hidden } details > summary { cursor: pointer; padding: .6rem 1rem; background: var(--panel); display: flex; gap: 1rem; align-items: baseline; justify-content: space-between }
.code { overflow-x: auto; border-top: 1px solid var(--edge) } .code table { border-collapse: collapse; min-width: 100%; font: 13px/1.55 ui-monospace, "DejaVu Sans Mono", monospace }
.code td { padding: 0 .6rem; white-space: pre; vertical-align: top } .code td.n, .code td.h { color: var(--soft); text-align: right; user-select: none; width: 1% } .code td.h { border-right: 1px solid var(--edge) }
tr.hit { background: var(--hit) } tr.miss { background: var(--miss) } tr.part { background: var(--part) } tr.hit .h { color: var(--high) } tr.miss .h { color: var(--low) } tr.part .h { color: var(--fair) }
.code details > summary { display: inline; padding: 0; background: none } .code details[open] { white-space: normal; text-align: left; min-width: 14rem } .code ul { margin: 0; padding-left: 1.2rem } .note { padding: .6rem 1rem; margin: 0 }
`;

/**
 * One page with all sources, that needs nothing else: no script, no other file.
 * @param read gives the text of a source; null if it cannot be read
 */
export function htmlOf(report: CoverageReport, read: (path: string) => string | null): string {
  let room = MOST_CHARACTERS;
  const sections = report.files.map((file, index) => {
    const text = file.exists && file.lines.length > 0 && room > 0 ? read(file.path) : null;
    room -= text?.length ?? 0;
    return sectionOf(report, file, index, text);
  });
  const totals = totalsOf(report.files);
  const tests = report.tests.length;
  const subject = tests === 0 ? 'of a program' : `of ${tests} ${tests === 1 ? 'test' : 'tests'}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Coverage ${subject}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Coverage <span class="soft">${subject}</span></h1>
${summary(totals)}
<table class="files">
<thead><tr><th scope="col">File</th><th scope="col">Lines</th><th scope="col"><span class="soft">executed</span></th><th scope="col">Functions</th><th scope="col">Branches</th></tr></thead>
<tbody>
${report.files.map(rowOf).join('\n')}
</tbody>
</table>
${report.unknown.map((module) => `<p class="soft">No lines are known of ${escaped(module)}, and what in it is a library's: its functions count by their names. Build it with debug information.</p>`).join('\n')}
${sections.join('\n')}
</main>
</body>
</html>
`;
}

function summary({ lines, functions, branches }: CoverageTotals): string {
  const item = (what: string, share: CoveredShare) =>
    `<li>${what}<b class="${gradeOf(share)}">${percent(share)}</b><span class="soft">${share.covered} of ${share.total}</span></li>`;
  return `<ul class="sums">${item('Lines', lines)}${item('Functions', functions)}${item('Branches', branches)}</ul>`;
}

function rowOf(file: CoveredFile, index: number): string {
  const { lines, functions, branches } = totalsOf([file]);
  const cell = (share: CoveredShare) => `<td class="${gradeOf(share)}">${percent(share)}</td>`;
  const bar = `<progress max="${lines.total}" value="${lines.covered}" aria-label="${lines.covered} of ${lines.total} lines"></progress>`;
  return `<tr><th scope="row"><a href="#f${index}">${escaped(shortPath(file.path))}</a></th>${cell(lines)}<td>${bar}</td>${cell(functions)}${cell(branches)}</tr>`;
}

function sectionOf(report: CoverageReport, file: CoveredFile, index: number, text: string | null): string {
  const { lines } = totalsOf([file]);
  const content =
    file.lines.length === 0
      ? `<p class="note soft">Its functions count by their names. Not executed: ${missing(file)}.</p>`
      : text === null
        ? `<p class="note soft">The source is not shown: it is not on this machine, or outside of the folders of the program. Not executed: ${missing(file)}.</p>`
        : `<div class="code" tabindex="0" role="region" aria-label="${escaped(shortPath(file.path))}"><table><tbody>\n${rowsOf(report, file, text)}</tbody></table></div>`;
  const open = report.files.length <= 3 ? ' open' : '';
  return `<section id="f${index}"><details${open}><summary><h2>${escaped(shortPath(file.path))}</h2><span class="${gradeOf(lines)}">${percent(lines)}</span></summary>\n${content}\n</details></section>`;
}

function missing(file: CoveredFile): string {
  if (file.lines.length === 0) {
    const names = functionsNotExecuted(file);
    return names.length === 0 ? 'nothing' : names.slice(0, 1000).map(escaped).join(', ');
  }
  const left = file.lines.filter(([, hits]) => hits === 0).map(([line]) => line);
  return left.length === 0 ? 'nothing' : `lines ${left.slice(0, 1000).join(', ')}`;
}

function rowsOf(report: CoverageReport, file: CoveredFile, text: string): string {
  const hitsOf = new Map(file.lines);
  const testsOf = new Map<number, string[]>();
  for (const [test, lines] of file.tests) {
    const name = report.tests[test]?.name ?? '';
    for (const line of lines) {
      const names = testsOf.get(line);
      if (names === undefined) testsOf.set(line, [name]);
      else names.push(name);
    }
  }
  const partly = new Set(
    file.branches
      .filter(({ ways }) => ways.includes(0) && ways.some((hits) => hits > 0))
      .map(({ line }) => line),
  );
  const rows = text.split('\n', MOST_LINES).map((source, i) => {
    const line = i + 1;
    const hits = hitsOf.get(line);
    const code = escaped(source.slice(0, MOST_COLUMNS));
    if (hits === undefined) return `<tr><td class="n">${line}</td><td class="h"></td><td>${code}</td></tr>`;
    const kind = hits === 0 ? 'miss' : partly.has(line) ? 'part' : 'hit';
    const title = { miss: 'not executed', part: 'executed, but not every way from here', hit: 'executed' }[
      kind
    ];
    return `<tr class="${kind}" title="${title}"><td class="n">${line}</td><td class="h">${hitsCell(hits, testsOf.get(line))}</td><td>${code}</td></tr>`;
  });
  return `${rows.join('\n')}\n`;
}

function hitsCell(hits: number, names: readonly string[] | undefined): string {
  // A sign as well, for who does not tell the colours apart.
  if (hits === 0) return '✗';
  if (names === undefined) return '✓';
  const more = names.length > MOST_NAMED ? `<li>and ${names.length - MOST_NAMED} more</li>` : '';
  const list = names.slice(0, MOST_NAMED).map((name) => `<li>${escaped(name)}</li>`);
  return `<details><summary aria-label="${hits} ${hits === 1 ? 'test' : 'tests'}">${hits}</summary><ul>${list.join('')}${more}</ul></details>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text of others as the content of an element or attribute. */
function escaped(text: string): string {
  // Tabs of sources stay.
  return text
    .split('\t')
    .map(printable)
    .join('\t')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
