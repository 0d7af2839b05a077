/** An expression that cannot be read or evaluated. The message is for whoever has written it. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  /** Whether the message begins with a name of the program, which is displayed as it is written. */
  readonly beginsWithName: boolean;

  constructor(message: string, { beginsWithName = false } = {}) {
    super(message);
    this.beginsWithName = beginsWithName;
  }
}
