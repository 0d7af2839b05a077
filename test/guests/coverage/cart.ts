// Prices carts. At the end of each line that has code stands, in brackets, which tests reach it.
let total: i32 = 0;

function price(count: i32): i32 {
  let sum = count * 3; // [bulk few]
  if (sum > 30) // [bulk few]
    sum -= sum / 10; // [bulk]
  return sum; // [bulk few]
}

function neverCalled(count: i32): i32 {
  return count + 1; // []
}

function largest<T>(a: T, b: T): T {
  if (a > b) return a; // [generic]
  return b; // [generic]
}

class Cart {
  counts: i32[] = []; // [objects]
  add(count: i32): void {
    this.counts.push(count); // [objects]
  }
  clear(): void {
    this.counts = []; // []
  }
}

export function __lunatic_test_few(): void {
  for (let i = 0; i < 3; i++) // [few]
    total += price(i); // [few]
}

export function __lunatic_test_bulk(): void {
  total += price(40); // [bulk]
  if (total < 0) // [bulk]
    total = neverCalled(total); // []
}

export function __lunatic_test_generic(): void {
  total += largest<i32>(1, 2); // [generic]
  total += largest<i64>(4, 3) as i32; // [generic]
}

export function __lunatic_test_objects(): void {
  const cart = new Cart(); // [objects]
  cart.add(3); // [objects]
  if (cart.counts.length == 7) // [objects]
    cart.clear(); // []
}

export function __lunatic_test_stops(): void {
  total = 1; // [stops]
  assert(total == 2); // [stops]
  total = 3; // []
}
