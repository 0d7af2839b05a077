import { lookup } from 'node:dns';
import { type Endpoint, endpoint, parseEndpoint, splitHostPort } from './endpoint.ts';

/** A name cannot be resolved. The message is for the guest's author. */
export class ResolveError extends Error {
  override readonly name = 'ResolveError';
  readonly code = 'LUNATIC_RESOLVE';
}

/** An address, or a name to be looked up, each with a port. */
export type Target = Endpoint | { readonly version: 'name'; readonly host: string; readonly port: number };

/** Characters of the longest name in the domain name system. */
const MAX_NAME = 253;

/** Names that are looked up at the same time. The system answers few at once, and a look-up cannot be cancelled. */
const MAX_LOOKUPS = 256;

/**
 * Reads `host:port`.
 * @throws ResolveError if the text is not of that form
 */
export function parseTarget(text: string): Target {
  const literal = parseEndpoint(text);
  if (literal !== undefined) return literal;
  const parts = splitHostPort(text);
  if (parts === undefined) throw new ResolveError(`"${shortened(text)}" is not of the form host:port`);
  checkName(parts.host);
  return { version: 'name', ...parts };
}

/**
 * Checks a name before it is looked up.
 * @throws ResolveError
 */
export function checkName(host: string): void {
  // A resolver reads up to the first zero byte, and so would look up another name.
  const isName = host !== '' && host.length <= MAX_NAME && !hasControlOrSpace(host);
  if (!isName) throw new ResolveError(`"${shortened(host)}" is not a host name`);
}

type Done = (result: readonly string[] | ResolveError) => void;

/** The callbacks that wait for the addresses of each name. */
const lookups = new Map<string, Set<Done>>();

/**
 * Looks a name up in the way of the operating system.
 * @param done called later with the addresses, in the order in which the system's resolver gives them
 * @returns a function that gives up
 */
export function lookUp(host: string, done: Done): () => void {
  let waiting = lookups.get(host);
  if (waiting === undefined) {
    if (lookups.size >= MAX_LOOKUPS) {
      const failure = setImmediate(done, new ResolveError(`Failed to look up "${host}": too many at once`));
      return () => clearImmediate(failure);
    }
    waiting = new Set();
    lookups.set(host, waiting);
    begin(host, waiting);
  }
  waiting.add(done);
  return () => waiting.delete(done);
}

function begin(host: string, waiting: Set<Done>): void {
  const settle = (result: readonly string[] | ResolveError): void => {
    lookups.delete(host);
    for (const done of waiting) done(result);
  };
  try {
    lookup(host, { all: true, order: 'verbatim' }, (error, addresses) => {
      settle(error === null ? addresses.map(({ address }) => address) : failure(host, error));
    });
  } catch (error) {
    setImmediate(settle, failure(host, error as Error));
  }
}

/** Returns looked-up addresses with a port. */
export function endpoints(addresses: readonly string[], port: number): Endpoint[] {
  return addresses.map((address) => endpoint({ address, port }));
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no such name is known',
  EAI_AGAIN: 'the name server does not answer',
  EAI_FAIL: 'the name server failed',
};

function failure(host: string, error: NodeJS.ErrnoException): ResolveError {
  const reason = REASONS[error.code ?? ''] ?? error.message;
  return new ResolveError(`Failed to look up "${host}": ${reason}`, { cause: error });
}

function hasControlOrSpace(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) <= 0x20) return true;
  return false;
}

function shortened(text: string): string {
  return text.length > MAX_NAME ? `${text.slice(0, MAX_NAME)}...` : text;
}
