import type { HostType } from '../wasm/index.ts';

/** An `i64` is a bigint, the others are numbers. */
type ValueOf<Type extends string> = Type extends 'i64' ? bigint : Type extends HostType ? number : never;
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
/** The result of a function with this signature; nothing if it has none. */
export type ResultOf<Signature extends string> = Signature extends `${string} -> ${infer Type}`
  ? ValueOf<Type>
  : // biome-ignore lint/suspicious/noConfusingVoidType: a function may simply not return anything
    void;
