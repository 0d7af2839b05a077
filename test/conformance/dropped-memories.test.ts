/** What large memories hold while their processes live, are held or wait, and once these have ended. */
import { expect, test } from 'vitest';
import type { Process } from '../../runtime/internal.ts';
import { hostMachine } from '../../runtime/kernel/capacity.ts';
import { PAGE_SIZE } from '../../runtime/kernel/memory-image.ts';
import { dataMessage } from '../../runtime/kernel/message.ts';
import { NO_TAG } from '../../runtime/kernel/tag.ts';
import { guest } from '../support/guest.ts';
import { type Program, start } from '../support/program.ts';

/** Whether this V8 and this system can give back a part of a memory. */
const isPossible = process.platform === 'linux' && /^1[34]\./.test(process.versions.v8);

const FILLED = 640 * PAGE_SIZE;

/** Each child fills 40 MiB behind its first pages, and waits for a message. */
const SOURCE = guest(`
  (func $fill
    (drop (memory.grow (i32.const 640)))
    (memory.fill (i32.const ${2 * PAGE_SIZE}) (i32.const 7) (i32.const ${FILLED}))
    (drop (call $receive)))
  (func (export "ends") (call $fill))
  (func (export "traps") (call $fill) (unreachable))
  (func (export "stays") (local $at i32)
    (call $fill)
    (local.set $at (i32.const ${2 * PAGE_SIZE}))
    (loop $l
      (if (i64.ne (i64.load (local.get $at)) (i64.const 0x0707070707070707)) (then (call $print (text "changed")) (return)))
      (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const ${2 * PAGE_SIZE + FILLED}))))
    (call $print (text "whole")))
  (func (export "_start")
    (call $process.die_when_link_dies (i32.const 0))
    (drop (call $spawn (i64.const 0) (text "ends")))
    (drop (call $spawn (i64.const 0) (text "traps")))
    (drop (call $spawn (i64.const 0) (text "stays")))
    (drop (call $receive)))`);

/** What is left of a memory is too small to be given back alone. */
const GIVEN_BACK = FILLED - 2 ** 18;

/** @throws if the root process ends before, as where it may spawn no more */
async function until({ exits, root }: Program, holds: () => boolean): Promise<void> {
  while (!holds()) {
    const ended = exits.find(({ process }) => process === root.process);
    if (ended !== undefined) throw new Error(`the root process has ended: ${ended.exit.kind}`);
    await new Promise((turn) => setImmediate(turn));
  }
}

test.runIf(isPossible)('memories are given back once their processes have ended, and no others', async () => {
  const program = await start(SOURCE, { holds: () => true });
  const { environment } = program.root;
  const child = (entry: string): Process => {
    const found = [...environment.processes()].find((process) => process.entry.name === entry);
    if (found === undefined) throw new Error(`there is no process ${entry}`);
    return found;
  };
  const nudge = (entry: string) => environment.router.deliverMessage(child(entry).id, dataMessage(NO_TAG));
  await until(program, () => environment.size === 4);
  const children = ['ends', 'traps', 'stays'].map(child);
  await until(program, () => children.every(({ state }) => state === 'waiting'));
  // The test keeps the memories beyond the ends of their processes.
  const [ended, held, living] = children.map(({ instance }) => {
    const buffer = instance?.owned?.memory.buffer ?? new ArrayBuffer(0);
    return Buffer.from(buffer, 2 * PAGE_SIZE);
  }) as [Buffer, Buffer, Buffer];
  const filled = Buffer.alloc(FILLED, 7);

  nudge('traps');
  await until(program, () => child('traps').state === 'held');
  nudge('ends');
  await until(program, () => ended[GIVEN_BACK - 1] === 0);
  expect([held.equals(filled), living.equals(filled)]).toEqual([true, true]);
  expect(ended.subarray(0, GIVEN_BACK).equals(Buffer.alloc(GIVEN_BACK))).toBe(true);

  program.runtime.scheduler.holding.resume(child('traps'));
  await until(program, () => held[GIVEN_BACK - 1] === 0);
  expect(living.equals(filled)).toBe(true);
  nudge('stays');
  await until(program, () => program.exits.length === 3);
  expect(program.stdout.lines).toEqual(['whole']);
  program.root.stop();
  await program.empty;
});

test.runIf(isPossible)(
  'crowds that end leave the room that the operating system has for mappings',
  async () => {
    const CROWD = 400;
    // 15 pages are given back in two pieces. Each is a mapping more, until the memory is collected.
    const source = guest(`
    (func (export "child") (drop (memory.grow (i32.const 13))) (drop (call $receive)))
    (func (export "_start") (local $i i32)
      (loop $l
        (drop (call $spawn (i64.const 0) (text "child")))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${CROWD}))))
      (drop (call $receive)))`);
    // What tests before this one have left to the garbage collector does not count.
    const host = hostMachine();
    const others = host.countMappings();
    const machine = { ...host, mappingLimit: 8000, countMappings: () => host.countMappings() - others };
    const program = await start(source, { machine });
    const { environment } = program.root;
    const { scheduler } = program.runtime;
    const crowd = () => [...environment.processes()].filter(({ entry }) => entry.name === 'child');
    await until(program, () => crowd().length === CROWD && crowd().every(({ state }) => state === 'waiting'));
    const memories = crowd().map(({ instance }) => new WeakRef(instance?.owned ?? {}));
    const before = machine.countMappings();
    for (const process of crowd()) scheduler.kill(process);
    let most = 0;
    for (let turn = 0; turn < 200; turn++) {
      await new Promise((turn) => setImmediate(turn));
      most = Math.max(most, machine.countMappings());
    }
    expect(environment.size).toBe(1);
    expect(memories.some((owned) => owned.deref() === undefined)).toBe(true);
    // A quarter of what no process gets, and what one turn adds.
    expect(most - before).toBeLessThan(400);
    program.root.stop();
    await program.empty;
  },
);
