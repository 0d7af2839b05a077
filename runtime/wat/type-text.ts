import type { WasmModule } from '../wasm/module.ts';
import type { FuncType } from '../wasm/type-definition.ts';
import type { ValueType } from '../wasm/value-type.ts';

/** The most types that are written beside the index of a type in code. The index alone says the same. */
const SHOWN_TYPES = 16;

/** `(type 3) (param i32) (result i32)`, or only `(type 3)` if there is no such function type or it is long. */
export function typeUseText(module: WasmModule, typeIndex: number): string {
  const type = module.types[typeIndex];
  const use = `(type ${typeIndex})`;
  if (type?.kind !== 'func' || type.params.length + type.results.length > SHOWN_TYPES) return use;
  return [use, ...signatureTexts(type)].join(' ');
}

function signatureTexts({ params, results }: FuncType): string[] {
  return [...declarationTexts('param', params), ...declarationTexts('result', results)];
}

/**
 * Declarations as text: `(param $a i32)` for each that has an identifier, `(param i64 i64)` for a run of others.
 * @param identifier gives the identifier by place in `types`
 */
export function declarationTexts(
  keyword: 'param' | 'result' | 'local',
  types: readonly ValueType[],
  identifier?: (index: number) => string | undefined,
): string[] {
  const texts: string[] = [];
  let unnamed: ValueType[] = [];
  const flush = (): void => {
    if (unnamed.length > 0) texts.push(`(${keyword} ${unnamed.join(' ')})`);
    unnamed = [];
  };
  for (const [i, type] of types.entries()) {
    const name = identifier?.(i);
    if (name !== undefined || unnamed.length === SHOWN_TYPES) flush();
    if (name === undefined) unnamed.push(type);
    else texts.push(`(${keyword} ${name} ${type})`);
  }
  flush();
  return texts;
}
