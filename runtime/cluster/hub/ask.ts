import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { ClusterError, REQUEST_TIME } from '../transport.ts';

/** Bytes of the largest answer that is not a module. */
const LARGEST_ANSWER = 2 ** 22;

/** What is asked of a control server. */
export interface Asked {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Bytes that the answer has at most. */
  readonly most?: number;
}

export interface Answered {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Sends a request, and waits for its answer. Five seconds in which nothing comes or goes are too many.
 * @param ca certificates that are trusted, in PEM; null for those of the system
 * @throws ClusterError if there is no answer
 */
export function ask(url: URL, ca: string | null, asked: Asked): Promise<Answered> {
  const { method, headers = {}, body, most = LARGEST_ANSWER } = asked;
  const fail = (why: string, cause?: unknown) =>
    new ClusterError(
      `The control server at ${url.origin} ${why}`,
      cause === undefined ? undefined : { cause },
    );
  const options: RequestOptions & { ca?: string } = {
    method,
    headers: { ...headers, 'content-length': body === undefined ? 0 : Buffer.byteLength(body) },
    agent: false,
    ...(ca === null ? {} : { ca }),
  };
  return new Promise((done, reject) => {
    const sent: ClientRequest =
      url.protocol === 'https:' ? secureRequest(url, options) : request(url, options);
    sent.setNoDelay(true);
    sent.setTimeout(REQUEST_TIME, () => sent.destroy(fail('has not answered in time.')));
    sent.on('error', (error) =>
      reject(error instanceof ClusterError ? error : fail(`cannot be reached: ${error.message}`, error)),
    );
    sent.on('response', (response) =>
      readAll(response, most).then(
        (bytes) => done({ status: response.statusCode ?? 0, body: bytes }),
        (error) => {
          sent.destroy();
          reject(error instanceof ClusterError ? error : fail('has not answered completely.', error));
        },
      ),
    );
    sent.end(body);
  });
}

async function readAll(response: IncomingMessage, most: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response) {
    if (!Buffer.isBuffer(piece)) continue;
    length += piece.length;
    if (length > most) throw new ClusterError('The control server has sent more than was expected.');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** The fields of an answer in JSON. @throws ClusterError if it tells of a failure, or is not such an object */
export function fieldsOf({ status, body }: Answered): Readonly<Record<string, unknown>> {
  let value: unknown = null;
  try {
    value = JSON.parse(body.toString());
  } catch {}
  const fields: Readonly<Record<string, unknown>> =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  if (status === 200) return fields;
  const { message } = fields;
  throw new ClusterError(
    `The control server has refused a request: ${typeof message === 'string' ? message : `status ${status}`}`,
  );
}
