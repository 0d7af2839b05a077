import * as vscode from 'vscode';
import type { ModuleFault, ModuleReadError } from './module-error.ts';

/** The source of all diagnostics of text modules, those of the language server among them. */
const SOURCE = 'lunatic';

/**
 * Displays the faults of modules that cannot be read, in editors and in the Problems view: where the language server does not display
 * errors of the same text module, as it does while that is open.
 */
export class ModuleDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('lunatic');
  /** By the URIs of the modules. */
  readonly #faults = new Map<string, readonly vscode.Diagnostic[]>();
  readonly #subscription = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
    for (const uri of uris) this.#show(uri);
  });

  dispose(): void {
    this.#subscription.dispose();
    this.#collection.dispose();
  }

  set(uri: vscode.Uri, { faults }: ModuleReadError): void {
    this.clear(uri);
    this.#faults.set(uri.toString(), faults.map(diagnosticOf));
    this.#show(uri);
  }

  /** Called when the module can be read, or is gone. */
  clear(uri: vscode.Uri): void {
    this.#faults.delete(uri.toString());
    this.#collection.delete(uri);
  }

  #show(uri: vscode.Uri): void {
    const faults = this.#faults.get(uri.toString());
    if (faults === undefined) return;
    const errors = vscode.languages.getDiagnostics(uri).filter(isError);
    if (!this.#collection.has(uri)) {
      if (errors.length === 0) this.#collection.set(uri, faults);
    } else if (errors.length > faults.length) {
      this.#collection.delete(uri);
    }
  }
}

function isError({ source, severity }: vscode.Diagnostic): boolean {
  return source === SOURCE && severity === vscode.DiagnosticSeverity.Error;
}

/** The range of a fault in its module: the beginning of the file if the fault has none. */
export function rangeOf({ range }: ModuleFault): vscode.Range {
  if (range === undefined) return new vscode.Range(0, 0, 0, 0);
  const { line, column, length } = range;
  return new vscode.Range(line, column, line, column + length);
}

function diagnosticOf(fault: ModuleFault): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(rangeOf(fault), fault.message);
  diagnostic.source = SOURCE;
  return diagnostic;
}
