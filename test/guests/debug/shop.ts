// Two workers that price what they are sent. Tests of the debugger find lines by the comments at their ends.
// @ts-ignore: decorator
@external("lunatic::message", "receive")
declare function receive(tags: usize, count: u32, timeout: u64): u32;
// @ts-ignore: decorator
@external("lunatic::message", "read_data")
declare function readData(data: usize, length: u32): u32;
// @ts-ignore: decorator
@external("lunatic::process", "spawn")
declare function spawn(link: i64, config: i64, module: i64, name: usize, length: u32, params: usize, size: u32, id: usize): u32;
// @ts-ignore: decorator
@external("lunatic::process", "sleep_ms")
declare function sleep(milliseconds: u64): void;

let total = 0;

function price(count: i32): i32 {
  let sum = count * 3; // sum
  if (sum > 30) { // check
    sum = sum - 5; // discount
  }
  return sum; // result
}

export function worker(): void {
  const data = memory.data(8);
  while (true) {
    receive(0, 0, u64.MAX_VALUE); // receive
    readData(data, 4); // read
    const sum = price(load<i32>(data)); // price
    total = total + sum; // total
  }
}

export function _start(): void {
  const name = String.UTF8.encode("worker");
  for (let i = 0; i < 2; i++) {
    spawn(0, -1, -1, changetype<usize>(name), 6, 0, 0, memory.data(8));
  }
  sleep(1000000000);
}
