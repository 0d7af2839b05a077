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
  extended_const: true,
  relaxed_simd: true,
};

/** The assembler is loaded when it is first needed: it is large, and most programs are binaries. */
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
    // The text is passed as bytes, since the assembler cuts each character of a string down to one byte.
    const module = wabt.parseWat(fileName, new TextEncoder().encode(source), FEATURES);
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
      return bytes();
    } finally {
      module.destroy();
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new WatError(message.replace(/^\w+ failed:\n/, '').trimEnd(), { cause: error });
  }
}
