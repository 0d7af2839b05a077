/** What a fuzzer has found: a promise of the runtime that does not hold. */
export class Finding extends Error {
  override readonly name = 'Finding';
  readonly code = 'LUNATIC_FINDING';
}
