// Counters that all processes of a program share, as host functions: `lunatic run --plugin counter.mjs harvest.wasm`
//
// When a process fails, what it has added is subtracted again: its work counts as a whole or not at all.
import { definePlugin } from 'lunatic';

/** The value of each counter, and the processes that wait for one to reach a number. */
const counters = new Map();

function counterOf(name) {
  let counter = counters.get(name);
  if (counter === undefined) {
    counter = { value: 0n, waiting: new Set() };
    counters.set(name, counter);
  }
  return counter;
}

function change(counter, amount) {
  counter.value += amount;
  for (const look of [...counter.waiting]) look();
}

export default definePlugin({
  // The module that guests import the functions from.
  namespace: 'counter',

  // What is kept for a process: what it has added to each counter.
  state: () => new Map(),

  functions: {
    add: {
      signature: '(name_ptr: i32, name_len: i32, amount: i64) -> i64',
      doc: 'Adds to a counter and returns what it is now.',
      call({ memory, state }, pointer, length, amount) {
        const counter = counterOf(memory.readString(pointer, length));
        state.set(counter, (state.get(counter) ?? 0n) + amount);
        change(counter, amount);
        return counter.value;
      },
    },

    // A promise suspends the calling process. Others go on.
    wait_for: {
      signature: '(name_ptr: i32, name_len: i32, value: i64) -> i64',
      doc: 'Waits until a counter has reached a value, and returns what it is then.',
      call({ memory, signal }, pointer, length, value) {
        const counter = counterOf(memory.readString(pointer, length));
        return new Promise((reached) => {
          const look = () => {
            if (counter.value < value) return;
            counter.waiting.delete(look);
            reached(counter.value);
          };
          counter.waiting.add(look);
          // A process that is killed no longer waits.
          signal.addEventListener('abort', () => counter.waiting.delete(look));
          look();
        });
      },
    },
  },

  onExit({ state }, { normal }) {
    if (normal) return;
    for (const [counter, amount] of state) change(counter, -amount);
  },
});
