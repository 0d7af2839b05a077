import * as vscode from 'vscode';
import type { Fault } from './compiler-messages.ts';

/** Faults of one project that are displayed at most: a broken header breaks thousands of lines. */
const MAX_FAULTS = 1000;

const SEVERITIES = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
} as const;

/**
 * Shows what compilers say, in editors and in the Problems view, until the project is built again. What they have said of a crate is
 * over, too, when the build of another project compiles it.
 */
export class BuildFaults implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('lunatic-build');
  /** The faults of each project, by its file. */
  readonly #faults = new Map<string, Fault[]>();

  dispose(): void {
    this.#collection.dispose();
  }

  /** Called when a project begins to be built. */
  clear(project: string): void {
    const files = new Set(this.#faults.get(project)?.map(({ file }) => file));
    this.#faults.delete(project);
    for (const file of files) this.#show(file);
  }

  add(project: string, fault: Fault): void {
    if (fault.target !== undefined) this.compiled(project, fault.target);
    const faults = this.#faults.get(project) ?? [];
    this.#faults.set(project, faults);
    // Cargo says the same again where several targets contain a source.
    if (faults.length >= MAX_FAULTS || faults.some((other) => isSame(other, fault))) return;
    faults.push(fault);
    this.#show(fault.file);
  }

  /** Called when a build has compiled a target of cargo's: what builds of other projects have said of it is out of date. */
  compiled(project: string, target: string): void {
    for (const [other, faults] of this.#faults) {
      const left = other === project ? faults : faults.filter((fault) => fault.target !== target);
      if (left.length === faults.length) continue;
      this.#faults.set(other, left);
      for (const { file } of faults) this.#show(file);
    }
  }

  /** The errors of a project's last build. */
  errorsOf(project: string): Fault[] {
    return (this.#faults.get(project) ?? []).filter(({ severity }) => severity === 'error');
  }

  #show(file: string): void {
    const all = [...this.#faults.values()].flat().filter((fault) => fault.file === file);
    this.#collection.set(vscode.Uri.file(file), all.map(diagnosticOf));
  }
}

function isSame(a: Fault, b: Fault): boolean {
  return a.file === b.file && a.line === b.line && a.column === b.column && a.message === b.message;
}

function diagnosticOf({
  line,
  column,
  endLine,
  endColumn,
  message,
  severity,
  code,
  related,
}: Fault): vscode.Diagnostic {
  const range = new vscode.Range(line - 1, column - 1, endLine - 1, endColumn - 1);
  const diagnostic = new vscode.Diagnostic(range, message, SEVERITIES[severity]);
  diagnostic.source = 'lunatic';
  if (code !== undefined) diagnostic.code = code;
  diagnostic.relatedInformation = related.map(
    (place) =>
      new vscode.DiagnosticRelatedInformation(
        new vscode.Location(
          vscode.Uri.file(place.file),
          new vscode.Position(place.line - 1, place.column - 1),
        ),
        place.message,
      ),
  );
  return diagnostic;
}

/** Leads to a fault in its source. */
export async function showFault({ file, line, column }: Fault): Promise<void> {
  const place = new vscode.Position(line - 1, column - 1);
  await vscode.window.showTextDocument(vscode.Uri.file(file), { selection: new vscode.Range(place, place) });
}
