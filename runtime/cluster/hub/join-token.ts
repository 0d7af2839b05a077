import { createHash, randomBytes, X509Certificate } from 'node:crypto';

const TOKEN_SIZE = 32;

/**
 * Makes what nodes have to show when they register: 32 random bytes, and, behind a point, the fingerprint of the authority's certificate if
 * the control server has one of its own. Both are in base64url.
 * @param certificate in PEM; null if nodes need not know it
 */
export function makeJoinToken(certificate: string | null): string {
  const secret = randomBytes(TOKEN_SIZE).toString('base64url');
  return certificate === null ? secret : `${secret}.${fingerprintOf(new X509Certificate(certificate).raw)}`;
}

/** The fingerprint that a token has, or null. */
export function fingerprintIn(token: string): string | null {
  return token.split('.')[1] ?? null;
}

/** @param certificate in DER */
export function fingerprintOf(certificate: Uint8Array): string {
  return createHash('sha256').update(certificate).digest('base64url');
}
