/** How fast text modules are analysed, beside the assembler: those of WebAssembly's core test suite. */
import { existsSync } from 'node:fs';
import loadWabt from 'wabt';
import { readSyntax, TextAnalysis } from '../../runtime/wat/index.ts';
import { suiteTexts } from '../spec/suite-texts.ts';
import { alternate, time } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';

/** The environment variable that names a folder with the suite's `.wast` files. */
const VARIABLE = 'LUNATIC_SPEC_TESTS';
const ROUNDS = 8;

const folder = process.env[VARIABLE] ?? '';

/** All that the assembler knows, so that it stops at as few texts as possible. */
const FEATURES = {
  ...{ exceptions: true, mutable_globals: true, sat_float_to_int: true, sign_extension: true, simd: true },
  ...{ threads: true, function_references: true, multi_value: true, tail_call: true, bulk_memory: true },
  ...{ reference_types: true, annotations: true, code_metadata: true, gc: true, memory64: true },
  ...{ multi_memory: true, extended_const: true, relaxed_simd: true },
};

export const textSuite: Benchmark = {
  rows: [
    {
      name: 'wat, test suite',
      unit: 'ms',
      what: "analysis of the text modules of WebAssembly's core test suite, valid and invalid: their syntax, types and names; the peer parses and validates them, and knows a third of them",
      peer: 'wabt',
      better: 'less',
      must: 5,
      aim: 2,
    },
  ],
  missing: folder !== '' && existsSync(folder) ? null : `${VARIABLE} names no folder`,
  async measure() {
    const texts = [...suiteTexts(folder)];
    if (texts.length === 0) throw new Error(`${folder} has no .wast files`);
    const wabt = await loadWabt();
    const analyse = (): void => {
      let uses = 0;
      for (const { text, place, refusal } of texts) {
        const analysis = new TextAnalysis(readSyntax(text));
        if (analysis.problems.length > 0 !== (refusal !== undefined))
          throw new Error(`${place} is judged wrong`);
        uses += analysis.uses.length;
      }
      if (uses < texts.length) throw new Error(`only ${uses} names are known`);
    };
    const assemble = (): void => {
      let accepted = 0;
      for (const { text, place } of texts) {
        let module: ReturnType<typeof wabt.parseWat> | undefined;
        try {
          module = wabt.parseWat(place, text, FEATURES);
          // It takes the features, though its types do not say so.
          const validate: (enabled: typeof FEATURES) => void = module.validate.bind(module);
          validate(FEATURES);
          accepted++;
        } catch {
          // It is invalid, or the assembler does not know it.
        } finally {
          module?.destroy();
        }
      }
      if (accepted < texts.length / 4)
        throw new Error(`wabt accepts only ${accepted} of ${texts.length} texts`);
    };
    return [
      await alternate(
        ROUNDS,
        () => time(analyse),
        () => time(assemble),
      ),
    ];
  },
};

if (import.meta.main) process.exit(await bench([textSuite], process.argv.slice(2)));
