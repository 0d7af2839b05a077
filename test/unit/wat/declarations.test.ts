import { describe, expect, it } from 'vitest';
import { readModule } from '../../../runtime/wasm/index.ts';
import { declaredName, readDeclarations, readSyntax } from '../../../runtime/wat/index.ts';
import { wat } from '../wasm/support.ts';

const SOURCE = `(module
  (type $a (func)) (rec (type $b (struct)) (type $c (func)))
  (import "env" "f" (func $f (param i32)))
  (func $g (export "g") (import "env" "g"))
  (memory $m (data "text")) (data $d "more")
  (table $t funcref (elem $f)) (elem $e declare func $g)
  (global $"my global" i32 (i32.const 0)) (tag $oops)
  (func (export "h1") (export "h\\32"))
  (func $i)
  (export "\\u{2717}" (func $i))
  (export "memory" (memory 0)))`;

function declarations(source: string) {
  const syntax = readSyntax(source);
  return { syntax, ...readDeclarations(syntax) };
}

describe('what a text declares', () => {
  it('has names and indices', () => {
    const { syntax, all } = declarations(SOURCE);
    expect(all.map((one) => `${one.space} ${one.index} ${declaredName(syntax, one) ?? '-'}`)).toEqual([
      'type 0 a',
      'type 1 b',
      'type 2 c',
      'function 0 f',
      'function 1 g',
      'memory 0 m',
      'data 0 -',
      'data 1 d',
      'table 0 t',
      'element 0 -',
      'element 1 e',
      'global 0 my global',
      'tag 0 oops',
      'function 2 -',
      'function 3 i',
    ]);
    expect(all.filter(({ imported }) => imported !== undefined).map(({ imported }) => imported)).toEqual([
      { module: 'env', name: 'f' },
      { module: 'env', name: 'g' },
    ]);
  });

  it('is exported under the names that the engine sees', async () => {
    // The assembler does not know the types in a group, nor names in quotes.
    const source = SOURCE.replace(/\(rec.*$/m, '').replace('$"my global"', '');
    const { exports } = declarations(source);
    const module = readModule(await wat(source));
    expect(exports.map(({ name }) => name).sort()).toEqual(module.exports.map(({ name }) => name).sort());
  });

  it('is found in fields that a mistake has put outside of the module', () => {
    const { exports, bodies } = declarations('(module (func (export "a")))) (func (export "b"))');
    expect(exports.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(bodies).toHaveLength(2);
  });
});
