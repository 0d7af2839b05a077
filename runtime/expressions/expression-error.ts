/** An expression that cannot be read or evaluated. The message is for whoever has written it. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}
