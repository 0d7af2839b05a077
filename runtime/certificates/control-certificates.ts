import { CertificateAuthority, type KeyedCertificate } from './authority.ts';
import { TEST_AUTHORITY } from './test-authority.ts';

/** Characters of the longest certificate and the longest private key: those of RSA with 4,096 bits are shorter. */
const LONGEST_CERTIFICATE = 2 ** 14;
const LONGEST_KEY = 4096;

/** The name of control servers, by which upstream's nodes know them. */
const SERVER_NAME = 'ctrl.lunatic.cloud';

/** The certificate and the key of the authority for tests. */
export function testRoot(): KeyedCertificate {
  return TEST_AUTHORITY;
}

/**
 * Makes a certificate and a key for a control server.
 * @param root the authority that signs it
 * @throws Error if that is malformed
 */
export function serverCertificate(root: KeyedCertificate): KeyedCertificate {
  return authorityOf(root).signServer([SERVER_NAME]);
}

/**
 * Signs the certificate of a node.
 * @param root the authority that signs it
 * @param request in PEM
 * @throws Error if one of them is malformed
 */
export function nodeCertificate(root: KeyedCertificate, request: string): string {
  return authorityOf(root).signNode(request);
}

function authorityOf(root: KeyedCertificate): CertificateAuthority {
  if (root.certificate.length > LONGEST_CERTIFICATE) throw new RangeError('The certificate is too long.');
  // Nobody else has a turn while somebody signs, and with longer keys that takes long.
  if (root.key.length > LONGEST_KEY) throw new RangeError('The private key is too long.');
  return new CertificateAuthority(root);
}
