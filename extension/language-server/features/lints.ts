import { type Diagnostic, DiagnosticTag } from 'vscode-languageserver';
import type {
  CodeFindings,
  CodeObserver,
  CodeUnit,
  Declaration,
  InstructionChecker,
  TextPlace,
} from '../../../runtime/internal.ts';
import { LINTS, type Lint, type Settings, severityOf } from '../settings.ts';
import type { Work } from '../slices.ts';
import type { WatDocument } from '../wat-document.ts';
import { type UnusedFinding, unusedDeclarations, unusedLocals } from './unused.ts';

/** Something that is allowed, and most likely not meant. */
export interface LintFinding {
  readonly lint: Lint;
  readonly place: TextPlace;
  readonly message: string;
}

/** What the lints find that are switched on, as diagnostics. */
export function lintDiagnosticsOf(document: WatDocument, levels: Settings['lints']): Diagnostic[] {
  if (LINTS.every((lint) => levels[lint] === 'off')) return [];
  return lintFindingsOf(document).flatMap(({ lint, place, message }) => {
    const severity = severityOf(levels[lint]);
    if (severity === undefined) return [];
    const tags = lint === 'unused' || lint === 'unreachable' ? [DiagnosticTag.Unnecessary] : [];
    return { range: document.rangeOf(place), severity, source: 'lunatic', code: lint, message, tags };
  });
}

export function lintFindingsOf(document: WatDocument): LintFinding[] {
  const inCode = document.analysis.code.flatMap((unit) => codeLintsOf(document, unit));
  return [...inCode, ...unusedDeclarations(document).map(unusedLint), ...needlessMutIn(document)];
}

/** By what was found in the code of a function. Offsets count from where that begins. */
const KNOWN = new WeakMap<CodeFindings, readonly LintFinding[]>();

/** What the lints find in the code of a function, which they look at while it is checked. */
export function codeLintsOf(document: WatDocument, unit: CodeUnit): readonly LintFinding[] {
  const { start } = unit.list;
  const known = unit.isChecked ? KNOWN.get(unit.findings) : undefined;
  if (known !== undefined) return known.map((finding) => moved(finding, start));
  const lints = new CodeLints(document);
  const findings = unit.observe(lints);
  const found = [...lints.findings, ...unusedLocals(document, unit).map(unusedLint)];
  KNOWN.set(
    findings,
    found.map((finding) => moved(finding, -start)),
  );
  return found;
}

/** Checks all code of a text, one function after another. */
export function* checkingCode(document: WatDocument): Work<void> {
  for (const unit of document.analysis.code) {
    codeLintsOf(document, unit);
    yield;
  }
}

function moved(finding: LintFinding, by: number): LintFinding {
  const { start, end } = finding.place;
  return { ...finding, place: { start: start + by, end: end + by } };
}

function unusedLint({ place, message }: UnusedFinding): LintFinding {
  return { lint: 'unused', place, message };
}

/** What is looked for while code is checked: what is never reached, and labels that hide others. */
class CodeLints implements CodeObserver {
  readonly findings: LintFinding[] = [];
  readonly #document: WatDocument;
  readonly #known = new Set<unknown>();
  /** Blocks in which nothing more is reached, with what did that, and the code behind it. */
  readonly #ended = new Map<unknown, { readonly from: number; finding: number | undefined }>();

  constructor(document: WatDocument) {
    this.#document = document;
  }

  before(_: number, { scope, stack }: InstructionChecker): void {
    const { frame, frames } = stack;
    const { identifier } = frame.target;
    if (frame.label === undefined || identifier === undefined || this.#known.has(frame.target)) return;
    this.#known.add(frame.target);
    const hides = frames.some((other) => other.target !== frame.target && other.label === frame.label);
    if (hides)
      this.findings.push({
        lint: 'shadow',
        place: identifier,
        message: `a block around has the name ${scope.textOf(identifier)}, too`,
      });
  }

  enter(word: TextPlace, _: number, { stack }: InstructionChecker): void {
    if (this.#ended.size === 0) return;
    const frame = stack.frames.find((one) => this.#ended.has(one));
    const ended = frame && this.#ended.get(frame);
    if (ended === undefined || word.start < ended.from) return;
    const finding = ended.finding === undefined ? undefined : this.findings[ended.finding];
    if (finding !== undefined && word.end <= finding.place.end) return;
    const start = finding?.place.start ?? word.start;
    const place = wholeItems(this.#document, ended.from, { start, end: word.end });
    ended.finding ??= this.findings.length;
    this.findings[ended.finding] = { lint: 'unreachable', place, message: 'this is never reached' };
  }

  leave(word: TextPlace, opcode: number, { stack }: InstructionChecker): void {
    if (!ENDING.has(opcode) || this.#ended.has(stack.frame)) return;
    this.#ended.set(stack.frame, { from: word.end, finding: undefined });
  }
}

/** Opcodes behind which nothing is reached: unreachable, throw, rethrow, throw_ref, br, br_table, return and calls that return. */
const ENDING: ReadonlySet<number> = new Set([0x00, 0x08, 0x09, 0x0a, 0x0c, 0x0e, 0x0f, 0x12, 0x13, 0x15]);

/** The items of a list from what a place is in to its end, behind something else: what can be removed as a whole. */
function wholeItems(document: WatDocument, from: number, place: TextPlace): TextPlace {
  for (const list of document.listsAt(place.start)) {
    const behind = list.items.filter(({ start }) => start >= from && start < place.end);
    const [first] = behind;
    if (first !== undefined && first.start <= place.start)
      return { start: first.start, end: behind.at(-1)?.end ?? first.end };
  }
  return place;
}

function* needlessMutIn(document: WatDocument): Generator<LintFinding> {
  const { declarations, scope } = document.analysis;
  const exported = new Set<unknown>(
    declarations.exports.map(
      ({ declaration, target, space }) =>
        declaration ??
        scope.declaration(
          'global',
          (target && space === 'global' ? scope.find('global', target) : undefined) ?? -1,
        ),
    ),
  );
  for (const global of scope.declared('global')) {
    if (
      scope.globals[global.index]?.mutable !== true ||
      global.imported !== undefined ||
      exported.has(global)
    )
      continue;
    const isSet = document
      .usesOf(global)
      .some(({ at }) => /\bglobal\.set\s*$/.test(document.text.slice(Math.max(0, at.start - 30), at.start)));
    const mut = mutOf(global);
    if (!isSet && mut !== undefined)
      yield { lint: 'needlessMut', place: mut, message: 'this global never changes: it needs no mut' };
  }
}

/** The `(mut T)` of a global. */
export function mutOf({ list }: Declaration): TextPlace | undefined {
  return list.items.find((item) => item.kind === 'list' && item.head === 'mut');
}
