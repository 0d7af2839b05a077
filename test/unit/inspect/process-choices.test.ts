import { expect, test } from 'vitest';
import { ProcessChoices } from '../../../runtime/inspect/process-choices.ts';
import type { Process } from '../../../runtime/kernel/process.ts';

/** Processes of one environment, and how often one was looked up by its id. */
class Family {
  readonly names = new Map<string, number>();
  lookUps = 0;
  readonly #all = new Map<number, Process>();

  /** Only with what a choice looks at. */
  spawn(parent: number | null): Process {
    const id = this.#all.size + 1;
    const get = (other: number) => {
      this.lookUps++;
      return this.#all.get(other);
    };
    const registry = {
      get: (name: string) => {
        const processId = this.names.get(name);
        return processId === undefined ? undefined : { processId: BigInt(processId) };
      },
    };
    const process = { id, parent, environment: { get }, registry } as unknown as Process;
    this.#all.set(id, process);
    return process;
  }

  /** Processes each of which has spawned the next one; the last of them. */
  chain(parent: number | null, count: number): Process {
    let last = this.spawn(parent);
    for (let i = 1; i < count; i++) last = this.spawn(last.id);
    return last;
  }
}

const CLIENT = {};

test('the way up a long chain of processes is gone once, also for those that are not meant', () => {
  const family = new Family();
  const deep = family.chain(null, 10_000);
  const choices = new ProcessChoices();
  choices.choose(CLIENT, [{ by: 'descent', value: 'db' }], []);
  expect(choices.admits(CLIENT, deep)).toBe(false);
  family.lookUps = 0;
  let last = deep;
  for (let i = 0; i < 100; i++) {
    last = family.spawn(last.id);
    choices.spawned(last);
    expect(choices.admits(CLIENT, last)).toBe(false);
  }
  expect(family.lookUps).toBe(100);
});

test('those of a process that gets the name later are meant from then on', () => {
  const family = new Family();
  const root = family.spawn(null);
  const child = family.chain(root.id, 5);
  const choices = new ProcessChoices();
  choices.choose(CLIENT, [{ by: 'descent', value: 'db' }], []);
  expect(choices.admits(CLIENT, child)).toBe(false);
  family.names.set('db', root.id);
  expect(choices.admits(CLIENT, child)).toBe(true);
  expect(choices.admits(CLIENT, root)).toBe(false);
  // What it was spawned under counts, whoever has the name now.
  family.names.set('db', child.id);
  expect(choices.admits(CLIENT, child)).toBe(true);
});
