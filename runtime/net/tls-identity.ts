import { createSecureContext, type SecureContext } from 'node:tls';
import { errorText } from './system-error.ts';
import { HandshakeError } from './tls-session.ts';

/** A certificate and its key, with which a server shakes hands. */
export class TlsIdentity {
  /** In PEM. */
  readonly certificate: string;
  readonly key: string;
  /** What Node makes of them, or why they cannot be used: that comes out only when a connection is accepted (abi 8.3). */
  readonly context: SecureContext | HandshakeError;

  constructor(certificate: string, key: string) {
    this.certificate = certificate;
    this.key = key;
    this.context = contextOf(certificate, key);
  }

  /** Characters of both. */
  get pemLength(): number {
    return this.certificate.length + this.key.length;
  }
}

function contextOf(cert: string, key: string): SecureContext | HandshakeError {
  try {
    return createSecureContext({ cert, key });
  } catch (error) {
    return new HandshakeError(`The certificate and the key cannot be used: ${errorText(error)}`);
  }
}
