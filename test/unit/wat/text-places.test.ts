import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModule } from '../../../runtime/wasm/index.ts';
import { disassembleFunction, readSyntax, TextPlaces } from '../../../runtime/wat/index.ts';
import { instructionsOf } from '../../../runtime/wat/instruction-order.ts';
import { wat } from '../wasm/support.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** The instructions of a module in the order of the binary, as they stand in its text. */
async function inOrder(source: string): Promise<string[]> {
  const module = readModule(await wat(source));
  const places = new TextPlaces(module, source);
  return [...module.functions.keys()].flatMap((i) => {
    const { offsets } = disassembleFunction(module, module.importedFunctions + i);
    return offsets
      .filter((offset) => offset >= 0)
      .map((offset) => {
        const { start, end } = places.at(offset) ?? { start: 0, end: 0 };
        expect(places.offsetIn(start, end)).toBe(offset);
        return source.slice(start, end);
      });
  });
}

describe('instructions of a text', () => {
  it('have their offsets where they are written in a row', async () => {
    const source = `(module (memory 1) (table 1 funcref) (type $t (func))
      (func (param $n i32) (result i32) (local i64)
        block $out (result i32)
          local.get $n
          i32.load offset=4 align=1 ;; a comment
          if (result i32) i32.const 1 else i32.const 2 end
          local.get $n br_table 0 $out 0 ;; three labels
        end
        (; nothing ;) i32.const 0 call_indirect (type $t)))`;
    expect(await inOrder(source)).toEqual([
      'block $out (result i32)',
      'local.get $n',
      'i32.load offset=4 align=1',
      'if (result i32)',
      'i32.const 1',
      'else',
      'i32.const 2',
      'end',
      'local.get $n',
      'br_table 0 $out 0',
      'end',
      'i32.const 0',
      'call_indirect (type $t)',
      ')',
    ]);
  });

  it('have their offsets where they are folded', async () => {
    const source = `(module (memory 1)
      (func (param $n i32) (result i32)
        (block $out
          (loop $again (br_if $again (i32.eqz (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
        (if (result i32) (local.get $n)
          (then (memory.fill (i32.const 0) (i32.const 1) (i32.const 2)) (i32.const 7))
          (else nop (i32.const 8))))
      (func (if (i32.const 0) (then (nop)) (else))))`;
    expect(await inOrder(source)).toEqual([
      'block $out',
      'loop $again',
      'local.get $n',
      'i32.const 1',
      'i32.sub',
      'local.tee $n',
      'i32.eqz',
      'br_if $again',
      ')',
      ')',
      'local.get $n',
      'if (result i32)',
      'i32.const 0',
      'i32.const 1',
      'i32.const 2',
      'memory.fill',
      'i32.const 7',
      'else',
      'nop',
      'i32.const 8',
      ')',
      ')',
      'i32.const 0',
      'if',
      'nop',
      ')',
      ')',
    ]);
  });

  it('are found however many handlers there are', () => {
    const count = 200_000;
    const syntax = readSyntax(`(func (try (do) ${'(catch 0)'.repeat(count)}))`);
    const [list] = syntax.roots;
    const found = list?.kind === 'list' ? instructionsOf(syntax, list) : [];
    // `try`, the handlers, and two ends.
    expect(found).toHaveLength(count + 3);
  });

  it('have their offsets in handlers of exceptions', async () => {
    const source = `(module (tag $oops (param i32))
      (func (try (do (throw $oops (i32.const 1))) (catch $oops (drop)) (catch_all (nop))))
      (func (try $l (do (nop)) (delegate 0)))
      (func try nop catch_all nop end)
      (func (drop (block $h (result i32) (try_table (result i32) (catch $oops $h) (i32.const 3))))))`;
    expect(await inOrder(source)).toEqual([
      ...['try', 'i32.const 1', 'throw $oops', 'catch $oops', 'drop', 'catch_all', 'nop', ')', ')'],
      ...['try $l', 'nop', 'delegate 0', ')'],
      ...['try', 'nop', 'catch_all', 'nop', 'end', ')'],
      ...[
        'block $h (result i32)',
        'try_table (result i32) (catch $oops $h)',
        'i32.const 3',
        ')',
        ')',
        'drop',
        ')',
      ],
    ]);
  });

  it('are all found in the texts of this project', async () => {
    const files = globSync('{examples,test/guests}/**/*.wat', { cwd: root });
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      const words = await inOrder(readFileSync(join(root, file), 'utf8'));
      expect(words, file).not.toContain('');
    }
  });

  it('have no places in the binary of another text', async () => {
    const module = readModule(await wat('(module (func (nop) (drop (i32.const 1))) (func (nop)))'));
    const places = new TextPlaces(module, '(module (func (drop (i32.const 1))) (func (nop)))');
    expect(places.count).toBe(2);
    expect(new TextPlaces(module, '(module (func (nop)))').count).toBe(0);
    expect(new TextPlaces(module, 'no text at all').at(100)).toBeUndefined();
  });
});
