import * as vscode from 'vscode';
import type { CoverageReport } from '../../../runtime/internal.ts';
import type { ChosenModule } from '../running/test-selection.ts';
import { sourceFile } from '../source-file.ts';
import { topFolder } from '../top-folder.ts';
import { type CoveredSource, CoveredSources } from './coverage-sources.ts';

/** What the sources of the files that VS Code was told of are covered by. */
const sources = new WeakMap<vscode.FileCoverage, CoveredSource<vscode.TestItem>>();

/** The coverage of one run of tests, as VS Code shows it. */
export class EditorCoverage {
  readonly #sources = new CoveredSources<vscode.TestItem>();

  /** Adds what the tests of a module have executed. */
  add({ uri, chosen }: ChosenModule, report: CoverageReport): void {
    const top = topFolder(uri);
    this.#sources.add(
      report,
      (path) => sourceFile(path, uri.fsPath, top),
      (exportName) => chosen.get(exportName),
    );
  }

  /** Tells VS Code of all files. */
  publish(run: vscode.TestRun): void {
    for (const [path, source] of this.#sources.files) {
      const tests = new Set([...source.lines.values()].flatMap((found) => [...found]));
      const ways = [...source.branches.values()].flatMap((branch) => branch.ways);
      const coverage = new vscode.FileCoverage(
        vscode.Uri.file(path),
        countOf([...source.lines.values()].map(({ size }) => size)),
        ways.length === 0 ? undefined : countOf(ways),
        countOf([...source.functions.values()].map(({ hits }) => hits)),
        [...tests],
      );
      sources.set(coverage, source);
      run.addCoverage(coverage);
    }
  }
}

/** The lines, branches and functions of a file. */
export function coverageDetails(file: vscode.FileCoverage): vscode.FileCoverageDetail[] {
  const source = sources.get(file);
  if (source === undefined) return [];
  return [
    ...statements(source, (tests) => tests.size),
    ...[...source.functions.values()].map(
      ({ name, line, hits }) => new vscode.DeclarationCoverage(name, hits, rangeOf(line)),
    ),
  ];
}

/** The lines of a file that one test has executed. What it has not executed is not shown as missing. */
export function coverageOfTest(
  file: vscode.FileCoverage,
  test: vscode.TestItem,
): vscode.FileCoverageDetail[] {
  const source = sources.get(file);
  if (source === undefined) return [];
  return statements({ ...source, branches: new Map() }, (tests) => (tests.has(test) ? 1 : 0));
}

function statements(
  { lines, branches }: CoveredSource<vscode.TestItem>,
  hitsOf: (tests: ReadonlySet<vscode.TestItem>) => number,
): vscode.StatementCoverage[] {
  const ways = new Map([...lines.keys()].map((line) => [line, [] as vscode.BranchCoverage[]]));
  for (const branch of branches.values()) {
    const place = placeOf(branch.line, branch.column);
    for (const [way, hits] of branch.ways.entries())
      ways.get(branch.line)?.push(new vscode.BranchCoverage(hits, place, `way ${way + 1}`));
  }
  return [...lines].map(
    ([line, tests]) => new vscode.StatementCoverage(hitsOf(tests), rangeOf(line), ways.get(line)),
  );
}

function countOf(hits: readonly number[]): vscode.TestCoverageCount {
  return new vscode.TestCoverageCount(hits.filter((count) => count > 0).length, hits.length);
}

/** The whole line, whatever its length. Functions of which no line is known are at the beginning. */
function rangeOf(line: number): vscode.Range {
  const index = Math.max(0, line - 1);
  return new vscode.Range(index, 0, index, LINE_END);
}

/** Beyond the end of any line. */
const LINE_END = 10_000;

function placeOf(line: number, column: number): vscode.Position {
  return new vscode.Position(line - 1, Math.max(0, column - 1));
}
