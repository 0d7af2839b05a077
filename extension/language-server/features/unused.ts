import type { CodeUnit, Declaration, List, Named, TextPlace } from '../../../runtime/internal.ts';
import { labelOf } from '../naming.ts';
import type { WatDocument } from '../wat-document.ts';
import { isDefinition } from './navigation.ts';

/** Something that a module declares, and does not need. */
export interface UnusedFinding {
  readonly target: Named;
  readonly place: TextPlace;
  readonly message: string;
}

/** Finds what is never used, and locals that only get values. What has a name that begins with `$_` is meant to be unused. */
export function unusedIn(document: WatDocument): UnusedFinding[] {
  const { code } = document.analysis;
  return [...unusedDeclarations(document), ...code.flatMap((unit) => unusedLocals(document, unit))];
}

export function unusedDeclarations(document: WatDocument): UnusedFinding[] {
  return [...unusedOfModule(document)].filter((finding) => !isMeant(document, finding));
}

/** The same in a function. */
export function unusedLocals(document: WatDocument, unit: CodeUnit): UnusedFinding[] {
  return [...unusedInCode(document, unit)].filter((finding) => !isMeant(document, finding));
}

function isMeant({ text }: WatDocument, { place }: UnusedFinding): boolean {
  return text.startsWith('$_', place.start);
}

/** What uses the first memory or table without naming it. */
const UNNAMED_USES: Partial<Record<Declaration['space'], RegExp>> = {
  memory: /\b(?:memory\.|data\b|\w+\.(?:atomic|load|store))/,
  table: /\b(?:table\.|elem\b|(?:return_)?call_indirect)/,
};

function* unusedOfModule(document: WatDocument): Generator<UnusedFinding> {
  const { analysis } = document;
  const { declarations } = analysis;
  const exported = new Set<Named | undefined>(declarations.exports.map(({ declaration }) => declaration));
  for (const declaration of declarations.all) {
    const { identifier, index, space } = declaration;
    if (exported.has(declaration) || analysis.isUsed(declaration) || needsNoUse(document, declaration))
      continue;
    if (index === 0 && UNNAMED_USES[space]?.test(document.text) === true) continue;
    yield {
      target: declaration,
      place: identifier ?? headOf(declaration.list),
      message: `${labelOf(document, declaration)} is never used`,
    };
  }
}

function* unusedInCode(document: WatDocument, { findings }: CodeUnit): Generator<UnusedFinding> {
  const uses = Map.groupBy(findings.uses, ({ target }) => target);
  for (const [target, [first, ...others]] of uses) {
    if (target.space !== 'local' || first === undefined || !isDefinition(first)) continue;
    if (others.some(({ at }) => !isSet(document, at))) continue;
    const verb = others.length === 0 ? 'used' : 'read';
    yield { target, place: first.at, message: `${labelOf(document, target)} is never ${verb}` };
  }
}

function isSet({ text }: WatDocument, { start }: TextPlace): boolean {
  return /\blocal\.set\s*$/.test(text.slice(Math.max(0, start - 30), start));
}

/** Whether something has an effect by being there: segments that are copied when the module starts, and types of a group. */
function needsNoUse(document: WatDocument, { space, list, identifier }: Declaration): boolean {
  const first = list.items[identifier === undefined ? 1 : 2];
  const around = document.listsAt(list.start).at(-1)?.head;
  switch (space) {
    case 'data':
      return first?.kind === 'list' || around === 'memory';
    case 'element':
      return (
        around === 'table' ||
        (first?.kind === 'list' && first.head !== 'ref') ||
        (first?.kind === 'keyword' && document.textOf(first) === 'declare')
      );
    case 'type':
      return around === 'rec';
    default:
      return false;
  }
}

function headOf({ start, items }: List): TextPlace {
  return { start, end: items[0]?.end ?? start + 1 };
}

/**
 * What to delete so that an unused thing is gone; undefined where that would change what others mean: the type of a function, or what
 * indices stand for.
 */
export function removablePlace(document: WatDocument, target: Named): TextPlace | undefined {
  const { analysis, text } = document;
  const isNumbered = ({ at, target: { space, index, list } }: (typeof analysis.uses)[number]): boolean =>
    at.kind === 'number' && space === target.space && index > target.index && list.start > target.list.start;
  const isUsed = document.usesOf(target).some((use) => !isDefinition(use));
  if (isUsed || analysis.uses.some(isNumbered)) return undefined;
  if (target.space === 'local') {
    const list = document.listsAt(target.list.start + 1).at(-1);
    return list?.head === 'local' && list.items.length === 3 ? withSpace(text, list) : undefined;
  }
  const around = document.listsAt(target.list.start);
  return withSpace(text, around.findLast(({ head }) => head === 'import') ?? target.list);
}

/** A list with the blanks before it. */
function withSpace(text: string, { start, end }: TextPlace): TextPlace {
  const blanks = /\s*$/.exec(text.slice(Math.max(0, start - 200), start))?.[0].length ?? 0;
  return { start: start - blanks, end };
}
