/** A request that cannot be answered; `code` is one of `InspectError`. */
export class InspectionError extends Error {
  override readonly name = 'InspectionError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
