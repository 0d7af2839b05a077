/**
 * Thrown when a module's bytes do not follow the binary format.
 *
 * `offset` counts bytes from the start of the module; `expected` says what the format asks for there.
 * The message reads `offset 0x1f: expected a value type, found 0x99 (type section)`.
 */
export class WasmFormatError extends Error {
  override readonly name = 'WasmFormatError';
  readonly code = 'LUNATIC_WASM_MALFORMED';
  readonly offset: number;
  readonly expected: string;

  constructor(offset: number, expected: string, found: string, place: string) {
    super(`offset 0x${offset.toString(16)}: expected ${expected}, found ${found} (${place})`);
    this.offset = offset;
    this.expected = expected;
  }
}

/** How a byte is written in messages. */
export function hexByte(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
