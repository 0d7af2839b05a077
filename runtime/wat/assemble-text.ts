import { printable, printableLines, shortened } from '../text/printable.ts';
import { QuotedIdentifiers } from './quoted-identifiers.ts';

/** Thrown when text does not parse or validate as a module. The message is the assembler's, with line and column. */
export class WatError extends Error {
  override readonly name = 'WatError';
  readonly code = 'LUNATIC_WAT_INVALID';
}

/** The proposals that the assembler knows. All of them are enabled. */
const FEATURES = {
  exceptions: true,
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  threads: true,
  function_references: true,
  multi_value: true,
  tail_call: true,
  bulk_memory: true,
  reference_types: true,
  annotations: true,
  code_metadata: true,
  gc: true,
  memory64: true,
  multi_memory: true,
  extended_const: true,
  relaxed_simd: true,
};

/** Words of garbage collection and of references to types, which the assembler knows in part at best. */
const HALF_KNOWN =
  /\((?:rec|sub)\b|\b(?:array|mut|field)(?: \$\S+)? i(?:8|16)\b|\(ref (?:null|any|eq|i31|struct|array)\b|\b(?:any|eq|i31|struct|array|null\w*)ref\b|\bref\.null (?:any|eq|none)\b|\b(?:struct|array|i31|any|extern)\.\w|\bref\.(?:test|cast|eq|i31|as_non_null)\b|\bbr_on_|\b(?:return_)?call_ref\b/;

/**
 * Assembles WebAssembly text, keeping the names of functions and locals. Some texts keep the assembler busy for ever, so texts
 * that others have written are given to `assembleApart`.
 * @param fileName for messages only
 * @throws WatError
 */
export async function assembleText(source: string, fileName: string): Promise<Uint8Array> {
  // Loaded when it is first needed: it is large, and most programs are binaries.
  const { default: load } = await import('wabt');
  // Text that nests deeply overflows the assembler's stack into its other memory. So each text gets an assembler of its own.
  const wabt = await load();
  const identifiers = new QuotedIdentifiers(source);
  try {
    // The text is passed as bytes, since the assembler cuts each character of a string down to one byte.
    const module = wabt.parseWat(printable(fileName), new TextEncoder().encode(identifiers.text), FEATURES);
    try {
      module.resolveNames();
      // `validate` takes the features, too, though its types do not say so.
      const validate: (enabled: typeof FEATURES) => void = module.validate.bind(module);
      const bytes = (): Uint8Array<ArrayBuffer> =>
        new Uint8Array(module.toBinary({ write_debug_names: true }).buffer);
      try {
        validate(FEATURES);
      } catch (error) {
        // The assembler refuses some valid uses of typed references, so the engine has the last word.
        if (!WebAssembly.validate(bytes())) throw error;
      }
      return identifiers.inModule(bytes());
    } finally {
      module.destroy();
    }
  } catch (error) {
    throw new WatError(identifiers.inMessage(complaint(error, fileName, HALF_KNOWN.test(source))), {
      cause: error,
    });
  }
}

const HALF_KNOWN_ADVICE =
  '. The assembler does not know all of garbage collection: if this is right, let another one, as "wasm-tools parse", make a .wasm file of the text';

function complaint(error: unknown, fileName: string, isHalfKnown: boolean): string {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof WebAssembly.RuntimeError)
    return `${printable(fileName)} is too much for the assembler, perhaps it nests too deeply: ${message}`;
  // There may be an error for each word of a text of megabytes.
  const complaints = shortened(message.replace(/^\w+ failed:\n/, '').trimEnd());
  // When the assembler validates, the place where it had the name of the file has something else in it.
  const named = complaints.replace(/^.*?(?=:\d+:\d+: error: )/gm, () => fileName);
  // The first line is the one that is displayed where there is little room.
  return printableLines(isHalfKnown ? named.replace(/\.?$/m, HALF_KNOWN_ADVICE) : named);
}
