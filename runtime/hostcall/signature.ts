import { HOST_TYPES, type HostType } from '../wasm/index.ts';

/** The number of parameters that a host function may have. */
const MAX_PARAMS = 100;

/** A list in parentheses, and perhaps a result. */
const SIGNATURE = /^\(([^()]*)\)(?: -> (\w+))?$/;
const NAME = /^\w+$/;

/** The type of a host function. */
export interface Signature {
  readonly params: readonly HostType[];
  /** Parameters without a name are called `p0`, `p1` and so on. */
  readonly paramNames: readonly string[];
  readonly results: readonly HostType[];
}

/** A host function is declared with a signature that is none. The message is for whoever declares it. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly code = 'LUNATIC_SIGNATURE';
}

/**
 * Parses `(pointer: i32, amount: i64) -> f64`. Names and the result may be left out.
 * @throws SignatureError
 */
export function parseSignature(text: string): Signature {
  const match = SIGNATURE.exec(text);
  if (match === null) throw malformed();
  const list = match[1] ?? '';
  const result = match[2];
  const params: HostType[] = [];
  const paramNames: string[] = [];
  if (list !== '') {
    for (const item of list.split(', ')) {
      const colon = item.indexOf(': ');
      const name = colon < 0 ? `p${params.length}` : item.slice(0, colon);
      if (!NAME.test(name)) throw malformed();
      params.push(hostType(colon < 0 ? item : item.slice(colon + 2)));
      paramNames.push(name);
    }
  }
  if (params.length > MAX_PARAMS) {
    throw new SignatureError(`it has ${params.length} parameters, and ${MAX_PARAMS} is the most`);
  }
  return { params, paramNames, results: result === undefined ? [] : [hostType(result)] };
}

function malformed(): SignatureError {
  return new SignatureError('it must be as "(pointer: i32, amount: i64) -> f64"');
}

function hostType(text: string): HostType {
  if (isHostType(text)) return text;
  const types = Object.keys(HOST_TYPES).join(', ');
  throw new SignatureError(`"${text}" is not a type of host functions; they are ${types}`);
}

function isHostType(text: string): text is HostType {
  return Object.hasOwn(HOST_TYPES, text);
}
