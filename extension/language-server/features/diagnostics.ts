import { type Diagnostic, DiagnosticSeverity } from 'vscode-languageserver';
import type { TextProblem } from '../../../runtime/internal.ts';
import type { WatDocument } from '../wat-document.ts';

/** The most mistakes that are displayed of a text: nobody reads more. */
const MOST = 1000;

/** What is wrong with a text, each thing at its place. */
export function diagnosticsOf(document: WatDocument): Diagnostic[] {
  return document.analysis.problems.slice(0, MOST).map((problem) => diagnosticOf(document, problem));
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
