import { type CodeAction, CodeActionKind, type Diagnostic, type TextEdit } from 'vscode-languageserver';
import {
  mnemonics,
  type Named,
  presentName,
  similarTo,
  type TextProblem,
} from '../../../runtime/internal.ts';
import { codeAt } from '../code-state.ts';
import { functionText, HOST_MODULES, hostFunctionsOf, importEdit } from '../host-api.ts';
import { labelOf } from '../naming.ts';
import type { WatDocument } from '../wat-document.ts';
import { hostProblemsOf } from './host-problems.ts';
import { removablePlace, unusedIn } from './unused.ts';

/** What mends the mistakes that a client asks about. */
export function quickFixesFor(document: WatDocument, diagnostics: readonly Diagnostic[]): CodeAction[] {
  return diagnostics.flatMap((diagnostic) => fixesOf(document, diagnostic));
}

function fixesOf(document: WatDocument, diagnostic: Diagnostic): CodeAction[] {
  const start = document.offsetAt(diagnostic.range.start);
  const fix = (title: string, edits: TextEdit[]): CodeAction => ({
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    isPreferred: true,
    edit: { changes: { [document.uri]: edits } },
  });
  const replace = (newText: string): CodeAction =>
    fix(`Change to ${newText}`, [{ range: diagnostic.range, newText }]);
  const renamed = (newText: string, target: Named): CodeAction[] => {
    const edits = document.usesOf(target).filter(({ at }) => at.kind === 'identifier');
    return [
      fix(
        `Change to ${newText}`,
        edits.map(({ at }) => ({ range: document.rangeOf(at), newText })),
      ),
    ];
  };
  switch (diagnostic.code) {
    case 'unknown': {
      const problem = document.analysis.problems.find((one) => one.start === start && one.kind === 'unknown');
      if (problem === undefined) return [];
      const known = similarOf(document, problem);
      return [...known.map(replace), ...importsFor(document, problem, fix)];
    }
    case 'needlessMut': {
      const type = document.text
        .slice(start, document.offsetAt(diagnostic.range.end))
        .replace(/^\(mut\s+|\s*\)$/g, '');
      return [fix('Remove mut', [{ range: diagnostic.range, newText: type }])];
    }
    case 'unused': {
      const unused = unusedIn(document).find(({ place }) => place.start === start);
      if (unused === undefined) return [];
      const { target } = unused;
      const name = target.identifier === undefined ? '' : document.textOf(target.identifier);
      const removed = removablePlace(document, target);
      return [
        ...(name === '' || name.startsWith('$"') ? [] : renamed(`$_${name.slice(1)}`, target)),
        ...(removed === undefined
          ? []
          : [
              fix(`Remove ${labelOf(document, target)}`, [{ range: document.rangeOf(removed), newText: '' }]),
            ]),
      ];
    }
    case 'unreachable':
      return [fix('Remove what is never reached', [{ range: diagnostic.range, newText: '' }])];
    case 'shadow': {
      const target = document.useAt(start)?.target;
      const name = target?.identifier && document.textOf(target.identifier);
      return target === undefined || name === undefined ? [] : renamed(freeName(document, name), target);
    }
    case 'host-name':
    case 'host-signature': {
      const problem = hostProblemsOf(document).find(({ place }) => place.start === start);
      if (problem === undefined) return [];
      if (problem.similar !== null) return [replace(JSON.stringify(problem.similar))];
      if (problem.expected === undefined) return [];
      const { identifier, list } = problem.declaration;
      const name = identifier === undefined ? '' : document.textOf(identifier);
      const inline = list.items.find((item) => item.kind === 'list' && item.head === 'import');
      const imported = inline === undefined ? '' : ` ${document.textOf(inline)}`;
      const text = functionText(problem.expected).replace(
        /^\(func \$\S+?(?= |\)$)/,
        () => `(func${name === '' ? '' : ` ${name}`}${imported}`,
      );
      return [{ ...replace(text), title: 'Use the types of the host function' }];
    }
    default:
      return [];
  }
}

/** A name with a number behind it that nothing in the text has. */
function freeName({ text }: WatDocument, name: string): string {
  const plain = name.replace(/"$/, '');
  for (let number = 2; ; number++) {
    const free = `${plain}_${number}`;
    if (!text.includes(free)) return name === plain ? free : `${free}"`;
  }
}

/** The names that were perhaps meant by one that is unknown. */
function similarOf(document: WatDocument, { start, end, among }: TextProblem): string[] {
  const name = document.text.slice(start, end);
  if (among === 'instruction') {
    const present = presentName(name);
    return present === undefined ? [similarTo(name, mnemonics())].filter((one) => one !== null) : [present];
  }
  if (among === undefined || !name.startsWith('$')) return [];
  const similar = similarTo(name, namesAmong(document, start, among));
  return similar === null ? [] : [similar];
}

function namesAmong(
  document: WatDocument,
  offset: number,
  among: NonNullable<TextProblem['among']>,
): string[] {
  const { scope } = document.analysis;
  const targets = () => {
    switch (among) {
      case 'local':
        return codeAt(document, offset)?.locals ?? [];
      case 'label':
        return (codeAt(document, offset)?.labels ?? []).map(({ target }) => target);
      case 'field':
        return [...scope.fields.values()].flat();
      case 'instruction':
        return [];
      default:
        return scope.declared(among);
    }
  };
  return targets()
    .filter(({ identifier }) => identifier !== undefined)
    .map((target) => labelOf(document, target));
}

/** Imports of host functions that have the name of a function that is unknown. */
function importsFor(
  document: WatDocument,
  { start, end, among }: TextProblem,
  fix: (title: string, edits: TextEdit[]) => CodeAction,
): CodeAction[] {
  if (among !== 'function') return [];
  const name = document.text.slice(start + 1, end);
  return HOST_MODULES.flatMap((module) => hostFunctionsOf(module))
    .filter((fn) => fn.name === name)
    .map((fn) => fix(`Import ${fn.name} of ${fn.module}`, [importEdit(document, fn)]));
}
