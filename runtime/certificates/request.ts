import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { isIP } from 'node:net';
import { alternativeNames, commonName, pem, signatureOf } from './certificate.ts';
import {
  bitString,
  DerError,
  DerReader,
  der,
  fieldTag,
  integer,
  objectIdentifier,
  sequence,
  Tag,
} from './der.ts';

/** The attribute of a request that has extensions (RFC 2985, section 5.4.2). */
const EXTENSIONS = '1.2.840.113549.1.9.14';
const ALTERNATIVE_NAMES = '2.5.29.17';
const DNS_NAME = 0x82;

/** Hashes of signatures, by the numbers of the algorithms in hexadecimal. Null where the algorithm brings its own. */
const HASHES: ReadonlyMap<string, string | null> = new Map(
  (
    [
      ['1.2.840.10045.4.3.2', 'sha256'],
      ['1.2.840.10045.4.3.3', 'sha384'],
      ['1.2.840.10045.4.3.4', 'sha512'],
      ['1.2.840.113549.1.1.11', 'sha256'],
      ['1.2.840.113549.1.1.12', 'sha384'],
      ['1.2.840.113549.1.1.13', 'sha512'],
      ['1.3.101.112', null],
    ] as const
  ).map(([id, hash]) => [hex(new DerReader(objectIdentifier(id)).read(Tag.ObjectIdentifier).content), hash]),
);

/** Characters of the longest request: with the longest RSA key that anybody uses it has less than half. */
const LONGEST = 2 ** 14;

/** What somebody wants a certificate for. */
export interface CertificateRequest {
  /** Their name, in DER. */
  readonly subject: Uint8Array;
  /** Their key, in DER. */
  readonly publicKey: Uint8Array;
  /** Host names that are to be in it. */
  readonly names: readonly string[];
}

/** Makes a request (PKCS 10, RFC 2986) for a certificate of this name. Returns it in PEM. */
export function makeRequest(name: string, key: KeyObject): string {
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const extensions = der(Tag.Set, sequence(alternativeNames([name])));
  const body = sequence(
    integer(Uint8Array.of(0)),
    commonName(name),
    publicKey,
    der(fieldTag(0), sequence(objectIdentifier(EXTENSIONS), extensions)),
  );
  const { algorithm, hash } = signatureOf(key);
  return pem('CERTIFICATE REQUEST', sequence(body, algorithm, bitString(sign(hash, body, key))));
}

/**
 * Reads a request in PEM.
 * @throws Error if it is malformed, or is not signed with the key that it is for
 */
export function readRequest(text: string): CertificateRequest {
  if (text.length > LONGEST) throw new DerError('The certificate request is too long.');
  const [, base64] =
    /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]*)-----END /.exec(text) ?? [];
  if (base64 === undefined) throw new DerError('The text is no certificate request in PEM.');
  const whole = new DerReader(Buffer.from(base64, 'base64')).inside();
  const body = whole.read(Tag.Sequence);
  const algorithm = hex(whole.inside().read(Tag.ObjectIdentifier).content);
  const signature = whole.read(Tag.BitString).content.subarray(1);
  const fields = new DerReader(body.content);
  fields.read(Tag.Integer);
  const subject = fields.read(Tag.Sequence).whole;
  const publicKey = fields.read(Tag.Sequence).whole;
  const hash = HASHES.get(algorithm);
  if (hash === undefined) throw new DerError('The certificate request is signed by an unknown algorithm.');
  const key = createPublicKey({ key: Buffer.from(publicKey), type: 'spki', format: 'der' });
  if (!verify(hash, body.whole, key, signature))
    throw new DerError('The certificate request is not signed with the key that it is for.');
  const names = fields.next === fieldTag(0) ? namesIn(fields.inside(fieldTag(0))) : [];
  return { subject, publicKey, names };
}

/** The host names among the attributes of a request. */
function namesIn(attributes: DerReader): string[] {
  const names: string[] = [];
  while (attributes.next !== null) {
    const attribute = attributes.inside();
    if (!isNumber(attribute, EXTENSIONS)) continue;
    const extensions = attribute.inside(Tag.Set).inside();
    while (extensions.next !== null) {
      const extension = extensions.inside();
      if (!isNumber(extension, ALTERNATIVE_NAMES)) continue;
      extension.skip(Tag.Boolean);
      const all = new DerReader(extension.read(Tag.OctetString).content).inside();
      for (let tag = all.next; tag !== null; tag = all.next) {
        const { content } = all.read(tag);
        const name = Buffer.from(content).toString('latin1');
        if (tag === DNS_NAME && isIP(name) === 0) names.push(name);
      }
    }
  }
  return names;
}

/** Whether the next value is this number. It is taken. */
function isNumber(reader: DerReader, id: string): boolean {
  return hex(reader.read(Tag.ObjectIdentifier).whole) === hex(objectIdentifier(id));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
