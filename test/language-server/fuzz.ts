/**
 * Asks for every feature of the language server in texts that are malformed at random: none may fail, and none may take long.
 *
 *     node test/language-server/fuzz.ts [INPUTS] [SEED]
 */
import { SymbolKind } from 'vscode-languageserver';
import { completionsAt } from '../../extension/language-server/features/completion.ts';
import { allDiagnosticsOf } from '../../extension/language-server/features/diagnostics.ts';
import { formatting } from '../../extension/language-server/features/formatting.ts';
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
import { atOnce } from '../../extension/language-server/slices.ts';
import { WatDocument } from '../../extension/language-server/wat-document.ts';
import { Random } from '../fuzz/random.ts';
import { edited, malformedText } from '../unit/wat/malformed-texts.ts';

/** Milliseconds of computing that one input may take: they are short. */
const TIME_LIMIT = 2000;

/** Asks for everything at a random place of a text. Some were edited before, and what was known of them is kept. */
export function askEverything(random: Random, text: string): void {
  const document = new WatDocument('file:///fuzz.wat', random.chance(0.5) ? text : edited(random, text));
  if (random.chance(0.5)) allDiagnosticsOf(document, DEFAULT_SETTINGS.lints, undefined);
  if (document.text !== text) document.update(text);
  const position = document.positionAt(random.below(text.length + 1));
  const { lints, inlayHints } = DEFAULT_SETTINGS;
  const range = document.rangeOf({ start: 0, end: text.length });
  // While somebody types, completion is often the first thing that is asked for.
  const isFirst = random.chance(0.5);
  if (isFirst) completionsAt(document, position);
  const diagnostics = allDiagnosticsOf(document, lints, undefined);
  for (const { range: found } of diagnostics)
    if (document.offsetAt(found.end) < document.offsetAt(found.start))
      throw new Error('a range ends before it starts');
  quickFixesFor(document, diagnostics);
  if (!isFirst) completionsAt(document, position);
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
  atOnce(formatting(document, { tabSize: 2, insertSpaces: true }));
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
    const text = malformedText(random);
    const before = performance.now();
    try {
      askEverything(random, text);
    } catch (error) {
      throw new Error(`seed ${seed}, input ${number}: ${JSON.stringify(text)}`, { cause: error });
    }
    const time = performance.now() - before;
    if (time > TIME_LIMIT)
      throw new Error(`seed ${seed}, input ${number} takes ${time} ms: ${JSON.stringify(text)}`);
  }
}

if (import.meta.main) {
  const [inputs = '10000', seed = String(Date.now() % 100_000)] = process.argv.slice(2);
  fuzz(Number(inputs), Number(seed));
  process.stdout.write(`${inputs} inputs, seed ${seed}: ok\n`);
}
