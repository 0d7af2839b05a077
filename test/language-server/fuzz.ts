/**
 * Asks for every feature of the language server in texts that are malformed at random: none may fail, and none may take long.
 *
 *     node test/language-server/fuzz.ts [INPUTS] [SEED]
 */
import { SymbolKind } from 'vscode-languageserver';
import { completionsAt } from '../../extension/language-server/features/completion.ts';
import { allDiagnosticsOf } from '../../extension/language-server/features/diagnostics.ts';
import { formattingOf } from '../../extension/language-server/features/formatting.ts';
import {
  calledBy,
  callersOf,
  callItemAt,
  subtypesOf,
  supertypesOf,
  typeItemAt,
} from '../../extension/language-server/features/hierarchies.ts';
import { hoverAt } from '../../extension/language-server/features/hover.ts';
import { inlayHintsOf } from '../../extension/language-server/features/inlay-hints.ts';
import {
  definitionAt,
  highlightsAt,
  referencesAt,
  typeDefinitionAt,
} from '../../extension/language-server/features/navigation.ts';
import { quickFixesFor } from '../../extension/language-server/features/quick-fixes.ts';
import { foldingRangesOf, selectionRangesAt } from '../../extension/language-server/features/ranges.ts';
import { renameAt, renameRangeAt } from '../../extension/language-server/features/rename.ts';
import { semanticTokensOf } from '../../extension/language-server/features/semantic-tokens.ts';
import { signatureHelpAt } from '../../extension/language-server/features/signature-help.ts';
import { documentSymbolsOf, workspaceSymbolsOf } from '../../extension/language-server/features/symbols.ts';
import { DEFAULT_SETTINGS } from '../../extension/language-server/settings.ts';
import { WatDocument } from '../../extension/language-server/wat-document.ts';
import { mnemonics } from '../../runtime/internal.ts';
import { Random } from '../fuzz/random.ts';

/** Milliseconds of computing that one input may take: they are short. */
const TIME_LIMIT = 2000;

const SAMPLES = [
  `(module $m (import "lunatic::timer" "send_after" (func $send (param i64 i64) (result i64)))
  (type $t (sub (struct (field $x (mut i32)) (field i8)))) (rec (type $u (sub $t (struct (field $x (mut i32)) (field i8)))))
  (memory $mem (export "memory") 1) (global $g (mut i32) (i32.const 0)) (table $tab 1 funcref) (tag $e (param i32))
  (data $d (i32.const 0) "a\\00b") (elem $el (i32.const 0) func $f)
  ;; comment
  (func $f (param $a i32) (local $b (ref null $t)) (result i32)
    (block $done (result i32)
      loop $again
        local.get $a i32.const -0x1 i32.add local.tee $a br_if $again
      end
      (if (i32.eqz (local.get 0)) (then (br $done (i32.const 1))) (else (call $f (struct.get $t $x (local.get $b))) drop))
      (try_table (catch $e 0) (throw $e (i32.const 2)))
      unreachable)))`,
  `(func $g (import "wasi_snapshot_preview1" "fd_write") (param i32 i32 i32 i32) (result i32))
  (func (export "a") (result f64) f32.const 1.5 f64.promote_f32 (; nested (; one ;) ;) return nop)`,
];
const PIECES = [
  ...'( ) " $ ;; (; ;) \\ \n 0 -1 0x 1e999 $"" § \u{1f600} \ud800 (@a \t \r\n {} , ='.split(' '),
  ...'module func param result local type import export i32 (ref null end else block loop if then br 99'.split(
    ' ',
  ),
];

/** A text that was one of the samples, changed in some places. */
function textOf(random: Random): string {
  let text = random.pick(SAMPLES);
  for (let changes = 1 + random.below(6); changes > 0; changes--) {
    const at = random.below(text.length + 1);
    const to = Math.min(text.length, at + random.below(random.chance(0.2) ? 200 : 8));
    const piece = random.chance(0.3) ? random.pick(mnemonics()) : random.pick(PIECES);
    const part = random.chance(0.2) ? text.slice(at, to).repeat(random.below(4)) : piece;
    text = text.slice(0, at) + part + text.slice(random.chance(0.5) ? at : to);
  }
  return text;
}

/** Asks for everything at a random place of a text. */
export function askEverything(random: Random, text: string): void {
  const document = new WatDocument('file:///fuzz.wat', text);
  const position = document.positionAt(random.below(text.length + 1));
  const { lints, inlayHints } = DEFAULT_SETTINGS;
  const range = document.rangeOf({ start: 0, end: text.length });
  // While somebody types, completion is often the first thing that is asked for.
  if (random.chance(0.5)) completionsAt(document, position);
  const diagnostics = allDiagnosticsOf(document, lints, undefined);
  for (const { range: found } of diagnostics)
    if (document.offsetAt(found.end) < document.offsetAt(found.start))
      throw new Error('a range ends before it starts');
  quickFixesFor(document, diagnostics);
  completionsAt(document, position);
  hoverAt(document, position);
  signatureHelpAt(document, position);
  definitionAt(document, position);
  typeDefinitionAt(document, position);
  referencesAt(document, position, true);
  highlightsAt(document, position);
  if (renameRangeAt(document, position) !== null) renameAt(document, position, '$another name');
  documentSymbolsOf(document);
  workspaceSymbolsOf(document, 'f');
  foldingRangesOf(document);
  selectionRangesAt(document, [position]);
  semanticTokensOf(document);
  inlayHintsOf(document, range, { ...inlayHints, types: true });
  formattingOf(document, { tabSize: 2, insertSpaces: true });
  const nowhere = { name: '', kind: SymbolKind.Function, uri: document.uri, range, selectionRange: range };
  for (const item of callItemAt(document, position) ?? [nowhere]) {
    callersOf(document, item);
    calledBy(document, item);
  }
  for (const item of typeItemAt(document, position) ?? [nowhere]) {
    supertypesOf(document, item);
    subtypesOf(document, item);
  }
}

/**
 * Asks for everything in so many texts.
 * @throws Error that names the seed and the number of the text
 */
export function fuzz(inputs: number, seed: number): void {
  for (let number = 0; number < inputs; number++) {
    const random = new Random(seed, number);
    const text = textOf(random);
    const before = process.cpuUsage();
    try {
      askEverything(random, text);
    } catch (error) {
      throw new Error(`seed ${seed}, input ${number}: ${JSON.stringify(text)}`, { cause: error });
    }
    const { user } = process.cpuUsage(before);
    if (user / 1000 > TIME_LIMIT) throw new Error(`seed ${seed}, input ${number} takes ${user / 1000} ms`);
  }
}

if (import.meta.main) {
  const [inputs = '10000', seed = String(Date.now() % 100_000)] = process.argv.slice(2);
  fuzz(Number(inputs), Number(seed));
  process.stdout.write(`${inputs} inputs, seed ${seed}: ok\n`);
}
