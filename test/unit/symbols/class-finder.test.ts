import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { openSymbols } from '../../../runtime/symbols/open-symbols.ts';
import { projectFolder } from '../../support/command.ts';

function variablesOf(program: string) {
  const path = join(projectFolder, 'test', 'guests', 'values', `${program}.wasm.gz`);
  const { variables } = openSymbols(new Uint8Array(gunzipSync(readFileSync(path))));
  if (variables === null) throw new Error('no debug information');
  return variables;
}

/** Names that compilers give to classes, of the memory of the programs. */
test.each([
  ['classes-cpp', 'N4shop5inner5AppleE', 'shop::inner::Apple'],
  ['classes-cpp', 'N4shop3BoxIPKcLi3EEE', 'shop::Box<const char *, 3>'],
  ['classes-cpp', 'NSt3__214__shared_countE', 'std::__shared_count'],
  ['classes-cpp', 'NSt3__213__shared_countE', null],
  [
    'classes-cpp',
    'NSt3__220__shared_ptr_emplaceIN4shop5FruitENS_9allocatorIS2_EEEE',
    'std::__shared_ptr_emplace<shop::Fruit, std::__2::allocator<shop::Fruit> >',
  ],
  ['classes-cpp', 'ZL4showRKN4shop4ItemEPS0_PNS_5NamedEPK5PlainE5Local', 'show::Local'],
  ['sources-cpp', '3BoxIdE', 'Box<double>'],
  ['sources-cpp', '3BoxIfE', null],
  ['sources-cpp', '8NumberedILi3EE', null],
  ['sources-cpp', '8NumberedILin3EE', 'Numbered<-3>'],
  ['sources-cpp', 'N12_GLOBAL__N_16HiddenE', null],
  ['sources-cpp', 'ZN4shop4makeE3ArgE5Local', 'shop::make::Local'],
  // A second one of this function.
  ['sources-cpp', 'ZN4shop4makeE3ArgE5Local_0', null],
  ['sources-cpp', 'ZN4shop4makeEvE5Local', null],
  ['sources-cpp', 'Z4makeE5Local', null],
  ['sources-cpp', 'N4shop5LocalE', null],
  ['sources-cpp', '*5Local', 'Local'],
] as const)('in %s, %s is %s', (program, name, label) => {
  const variables = variablesOf(program);
  const id = variables.classNamed(name);
  expect(id === null ? null : variables.types([id]).get(id)?.label).toBe(label);
});

test('names of which nothing is known are told from all others at once', () => {
  const variables = variablesOf('classes-cpp');
  const start = performance.now();
  for (let i = 0; i < 3000; i++) expect(variables.classNamed(`N5shop5${10_000 + i}E`)).toBeNull();
  // With a walk over all classes for each of them it takes half a minute.
  expect(performance.now() - start).toBeLessThan(3000);
});
