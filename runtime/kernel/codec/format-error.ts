/** What is wrong with bytes that cannot be read. */
export type FormatFault =
  /** They are of a version that this runtime does not know. */
  | 'version'
  /** A kind of signal, message, resource or flag that the version does not have. */
  | 'kind'
  /** They end too early. */
  | 'truncated'
  /** They go on after the end. */
  | 'surplus'
  /** A value that cannot be, or is not written in the one way in which it is. */
  | 'value'
  /** A resource that is not in transit, or is there as another kind. */
  | 'resource';

/** Bytes from elsewhere are no signal or config. Nothing of them has had an effect. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  readonly code = 'LUNATIC_SIGNAL_FORMAT';
  readonly fault: FormatFault;
  /** Where in the bytes it was noticed. */
  readonly offset: number;

  constructor(fault: FormatFault, offset: number, message: string, options?: ErrorOptions) {
    super(`${message} (at byte ${offset})`, options);
    this.fault = fault;
    this.offset = offset;
  }
}
