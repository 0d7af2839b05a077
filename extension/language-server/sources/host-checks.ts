import type { TextPlace } from '../../../runtime/internal.ts';
import { type HostFunction, hostFunction, type UnknownName, unknownName } from '../host-api.ts';
import type { DeclaredImport, DeclaredType, HostType, ImportedName } from './declared-import.ts';

/** What is wrong with an import of a host function, and what to write in its place. */
export interface ImportProblem extends TextPlace {
  readonly code: 'host-name' | 'host-signature';
  readonly message: string;
  readonly fix?: { readonly title: string; readonly edits: readonly Edit[] } | undefined;
}

interface Edit extends TextPlace {
  readonly text: string;
}

/** How a language writes what a fix inserts. */
export interface Writing {
  /** A parameter. */
  param(name: string, type: HostType): string;
  /** A type in the place of another one. */
  type(type: HostType | 'nothing'): string;
  /** A result behind the list of parameters; null where a language writes it elsewhere, always. */
  result(type: HostType): string | null;
}

/** A host function with its types: `sleep_ms(millis: i64)`. */
export function signatureText({ name, params, paramNames, results }: HostFunction): string {
  const list = params.map((type, i) => `${paramNames[i] ?? `p${i}`}: ${type}`).join(', ');
  return `${name}(${list})${results.length === 0 ? '' : ` -> ${results.join(', ')}`}`;
}

/**
 * Checks imports against the host's functions. Those of modules that are not the host's are others' business. An unknown module that is
 * written once, above several functions, is one problem.
 */
export function checkImports(imports: readonly DeclaredImport[], writing: Writing): ImportProblem[] {
  const byPlace = new Map<number, ImportProblem>();
  for (const one of imports) {
    const problem = checkImport(one, writing);
    if (problem !== undefined && !byPlace.has(problem.start)) byPlace.set(problem.start, problem);
  }
  return [...byPlace.values()];
}

function checkImport(declared: DeclaredImport, writing: Writing): ImportProblem | undefined {
  const { module, name } = declared;
  const unknown = unknownName(module.text, name.text, module.prefix);
  if (unknown !== undefined) return nameProblem(unknown.part === 'module' ? module : name, unknown);
  const meant = hostFunction(module.text, name.text);
  if (meant === undefined) return undefined;
  const signatures = [meant, ...meant.older];
  if (signatures.some(({ params, results }) => fits(declared, params, results[0]))) return undefined;
  return {
    start: declared.list.start,
    end: Math.max(declared.list.end, declared.result?.end ?? 0),
    code: 'host-signature',
    message: `the host's function is ${signatureText(meant)}`,
    fix: { title: 'Use the types of the host function', edits: corrections(declared, meant, writing) },
  };
}

function nameProblem(
  { start, end, prefix = '' }: ImportedName,
  { message, similar }: UnknownName,
): ImportProblem {
  const fix =
    similar === null
      ? undefined
      : { title: `Change to ${similar}`, edits: [{ start, end, text: similar.slice(prefix.length) }] };
  return { start, end, code: 'host-name', message, fix };
}

function fits(
  { params, result }: DeclaredImport,
  types: readonly HostType[],
  wanted: HostType | undefined,
): boolean {
  return (
    params.length === types.length &&
    params.every(({ type }, i) => isAs(type, types[i] as HostType)) &&
    isAs(result === undefined ? 'nothing' : result.type, wanted ?? 'nothing')
  );
}

/** Whether a type is what it should be, or may be. */
function isAs(type: DeclaredType['type'], wanted: HostType | 'nothing'): boolean {
  return type === null || type === wanted;
}

/** Changes the types that differ, or all parameters where their number does. */
function corrections(declared: DeclaredImport, meant: HostFunction, writing: Writing): Edit[] {
  const { params, list, result } = declared;
  const edits: Edit[] = [];
  if (params.length === meant.params.length) {
    for (const [i, { type, start, end }] of params.entries()) {
      const wanted = meant.params[i] as HostType;
      if (!isAs(type, wanted)) edits.push({ start, end, text: writing.type(wanted) });
    }
  } else {
    const all = meant.params.map((type, i) => writing.param(meant.paramNames[i] ?? `p${i}`, type));
    edits.push({ start: list.start, end: list.end, text: `(${all.join(', ')})` });
  }
  const wanted = meant.results[0] ?? 'nothing';
  if (result !== undefined) {
    const { type, start, end } = result;
    if (!isAs(type, wanted)) edits.push({ start, end, text: writing.type(wanted) });
  } else if (wanted !== 'nothing') {
    const text = writing.result(wanted);
    if (text !== null) edits.push({ start: list.end, end: list.end, text });
  }
  return edits;
}
