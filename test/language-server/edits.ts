/**
 * Edits texts at random, and compares what is known of them then with what is read anew.
 *
 *     node test/language-server/edits.ts [TEXTS] [SEED]
 */
import { isDeepStrictEqual } from 'node:util';
import { allDiagnosticsOf } from '../../extension/language-server/features/diagnostics.ts';
import { DEFAULT_SETTINGS } from '../../extension/language-server/settings.ts';
import { WatDocument } from '../../extension/language-server/wat-document.ts';
import { Random } from '../fuzz/random.ts';
import { edited, malformedText } from '../unit/wat/malformed-texts.ts';

const EDITS = 6;

/** All that features are answered from. */
function known(document: WatDocument): object {
  const { syntax, analysis } = document;
  const { declarations, scope, problems, uses } = analysis;
  const { all, exports, bodies } = declarations;
  const named = uses.map(({ at, target: { space, index, identifier, list } }) => {
    return [at.start, at.end, space, index, identifier?.start, list.start, list.end];
  });
  const diagnostics = allDiagnosticsOf(document, DEFAULT_SETTINGS.lints, undefined);
  const { functions, tags, tables, memories, globals, elements, fields, referable } = scope;
  const module = { functions, tags, tables, memories, globals, elements, fields, referable };
  const types = Array.from({ length: scope.types.count }, (_, index) => scope.types.get(index));
  return { syntax, all, exports, bodies, problems, named, diagnostics, module, types };
}

/**
 * Edits so many texts.
 * @returns how many of the edits were such that not all was read anew
 * @throws Error that names the seed and the number of the text
 */
export function checkEdits(texts: number, seed: number): number {
  let kept = 0;
  for (let number = 0; number < texts; number++) {
    const random = new Random(seed, number);
    let text = random.chance(0.5)
      ? malformedText(random)
      : Array.from({ length: 2 + random.below(3) }, () => malformedText(random)).join('\n');
    const document = new WatDocument('file:///edited.wat', text);
    for (let edits = 0; edits < EDITS; edits++) {
      // What was not asked for is not known, and read when it is.
      if (random.chance(0.8)) known(document);
      const { analysis } = document;
      const before = text;
      text = edited(random, text);
      document.update(text);
      if (document.analysis === analysis) kept++;
      if (random.chance(0.5)) allDiagnosticsOf(document, DEFAULT_SETTINGS.lints, undefined);
      const fresh = known(new WatDocument(document.uri, text));
      for (const [name, value] of Object.entries(known(document)))
        if (!isDeepStrictEqual(value, fresh[name as keyof typeof fresh]))
          throw new Error(
            `seed ${seed}, text ${number}: ${name} of ${JSON.stringify(text)} differ, which was ${JSON.stringify(before)}: ${difference(value, fresh[name as keyof typeof fresh])}`,
          );
    }
  }
  return kept;
}

/** Where two values begin to differ. */
function difference(one: unknown, other: unknown): string {
  const [a, b] = [JSON.stringify(one), JSON.stringify(other)];
  const at = Array.from(a).findIndex((char, i) => char !== b[i]);
  return `${a.slice(Math.max(0, at - 80), at + 80)} / ${b.slice(Math.max(0, at - 80), at + 80)}`;
}

if (import.meta.main) {
  const [texts = '10000', seed = String(Date.now() % 100_000)] = process.argv.slice(2);
  const kept = checkEdits(Number(texts), Number(seed));
  process.stdout.write(`${texts} texts, seed ${seed}: ok, ${kept} of ${Number(texts) * EDITS} edits\n`);
}
