import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { commonName, type Issuer, makeCertificate } from './certificate.ts';
import { DerReader, fieldTag, Tag } from './der.ts';
import { readRequest } from './request.ts';

/** The extension of a node's certificate that tells its rights, as JSON (abi 17.3). */
const NODE_RIGHTS = '2.5.29.9';
const FULL_RIGHTS = { allowed_envs: [], is_privileged: true };

const AUTHORITY_DAYS = 9125;
const SERVER_DAYS = 825;
const NODE_DAYS = 825;

/** A certificate and its private key, both in PEM. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Signs certificates of nodes and of control servers. */
export class CertificateAuthority {
  readonly certificate: string;
  readonly #issuer: Issuer;

  /**
   * @param root its certificate and key
   * @throws Error if one of them is malformed, or they do not belong together
   */
  constructor(root: KeyedCertificate) {
    const parsed = new X509Certificate(root.certificate);
    const key = createPrivateKey(root.key);
    if (!parsed.checkPrivateKey(key)) throw new Error('The private key is not that of the certificate.');
    this.certificate = parsed.toString();
    this.#issuer = { name: subjectOf(parsed.raw), key, publicKey: spkiOf(key) };
  }

  /** Makes a new one with a key of its own. */
  static create(name: string): { readonly root: KeyedCertificate; readonly authority: CertificateAuthority } {
    const key = newKey();
    const subject = commonName(name);
    const publicKey = spkiOf(key);
    const certificate = makeCertificate({
      subject,
      publicKey,
      issuer: { name: subject, key, publicKey },
      isAuthority: true,
      names: [],
      days: AUTHORITY_DAYS,
    });
    const root = { certificate, key: keyText(key) };
    return { root, authority: new CertificateAuthority(root) };
  }

  /** Makes a certificate of a control server, and a key for it. @param names its host names and IP addresses */
  signServer(names: readonly string[]): KeyedCertificate {
    const key = newKey();
    const certificate = makeCertificate({
      subject: commonName('lunatic control'),
      publicKey: spkiOf(key),
      issuer: this.#issuer,
      isAuthority: false,
      names,
      days: SERVER_DAYS,
    });
    return { certificate, key: keyText(key) };
  }

  /**
   * Signs the certificate of a node, which has full rights.
   * @param request in PEM
   * @param allNames what its names are to be, whatever was requested
   * @returns the certificate in PEM
   * @throws Error if the request is malformed, or is not signed with its own key
   */
  signNode(request: string, allNames?: readonly string[]): string {
    const { subject, publicKey, names } = readRequest(request);
    return makeCertificate({
      subject,
      publicKey,
      issuer: this.#issuer,
      isAuthority: false,
      names: allNames ?? names,
      days: NODE_DAYS,
      more: { [NODE_RIGHTS]: Buffer.from(JSON.stringify(FULL_RIGHTS)) },
    });
  }
}

/** A new private key. */
export function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

function keyText(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }));
}

function spkiOf(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

/** The name of a certificate's owner, in DER. */
function subjectOf(certificate: Uint8Array): Uint8Array {
  const body = new DerReader(certificate).inside().inside();
  body.skip(fieldTag(0));
  body.read(Tag.Integer);
  body.read(Tag.Sequence);
  body.read(Tag.Sequence);
  body.read(Tag.Sequence);
  return body.read(Tag.Sequence).whole;
}
