/** The types that values have between guests and plugins. */
export type PluginType = 'i32' | 'i64' | 'f32' | 'f64';

/** An `i64` is a bigint, the others are numbers. */
type ValueOf<Type extends string> = Type extends 'i64' ? bigint : Type extends PluginType ? number : never;
type ParamOf<Param extends string> = Param extends `${string}: ${infer Type}`
  ? ValueOf<Type>
  : ValueOf<Param>;
type ListOf<Params extends string> = Params extends ''
  ? []
  : Params extends `${infer First}, ${infer Rest}`
    ? [ParamOf<First>, ...ListOf<Rest>]
    : [ParamOf<Params>];

/** The arguments of a function with this signature. */
export type ParamsOf<Signature extends string> = Signature extends `(${infer Params})${string}`
  ? ListOf<Params>
  : never;
/** Its result; nothing where it has none. */
export type ResultOf<Signature extends string> = Signature extends `${string} -> ${infer Type}`
  ? ValueOf<Type>
  : // biome-ignore lint/suspicious/noConfusingVoidType: a function may simply not return anything
    void;

/** What `(a: i32, b: i64) -> f64` says. */
export interface ParsedSignature {
  readonly params: readonly PluginType[];
  readonly paramNames: readonly string[];
  readonly results: readonly PluginType[];
}

/** Parameters that a function may have. */
const MAX_PARAMS = 100;

/** Parses `(a: i32, b: i64) -> f64`; names may be left out. Undefined for anything else. */
export function parsePluginSignature(text: string): ParsedSignature | undefined {
  const [whole, list = '', result] = /^\(([^()]*)\)(?: -> (\w+))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const items = list === '' ? [] : list.split(', ');
  if (items.length > MAX_PARAMS) return undefined;
  const params: PluginType[] = [];
  const paramNames: string[] = [];
  for (const [i, item] of items.entries()) {
    const [, name = `p${i}`, type] = /^(?:(\w+): )?(\w+)$/.exec(item) ?? [];
    if (!isPluginType(type)) return undefined;
    params.push(type);
    paramNames.push(name);
  }
  if (result === undefined) return { params, paramNames, results: [] };
  return isPluginType(result) ? { params, paramNames, results: [result] } : undefined;
}

function isPluginType(text: string | undefined): text is PluginType {
  return text === 'i32' || text === 'i64' || text === 'f32' || text === 'f64';
}
