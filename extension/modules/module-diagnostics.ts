import * as vscode from 'vscode';
import type { ModuleFault, ModuleReadError } from './module-error.ts';

/** Displays the faults of modules that cannot be read, in editors and in the Problems view. */
export class ModuleDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('lunatic');

  dispose(): void {
    this.#collection.dispose();
  }

  set(uri: vscode.Uri, { faults }: ModuleReadError): void {
    this.#collection.set(uri, faults.map(diagnosticOf));
  }

  /** Called when the module can be read, or is gone. */
  clear(uri: vscode.Uri): void {
    this.#collection.delete(uri);
  }
}

/** The range of a fault in its module: the beginning of the file if the fault has none. */
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
