/** The text of a module does not parse or does not validate. The message is the assembler's, with line and column. */
export class WatError extends Error {
  override readonly name = 'WatError';
  readonly code = 'LUNATIC_WAT_INVALID';
}

/** Proposals that the assembler knows; all are on. */
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
  extended_const: true,
  relaxed_simd: true,
};

/** Loaded when first needed: most programs are binaries, and the assembler is large. */
let assembler: Promise<Awaited<ReturnType<typeof import('wabt')>>> | undefined;

/**
 * Assembles WebAssembly text, keeping the names of functions and locals.
 * @param fileName for messages only
 * @throws WatError
 */
export async function assembleText(source: string, fileName: string): Promise<Uint8Array> {
  assembler ??= import('wabt').then(({ default: load }) => load());
  const wabt = await assembler;
  try {
    // As bytes: the assembler cuts characters of strings down to one byte each.
    const module = wabt.parseWat(fileName, new TextEncoder().encode(source), FEATURES);
    try {
      module.resolveNames();
      // Takes the features too, which its types do not say.
      const validate: (enabled: typeof FEATURES) => void = module.validate.bind(module);
      const bytes = (): Uint8Array<ArrayBuffer> =>
        new Uint8Array(module.toBinary({ write_debug_names: true }).buffer);
      try {
        validate(FEATURES);
      } catch (error) {
        // It refuses some valid uses of typed references; the engine has the last word.
        if (!WebAssembly.validate(bytes())) throw error;
      }
      return bytes();
    } finally {
      module.destroy();
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new WatError(message.replace(/^\w+ failed:\n/, '').trimEnd(), { cause: error });
  }
}
