import { type Diagnostic, DiagnosticTag } from 'vscode-languageserver';
import type {
  CodeObserver,
  Declaration,
  InstructionChecker,
  TextPlace,
  Use,
} from '../../../runtime/internal.ts';
import { labelOf } from '../naming.ts';
import { LINTS, type Lint, type Settings, severityOf } from '../settings.ts';
import type { WatDocument } from '../wat-document.ts';
import { isDefinition } from './navigation.ts';

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
  const code = new CodeLints();
  document.analysis.observe(code);
  return [...code.findings, ...unusedIn(document), ...needlessMutIn(document)];
}

/** What is looked for while code is checked: what is never reached, and labels that hide others. */
class CodeLints implements CodeObserver {
  readonly findings: LintFinding[] = [];
  readonly #known = new Set<unknown>();
  /** Blocks in which nothing more is reached, with what did that, and the code behind it. */
  readonly #ended = new Map<unknown, { readonly from: number; finding: number | undefined }>();

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
    const place = {
      start: finding?.place.start ?? word.start,
      end: Math.max(word.end, finding?.place.end ?? 0),
    };
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

/** Whether something is meant to be unused: its name begins with `$_`. */
function isMeant(document: WatDocument, { at }: Use): boolean {
  return document.text.startsWith('$_', at.start);
}

function* unusedIn(document: WatDocument): Generator<LintFinding> {
  const { declarations, uses } = document.analysis;
  const exported = new Set<unknown>(declarations.exports.map(({ declaration }) => declaration));
  for (const use of uses) {
    const { at, target } = use;
    if (!isDefinition(use) || isMeant(document, use) || document.usesOf(target).length > 1) continue;
    const counts =
      target.space === 'local'
        ? document.text.startsWith('(local', target.list.start)
        : ['function', 'global', 'tag'].includes(target.space) && !exported.has(target);
    if (counts) yield { lint: 'unused', place: at, message: `${labelOf(document, target)} is never used` };
  }
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
