import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import {
  bitString,
  DerReader,
  der,
  fieldTag,
  integer,
  objectIdentifier,
  sequence,
  Tag,
  time,
} from './der.ts';

/** Extensions of certificates (RFC 5280, section 4.2). */
const Extension = {
  SubjectKey: '2.5.29.14',
  KeyUsage: '2.5.29.15',
  AlternativeNames: '2.5.29.17',
  BasicConstraints: '2.5.29.19',
  AuthorityKey: '2.5.29.35',
  ExtendedKeyUsage: '2.5.29.37',
} as const;
const COMMON_NAME = '2.5.4.3';
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';
/** Key usages, the first bit first. */
const SIGNS = 0x80;
const SIGNS_CERTIFICATES = 0x06;

const DAY = 24 * 60 * 60 * 1000;
/** How long before the present a certificate is already valid, for clocks that are behind. */
const EARLIER = DAY;

const VERSION_3 = Uint8Array.of(2);

/** What signs certificates. */
export interface Issuer {
  /** Its name, in DER. */
  readonly name: Uint8Array;
  readonly key: KeyObject;
  /** Its public key, in DER. */
  readonly publicKey: Uint8Array;
}

export interface CertificateOptions {
  /** The name of whom it is for, in DER. */
  readonly subject: Uint8Array;
  /** The key of whom it is for, in DER. */
  readonly publicKey: Uint8Array;
  readonly issuer: Issuer;
  /** Whether its owner signs certificates. */
  readonly isAuthority: boolean;
  /** Host names and IP addresses. */
  readonly names: readonly string[];
  /** Days until it expires. */
  readonly days: number;
  /** Further extensions: the number of each and what is in it. */
  readonly more?: Readonly<Record<string, Uint8Array>>;
}

/** Makes a certificate (RFC 5280). Returns it in PEM. */
export function makeCertificate(options: CertificateOptions): string {
  const { issuer, days } = options;
  const now = Date.now();
  const { algorithm, hash } = signatureOf(issuer.key);
  const body = sequence(
    der(fieldTag(0), integer(VERSION_3)),
    integer(serial()),
    algorithm,
    issuer.name,
    sequence(time(new Date(now - EARLIER)), time(new Date(now + days * DAY))),
    options.subject,
    options.publicKey,
    der(fieldTag(3), sequence(...extensions(options))),
  );
  return pem('CERTIFICATE', sequence(body, algorithm, bitString(sign(hash, body, issuer.key))));
}

function extensions({
  publicKey,
  issuer,
  isAuthority,
  names,
  more = {},
}: CertificateOptions): readonly Buffer[] {
  const isTrue = der(Tag.Boolean, Uint8Array.of(0xff));
  return [
    extension(Extension.BasicConstraints, isAuthority ? sequence(isTrue) : sequence(), true),
    extension(Extension.KeyUsage, usage(isAuthority ? SIGNS_CERTIFICATES : SIGNS), true),
    extension(Extension.SubjectKey, der(Tag.OctetString, keyId(publicKey))),
    extension(Extension.AuthorityKey, sequence(der(0x80, keyId(issuer.publicKey)))),
    ...(isAuthority
      ? []
      : [
          extension(Extension.ExtendedKeyUsage, sequence(objectIdentifier(SERVER), objectIdentifier(CLIENT))),
        ]),
    ...(names.length === 0 ? [] : [alternativeNames(names)]),
    ...Object.entries(more).map(([id, content]) => extension(id, content)),
  ];
}

function extension(id: string, content: Uint8Array, isCritical = false): Buffer {
  return sequence(
    objectIdentifier(id),
    ...(isCritical ? [der(Tag.Boolean, Uint8Array.of(0xff))] : []),
    der(Tag.OctetString, content),
  );
}

/** The extension that tells the host names and IP addresses of a certificate's owner. */
export function alternativeNames(names: readonly string[]): Buffer {
  const DNS_NAME = 0x82;
  const IP_ADDRESS = 0x87;
  return extension(
    Extension.AlternativeNames,
    sequence(
      ...names.map((name) =>
        isIP(name) === 0 ? der(DNS_NAME, Buffer.from(name)) : der(IP_ADDRESS, addressBytes(name)),
      ),
    ),
  );
}

/** The bits that are set, without the zeros at the end. */
function usage(bits: number): Buffer {
  const unused = 31 - Math.clz32(bits & -bits);
  return der(Tag.BitString, Uint8Array.of(unused, bits));
}

/** A name with only one part, in DER. */
export function commonName(text: string): Buffer {
  const part = sequence(objectIdentifier(COMMON_NAME), der(Tag.Utf8String, Buffer.from(text)));
  return sequence(der(Tag.Set, part));
}

/** What is signed with a key of this kind: the algorithm in DER, and the hash for `sign`. */
export function signatureOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): {
  readonly algorithm: Buffer;
  readonly hash: string | null;
} {
  if (asymmetricKeyType === 'ed25519')
    return { algorithm: sequence(objectIdentifier('1.3.101.112')), hash: null };
  if (asymmetricKeyType === 'rsa') {
    const nothing = Uint8Array.of(0x05, 0);
    return {
      algorithm: sequence(objectIdentifier('1.2.840.113549.1.1.11'), nothing),
      hash: 'sha256',
    };
  }
  if (asymmetricKeyType === 'ec') {
    const [id, hash] =
      asymmetricKeyDetails?.namedCurve === 'secp384r1'
        ? ['1.2.840.10045.4.3.3', 'sha384']
        : ['1.2.840.10045.4.3.2', 'sha256'];
    return { algorithm: sequence(objectIdentifier(id)), hash };
  }
  throw new TypeError(`Certificates cannot be signed with a key of the kind ${asymmetricKeyType}.`);
}

/** Identifies a public key by the hash of its bits (RFC 5280, section 4.2.1.2). */
function keyId(publicKey: Uint8Array): Buffer {
  const key = new DerReader(publicKey).inside();
  key.read(Tag.Sequence);
  return createHash('sha1').update(key.read(Tag.BitString).content.subarray(1)).digest();
}

function serial(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

/** The four or sixteen bytes of an IP address. */
function addressBytes(address: string): Uint8Array {
  if (isIP(address) === 4) return Uint8Array.from(address.split('.'), Number);
  // As URLs write them there is one form for each.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groupsOf = (text = '') =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [groupsOf(head), groupsOf(tail)];
  const groups = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** Bytes as PEM. @param label `CERTIFICATE`, `PRIVATE KEY` */
export function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
