/** This Node cannot run guests. */
export class UnsupportedNodeError extends Error {
  override readonly name = 'UnsupportedNodeError';
  readonly code = 'LUNATIC_UNSUPPORTED_NODE';

  constructor() {
    super(
      `Node ${process.versions.node} cannot suspend WebAssembly: lunatic needs JavaScript Promise Integration, ` +
        'which Node 24.21, or 26 and newer, has. Run this program with such a Node',
    );
  }
}

/** Something was asked of a `Lunatic` that has been stopped. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
  readonly code = 'LUNATIC_STOPPED';
}

/** A mailbox takes no more messages: it was closed, or its process was killed. */
export class MailboxClosedError extends Error {
  override readonly name = 'MailboxClosedError';
  readonly code = 'LUNATIC_MAILBOX_CLOSED';
}

/** The inspector cannot listen at its address; `cause` is the error of the operating system. */
export class InspectListenError extends Error {
  override readonly name = 'InspectListenError';
  readonly code = 'LUNATIC_INSPECT_LISTEN';
}
