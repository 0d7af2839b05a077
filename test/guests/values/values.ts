// A value of each kind, to be looked at where the process stands at "here". Tests of the debugger have a table of them.
class Point {
  constructor(
    public x: i32,
    public y: i32,
  ) {}
}

class Item {
  name: string;
  price: f64 = 2.5;
  small: i8 = -3;
  flag: bool = true;
  big: i64 = -9000000000;
  next: Item | null = null;
  at: Point = new Point(1, 2);
  constructor(name: string) {
    this.name = name;
  }
}

class Cherry extends Item {
  color: u8 = 200;
}

class Shop {
  static open: i32 = 3;
  static best: Item | null = null;
}

let total = 5;

function show(count: i32, name: string, item: Item): i32 {
  const half = 0.5;
  const big: i64 = -9000000000;
  const yes = count > 3;
  const text = "a \"quote\" and é";
  const empty = "";
  const numbers = [10, 20, 30];
  const words = ["one", "two"];
  const floats: f64[] = [1.5, 2.5];
  const fixed = new StaticArray<i32>(2);
  fixed[1] = 7;
  const bytes = new Uint8Array(3);
  bytes[0] = 200;
  const doubles = new Float64Array(2);
  doubles[1] = 1.5;
  const buffer = new ArrayBuffer(4);
  const ages = new Map<string, i32>();
  ages.set("one", 1);
  ages.set("two", 2);
  ages.delete("one");
  ages.set("three", 3);
  const ids = new Set<i32>();
  ids.add(5);
  ids.add(6);
  const points = [new Point(3, 4), new Point(5, 6)];
  const cherry = new Cherry("cherry");
  cherry.next = item;
  const none: Item | null = null;
  total += numbers.length;
  Shop.open += numbers.length;
  Shop.best = item;
  return (
    count + name.length + item.name.length + <i32>half + <i32>big + <i32>yes + text.length + empty.length + words.length + floats.length + fixed.length + bytes.length + doubles.length + buffer.byteLength + ages.size + ids.size + points.length + cherry.color + (none == null ? 1 : 0) // here
  );
}

export function _start(): void {
  show(12, "a name", new Item("apple"));
}
