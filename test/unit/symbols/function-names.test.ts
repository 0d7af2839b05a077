import { expect, test } from 'vitest';
import { nameTest } from '../../../runtime/symbols/function-names.ts';

const bignum = 'double_conversion::Bignum::AddUInt64(unsigned long long)';

test.each([
  [bignum, ['AddUInt64', 'Bignum::AddUInt64', 'double_conversion::Bignum::AddUInt64', bignum]],
  [bignum, ['AddUInt64(unsigned long long)', 'Bignum::AddUInt64(unsigned long long)']],
  ['shop::(anonymous namespace)::hidden(int, char*)', ['hidden', 'shop::hidden', 'hidden(int,char*)']],
  [
    'void shop::Basket::each<(lambda at a.cpp:42:35)>(int) const',
    ['each', 'Basket::each', 'Basket::each(int)'],
  ],
  ['shop::Square<3>::area()', ['Square::area', 'Square<3>::area', 'area()', 'shop::Square::area()']],
  [
    'std::__2::vector<int, std::__2::allocator<int> >::push_back(int&&)',
    ['std::vector::push_back', 'push_back'],
  ],
  ['shop::operator<(shop::A const&, shop::A const&)', ['operator<', 'shop::operator<']],
  ['shop::A::operator()(int) const', ['A::operator()', 'operator()(int)']],
  ['shop::A::operator bool() const', ['A::operator bool', 'operator bool()']],
  [
    '<supervisor::A as lunatic::supervisor::Supervisor>::terminate',
    [
      'terminate',
      'A::terminate',
      'supervisor::A::terminate',
      'Supervisor::terminate',
      '<A as Supervisor>::terminate',
    ],
  ],
  ['lunatic::ap::<impl core::fmt::Debug for lunatic::ap::Process<T>>::fmt', ['Process::fmt', 'Debug::fmt']],
  ['<shop::Shelf<T>>::price', ['Shelf::price', 'shop::Shelf::price']],
  ['<(A,B) as shop::Priced>::price', ['Priced::price', '<(A, B) as Priced>::price']],
  ['shop::each::<u32>', ['each', 'each::<u32>', 'shop::each']],
  ['shop::each<fn(u8) -> u32>', ['each', 'shop::each']],
  ['assembly/shop/price', ['price', 'shop/price']],
  ['~lib/array/Array<i32>#push', ['Array<i32>#push', 'Array#push']],
  ['price', ['$price', 'price', 'price(int)']],
])('%s is meant by its whole name and its last parts', (name, wanted) => {
  for (const text of [...wanted, name]) expect(nameTest(text)(name), text).toBe(true);
});

test.each([
  [bignum, ['UInt64', 'AddUInt64(int)', 'Other::AddUInt64', 'Bignum', 'unsigned long long', 'AddUInt64()']],
  ['shop::Square<3>::area()', ['Square<1>::area', 'Square', '3']],
  ['shop::add::{{closure}}', ['add']],
  [
    '<supervisor::A as lunatic::Supervisor>::terminate',
    ['B::terminate', '<A as Other>::terminate', 'A', 'Supervisor'],
  ],
  ['shop::operator<<(int)', ['operator<', 'operator']],
  ['shop::each<shop::price>', ['price']],
])('%s is not meant by other names', (name, others) => {
  for (const text of ['', ...others]) expect(nameTest(text)(name), text).toBe(false);
});

test('names of any length are soon told from what is meant', () => {
  const spaces = ' '.repeat(1_000_000);
  const start = performance.now();
  expect(nameTest('price')(`${spaces}price`)).toBe(false);
  expect(nameTest(`f(a${spaces},${spaces}b)`)('f(a,b)')).toBe(true);
  expect(nameTest(`f(a${spaces}b)`)('f(a,b)')).toBe(false);
  // Spaces that are looked at again from each of them take many minutes.
  expect(performance.now() - start).toBeLessThan(3000);
});
