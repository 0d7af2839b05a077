import {
  type CodeAction,
  CodeActionKind,
  type CompletionItem,
  CompletionItemKind,
  type Diagnostic,
  DiagnosticSeverity,
  type Hover,
  MarkupKind,
  type Position,
  type Range,
} from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { TextPlace } from '../../../runtime/internal.ts';
import { HOST_MODULES, hostFunction, hostFunctionsOf } from '../host-api.ts';
import { hostDocumentation } from '../host-documentation.ts';
import { denialsOf } from '../projects/denials.ts';
import type { ProjectFile } from '../projects/project-files.ts';
import { mayDeclareImports } from '../protocol.ts';
import { checkImports, type ImportProblem, signatureText } from './host-checks.ts';
import { importCursorAt } from './import-cursor.ts';
import { declarationOf, type ImportLanguage, importLanguage } from './languages.ts';
import { callsOf } from './source-tokens.ts';

/**
 * What is wrong with the imports of a source, and which calls of them are refused.
 * @param file what says how the program of the source runs
 */
export function diagnosticsOf(document: TextDocument, file: ProjectFile | undefined): Diagnostic[] {
  return [...problemDiagnostics(document), ...(file === undefined ? [] : denialDiagnostics(document, file))];
}

/** Calls that are refused; where nothing calls, the import. */
function denialDiagnostics(document: TextDocument, file: ProjectFile): Diagnostic[] {
  const language = languageOf(document);
  if (language === undefined) return [];
  const source = document.getText();
  return language.find(source).flatMap(({ module, name, identifier }) => {
    const fn = hostFunction(module.text, name.text);
    if (fn === undefined) return [];
    const calls = callsOf(source, language.name, identifier);
    const places = calls.length === 0 ? [name] : calls;
    return denialsOf(
      fn,
      file,
      places.map((place) => rangeOf(document, place)),
    );
  });
}

function problemDiagnostics(document: TextDocument): Diagnostic[] {
  return problemsOf(document).map((problem) => ({
    range: rangeOf(document, problem),
    severity: problem.code === 'host-name' ? DiagnosticSeverity.Warning : DiagnosticSeverity.Error,
    source: 'lunatic',
    code: problem.code,
    message: problem.message,
  }));
}

/** What mends the mistakes that a client asks about. */
export function quickFixesFor(document: TextDocument, diagnostics: readonly Diagnostic[]): CodeAction[] {
  const problems = problemsOf(document);
  return diagnostics.flatMap((diagnostic) => {
    const start = document.offsetAt(diagnostic.range.start);
    const fix = problems.find((one) => one.start === start && one.code === diagnostic.code)?.fix;
    if (fix === undefined) return [];
    const edits = fix.edits.map(({ text, ...place }) => ({ range: rangeOf(document, place), newText: text }));
    return {
      title: fix.title,
      kind: CodeActionKind.QuickFix,
      diagnostics: [diagnostic],
      isPreferred: true,
      edit: { changes: { [document.uri]: edits } },
    };
  });
}

/** What the host does for an import, where its name or its parameters are. */
export function hoverAt(document: TextDocument, position: Position): Hover | null {
  const offset = document.offsetAt(position);
  const isAt = ({ start, end }: TextPlace) => start <= offset && offset <= end;
  const found = languageOf(document)
    ?.find(document.getText())
    .find(({ name, list }) => isAt(name) || isAt(list));
  const meant = found && hostFunction(found.module.text, found.name.text);
  if (found === undefined || meant === undefined) return null;
  return {
    contents: {
      kind: MarkupKind.Markdown,
      value: `\`${signatureText(meant)}\`\n\n${hostDocumentation(meant)}`,
    },
    range: rangeOf(document, isAt(found.name) ? found.name : found.list),
  };
}

/** Modules and functions of the host, where an import names them. */
export function completionsAt(document: TextDocument, position: Position): CompletionItem[] {
  const language = languageOf(document);
  const source = document.getText();
  if (language === undefined) return [];
  const cursor = importCursorAt(source, language.name, document.offsetAt(position));
  if (cursor === undefined) return [];
  const range = rangeOf(document, cursor);
  const { module, prefix, isDeclaration } = cursor;
  if (module === undefined)
    return HOST_MODULES.filter((name) => name.startsWith(prefix)).map((name) => ({
      label: name.slice(prefix.length),
      kind: CompletionItemKind.Module,
      textEdit: { range, newText: name.slice(prefix.length) },
    }));
  return hostFunctionsOf(module).map((fn) => ({
    label: fn.name,
    kind: CompletionItemKind.Function,
    detail: signatureText(fn),
    documentation: { kind: MarkupKind.Markdown, value: hostDocumentation(fn) },
    textEdit: { range, newText: isDeclaration ? declarationOf(fn, language) : fn.name },
  }));
}

function problemsOf(document: TextDocument): ImportProblem[] {
  const language = languageOf(document);
  return language === undefined ? [] : checkImports(language.find(document.getText()), language.writing);
}

/** The language of a source that declares imports. */
function languageOf(document: TextDocument): ImportLanguage | undefined {
  return mayDeclareImports(document.getText()) ? importLanguage(document.languageId) : undefined;
}

function rangeOf(document: TextDocument, { start, end }: TextPlace): Range {
  return { start: document.positionAt(start), end: document.positionAt(end) };
}
