import { HOST_TYPES, type HostType } from '../wasm/index.ts';

/** The number of parameters that a host function may have. */
const MAX_PARAMS = 100;

/** A list in parentheses and perhaps a result; an item of the list, perhaps with a name. */
const SIGNATURE = /^\(([^()]*)\)(?: -> (\w+))?$/;
const ITEM = /^(?:(\w+): )?(\w+)$/;

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
  const [whole, list = '', result] = SIGNATURE.exec(text) ?? [];
  if (whole === undefined) throw new SignatureError('it must be as "(pointer: i32, amount: i64) -> f64"');
  const items = list === '' ? [] : list.split(', ');
  if (items.length > MAX_PARAMS) {
    throw new SignatureError(`it has ${items.length} parameters, and ${MAX_PARAMS} is the most`);
  }
  const params: HostType[] = [];
  const paramNames: string[] = [];
  for (const [index, item] of items.entries()) {
    const [, name = `p${index}`, type] = ITEM.exec(item) ?? [];
    params.push(hostType(type ?? item));
    paramNames.push(name);
  }
  return { params, paramNames, results: result === undefined ? [] : [hostType(result)] };
}

function hostType(text: string): HostType {
  if (isHostType(text)) return text;
  const types = Object.keys(HOST_TYPES).join(', ');
  throw new SignatureError(`"${text}" is not a type of host functions; they are ${types}`);
}

function isHostType(text: string): text is HostType {
  return Object.hasOwn(HOST_TYPES, text);
}
