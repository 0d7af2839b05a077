import { statSync } from 'node:fs';
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
 * over, too, when the build of another project compiles it, but for what may be in its tests.
 */
export class BuildFaults implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('lunatic-build');
  /** The faults of each project, by its file. */
  readonly #faults = new Map<string, KeptFault[]>();

  dispose(): void {
    this.#collection.dispose();
  }

  /** Called when a project begins to be built. */
  clear(project: string): void {
    const faults = this.#faults.get(project) ?? [];
    this.#faults.delete(project);
    this.#show(faults);
  }

  add(project: string, fault: Fault): void {
    const { target } = fault;
    if (target !== undefined) {
      this.#forget(project, (other) => other.target === target && (isSame(other, fault) || !mayStay(other)));
    }
    const faults = this.#faults.get(project) ?? [];
    this.#faults.set(project, faults);
    // Cargo says the same again where several targets contain a source.
    if (faults.length >= MAX_FAULTS || faults.some((other) => isSame(other, fault))) return;
    faults.push(fault.isOfTests ? { ...fault, modified: modifiedAt(fault.file) } : fault);
    this.#show([fault]);
  }

  /**
   * Called when cargo has a target without an error: what builds of other projects have said of it is out of date.
   * @param isTest whether the code is in it that only tests use
   */
  compiled(project: string, target: string, isTest: boolean): void {
    this.#forget(project, (fault) => fault.target === target && (isTest || !mayStay(fault)));
  }

  /** Removes faults that builds of all projects but one have reported. */
  #forget(project: string, isOver: (fault: KeptFault) => boolean): void {
    for (const [other, faults] of this.#faults) {
      const over = other === project ? [] : faults.filter(isOver);
      if (over.length === 0) continue;
      this.#faults.set(
        other,
        faults.filter((fault) => !over.includes(fault)),
      );
      this.#show(over);
    }
  }

  /** The errors of a project's last build. */
  errorsOf(project: string): Fault[] {
    return (this.#faults.get(project) ?? []).filter(({ severity }) => severity === 'error');
  }

  /** Shows the files of some faults as they are now. */
  #show(changed: readonly Fault[]): void {
    for (const file of new Set(changed.map((fault) => fault.file))) {
      const all = [...this.#faults.values()].flat().filter((fault) => fault.file === file);
      this.#collection.set(vscode.Uri.file(file), all.map(diagnosticOf));
    }
  }
}

/** A fault that is displayed. */
interface KeptFault extends Fault {
  /** When its file was last changed before, if a build of tests has reported it. */
  readonly modified?: number | undefined;
}

/** Whether a build without tests says nothing of a fault: it may be in code that only tests use, and its file is as it was. */
function mayStay({ file, isOfTests, modified }: KeptFault): boolean {
  return isOfTests === true && modifiedAt(file) === modified;
}

/** When a file was last changed, in milliseconds since 1970, if there is one. */
function modifiedAt(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
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
