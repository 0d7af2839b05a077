import { type Diagnostic, DiagnosticSeverity } from 'vscode-languageserver';
import { type Declaration, similarTo, type TextPlace } from '../../../runtime/internal.ts';
import {
  HOST_MODULES,
  type HostFunction,
  hostFunctionsOf,
  importedHostFunction,
  importStrings,
} from '../host-api.ts';
import type { WatDocument } from '../wat-document.ts';

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

export function hostDiagnosticsOf(document: WatDocument): Diagnostic[] {
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
  const functions = hostFunctionsOf(imported.module);
  if (functions.length === 0)
    return imported.module.startsWith('lunatic::')
      ? unknown(
          declaration,
          module,
          `the host has no module ${imported.module}`,
          similarTo(imported.module, HOST_MODULES),
        )
      : undefined;
  const expected = importedHostFunction(declaration);
  if (expected === undefined) {
    const names = functions.map((fn) => fn.name);
    return unknown(
      declaration,
      name,
      `${imported.module} has no function ${imported.name}`,
      similarTo(imported.name, names),
    );
  }
  return wrongTypes(document, declaration, expected);
}

function unknown(
  declaration: Declaration,
  place: TextPlace,
  message: string,
  similar: string | null,
): HostProblem {
  const hint = similar === null ? '' : `: perhaps ${similar} is meant`;
  return { place, code: 'host-name', message: message + hint, declaration, similar, expected: undefined };
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
