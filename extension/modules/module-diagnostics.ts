import * as vscode from 'vscode';
import type { ModuleFault, ModuleReadError } from './module-error.ts';

/** Displays what is wrong with modules where it is wrong, in editors and in the list of problems. */
export class ModuleDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('lunatic');

  dispose(): void {
    this.#collection.dispose();
  }

  set(uri: vscode.Uri, { faults }: ModuleReadError): void {
    this.#collection.set(uri, faults.map(diagnosticOf));
  }

  /** The module can be read, or is gone. */
  clear(uri: vscode.Uri): void {
    this.#collection.delete(uri);
  }
}

/** Where a fault is in the text of its module: at its beginning where nobody knows. */
export function rangeOf({ range }: ModuleFault): vscode.Range {
  if (range === undefined) return new vscode.Range(0, 0, 0, 0);
  const { line, column, length } = range;
  return new vscode.Range(line, column, line, column + length);
}

function diagnosticOf(fault: ModuleFault): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(rangeOf(fault), fault.message);
  diagnostic.source = 'lunatic';
  return diagnostic;
}
