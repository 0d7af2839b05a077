import { type Diagnostic, DiagnosticSeverity } from 'vscode-languageserver';
import type { TextProblem } from '../../../runtime/internal.ts';
import type { ProjectFile } from '../projects/project-files.ts';
import { MODULE_SCHEME } from '../protocol.ts';
import type { Settings } from '../settings.ts';
import type { Work } from '../slices.ts';
import type { WatDocument } from '../wat-document.ts';
import { hostDiagnosticsOf } from './host-problems.ts';
import { checkingCode, lintDiagnosticsOf } from './lints.ts';

/** The most mistakes that are displayed of a text: nobody reads more. */
const MOST = 1000;

/**
 * All that is told of a text: mistakes, imports and calls that the host refuses, and what lints find.
 * @param file what says how the program of the text runs
 */
export function allDiagnosticsOf(
  document: WatDocument,
  lints: Settings['lints'],
  file: ProjectFile | undefined,
): Diagnostic[] {
  if (isOfBinary(document)) return hostDiagnosticsOf(document, file);
  // The lints look on while the code is checked.
  const found = lintDiagnosticsOf(document, lints);
  return [...diagnosticsOf(document), ...hostDiagnosticsOf(document, file), ...found];
}

/** Finds the same in parts: function by function. */
export function* findingDiagnostics(...of: Parameters<typeof allDiagnosticsOf>): Work<Diagnostic[]> {
  const [document] = of;
  if (!isOfBinary(document)) yield* checkingCode(document);
  return allDiagnosticsOf(...of);
}

/** What a compiler has made is right, and of a large module functions are left out. */
function isOfBinary({ uri }: WatDocument): boolean {
  return uri.startsWith(`${MODULE_SCHEME}:`);
}

/** What is wrong with a text, each thing at its place. */
export function diagnosticsOf(document: WatDocument): Diagnostic[] {
  return document.analysis.problems
    .filter((problem, i, all) => !isSame(problem, all[i - 1]))
    .slice(0, MOST)
    .map((problem) => diagnosticOf(document, problem));
}

/** Whether a word that cannot stand anywhere was told already as one that cannot stand there. */
function isSame({ kind, start, end }: TextProblem, before: TextProblem | undefined): boolean {
  return kind === 'syntax' && before?.kind === 'syntax' && before.start === start && before.end === end;
}

function diagnosticOf(document: WatDocument, problem: TextProblem): Diagnostic {
  return {
    range: document.rangeOf(problem),
    severity: DiagnosticSeverity.Error,
    source: 'lunatic',
    code: problem.kind,
    message: problem.message,
  };
}
