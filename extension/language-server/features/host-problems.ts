import { type Diagnostic, DiagnosticSeverity } from 'vscode-languageserver';
import type { Declaration, TextPlace } from '../../../runtime/internal.ts';
import { type HostFunction, importedHostFunction, importStrings, unknownName } from '../host-api.ts';
import { denialsOf } from '../projects/denials.ts';
import type { ProjectFile } from '../projects/project-files.ts';
import type { WatDocument } from '../wat-document.ts';
import { isDefinition } from './navigation.ts';

/** An import that the host does not have, or not so. */
export interface HostProblem {
  readonly place: TextPlace;
  readonly code: 'host-name' | 'host-signature';
  readonly message: string;
  readonly declaration: Declaration;
  /** The name that was perhaps meant. */
  readonly similar: string | null;
  /** What has other types. */
  readonly expected: HostFunction | undefined;
}

/** Imports that the runtime would refuse. Modules whose names are no host's may be plugins. */
export function hostProblemsOf(document: WatDocument): HostProblem[] {
  return document.analysis.declarations.all.flatMap((declaration) => problemOf(document, declaration) ?? []);
}

/**
 * What is told about the imports of host functions, and about their calls.
 * @param file what says how the program of the text runs
 */
export function hostDiagnosticsOf(document: WatDocument, file: ProjectFile | undefined): Diagnostic[] {
  return [...problemDiagnostics(document), ...(file === undefined ? [] : denialDiagnostics(document, file))];
}

/** Calls that are refused; where nothing calls, the import. */
function denialDiagnostics(document: WatDocument, file: ProjectFile): Diagnostic[] {
  return document.analysis.declarations.all.flatMap((declaration) => {
    const fn = importedHostFunction(declaration);
    if (fn === undefined) return [];
    const uses = document.usesOf(declaration).filter((use) => !isDefinition(use));
    const places =
      uses.length === 0 ? importStrings(document, declaration).slice(1) : uses.map(({ at }) => at);
    return denialsOf(
      fn,
      file,
      places.map((place) => document.rangeOf(place)),
    );
  });
}

function problemDiagnostics(document: WatDocument): Diagnostic[] {
  return hostProblemsOf(document).map(({ place, code, message }) => ({
    range: document.rangeOf(place),
    severity: code === 'host-name' ? DiagnosticSeverity.Warning : DiagnosticSeverity.Error,
    source: 'lunatic',
    code,
    message,
  }));
}

function problemOf(document: WatDocument, declaration: Declaration): HostProblem | undefined {
  const { space, imported } = declaration;
  const [module, name] = importStrings(document, declaration);
  if (space !== 'function' || imported === undefined || module === undefined || name === undefined)
    return undefined;
  const unknown = unknownName(imported.module, imported.name);
  if (unknown !== undefined) {
    const { part, message, similar } = unknown;
    const place = part === 'module' ? module : name;
    return { place, code: 'host-name', message, declaration, similar, expected: undefined };
  }
  const expected = importedHostFunction(declaration);
  return expected && wrongTypes(document, declaration, expected);
}

function wrongTypes(
  document: WatDocument,
  declaration: Declaration,
  expected: HostFunction,
): HostProblem | undefined {
  const { scope } = document.analysis;
  const type = scope.functions[declaration.index];
  const shape = type === undefined ? undefined : scope.types.get(type)?.shape;
  if (shape?.kind !== 'func') return undefined;
  const written = typesKey(
    shape.params.map((one) => scope.typeText(one)),
    shape.results.map((one) => scope.typeText(one)),
  );
  const known = [expected, ...expected.older].map(({ params, results }) => typesKey(params, results));
  if (known.includes(written)) return undefined;
  const { start, end } = declaration.list;
  return {
    place: { start, end },
    code: 'host-signature',
    message: `${expected.name} is ${known[0]}, and not ${written}`,
    declaration,
    similar: null,
    expected,
  };
}

function typesKey(params: readonly string[], results: readonly string[]): string {
  return `[${params.join(' ')}] -> [${results.join(' ')}]`;
}
