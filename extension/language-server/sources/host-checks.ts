import { HOST_FUNCTIONS, similarTo, type TextPlace } from '../../../runtime/internal.ts';
import type { DeclaredImport, DeclaredType, HostType, ImportedName } from './declared-import.ts';

export type HostFunction = (typeof HOST_FUNCTIONS)[number];

/** What is wrong with an import of a host function, and what to write in its place. */
export interface ImportProblem extends TextPlace {
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

/** Modules that are the host's, or are meant to be. */
const HOST_MODULE = /^(?:lunatic|wasi)/;

const byModule = Map.groupBy(HOST_FUNCTIONS, ({ module }) => module);

/** The host function of a module and a name. */
export function hostFunction(module: string, name: string): HostFunction | undefined {
  return byModule.get(module)?.find((one) => one.name === name);
}

/** The host's functions of a module, or of all. */
export function hostFunctionsIn(module?: string): readonly HostFunction[] {
  return module === undefined ? HOST_FUNCTIONS : (byModule.get(module) ?? []);
}

/** A host function as its documentation writes it: `spawn(link: i64, config_id: i64) -> i32`. */
export function signatureText({ name, params, paramNames, results }: HostFunction): string {
  const list = params.map((type, i) => `${paramNames[i]}: ${type}`).join(', ');
  return `${name}(${list})${results.length === 0 ? '' : ` -> ${results.join(', ')}`}`;
}

/** Checks imports against the host's functions. Those of modules that are not the host's are others' business. */
export function checkImports(imports: readonly DeclaredImport[], writing: Writing): ImportProblem[] {
  return imports.flatMap((one) => checkImport(one, writing) ?? []);
}

function checkImport(declared: DeclaredImport, writing: Writing): ImportProblem | undefined {
  const { module, name } = declared;
  const functions = byModule.get(module.text);
  if (functions === undefined) {
    if (!HOST_MODULE.test(module.text)) return undefined;
    return unknown(module, `there is no host module ${module.text}`, [...byModule.keys()]);
  }
  const meant = functions.find((one) => one.name === name.text);
  if (meant === undefined) {
    const message = `${module.text} has no function ${name.text}`;
    return unknown(
      name,
      message,
      functions.map((one) => one.name),
    );
  }
  const signatures = [meant, ...meant.older];
  if (signatures.some(({ params, results }) => fits(declared, params, results[0]))) return undefined;
  return {
    start: declared.list.start,
    end: Math.max(declared.list.end, declared.result?.end ?? 0),
    message: `${module.text}::${signatureText(meant)} has another type than this`,
    fix: { title: 'Correct the types', edits: corrections(declared, meant, writing) },
  };
}

function unknown(place: ImportedName, what: string, known: string[]): ImportProblem {
  const { start, end, text, prefix = '' } = place;
  const similar = similarTo(
    text,
    known.filter((one) => one.startsWith(prefix)),
  );
  if (similar === null) return { start, end, message: what };
  const edits = [{ start, end, text: similar.slice(prefix.length) }];
  return {
    ...{ start, end },
    message: `${what}; did you mean ${similar}?`,
    fix: { title: `Change to ${similar}`, edits },
  };
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
