const RENAMED: ReadonlyMap<string, string> = new Map([
  ['get_local', 'local.get'],
  ['set_local', 'local.set'],
  ['tee_local', 'local.tee'],
  ['get_global', 'global.get'],
  ['set_global', 'global.set'],
  ['grow_memory', 'memory.grow'],
  ['current_memory', 'memory.size'],
  ['i32.wrap/i64', 'i32.wrap_i64'],
  ['anyfunc', 'funcref'],
]);

/** What an instruction is called now that had another name before WebAssembly 1.0; undefined for other words. */
export function presentName(older: string): string | undefined {
  const known = RENAMED.get(older);
  if (known !== undefined) return known;
  // i32.trunc_s/f32, i64.extend_u/i32, i32.trunc_s:sat/f32, f32.demote/f64
  const match = /^([if]\d\d)\.([a-z]+)(?:_([su]))?(:sat)?\/([if]\d\d)$/.exec(older);
  if (match === null) return undefined;
  const [, type, operation, sign, saturating, from] = match;
  return `${type}.${operation}${saturating === undefined ? '' : '_sat'}_${from}${sign === undefined ? '' : `_${sign}`}`;
}
