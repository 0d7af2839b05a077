import { basename } from 'node:path';
import { expect } from 'vitest';

/**
 * Tests whose program has one scheduler also where others have several, by file: what they see is right on one alone.
 *  - They expect the ids that a process of one scheduler gives its children,
 *  - or that others run as soon as a process waits, for nothing or a short while, and no sooner, and in the order in which they began,
 *  - or they look at processes, which are in another OS process then.
 */
const ON_ONE: Readonly<Record<string, readonly string[]>> = {
  'links.test.ts': ['spreads: who dies of it counts as failed itself', 'a death that was queued before'],
  'message-data.test.ts': ['a module that another process takes can be spawned there'],
  'message-requests.test.ts': [
    'gets an answer that takes half of the time, though meanwhile',
    'a link death has code 1',
    'a process death has code 2',
    'a link death matches a filter',
    'functions for data trap on a',
    'they can be sent on and arrive as the same',
  ],
  'message-tags.test.ts': ['0 lets the others run once', 'an undelivered message ends with its receiver'],
  'modules.test.ts': ['counts as work: whoever compiles much gives way to others'],
  'networking-tcp.test.ts': ['a hundred clients are served at the same time'],
  'registry.test.ts': ['makes everybody else who asks', 'after a failure lets the next one try'],
  'spawn.test.ts': ['may be a host function that the module imports'],
  'timers.test.ts': [
    "does not reach other processes' timers",
    'takes at least its time, while others run',
    'of 0 gives way once',
  ],
};

/** Whether the test that runs is one of these. */
export function isOnOneScheduler(): boolean {
  const { testPath = '', currentTestName = '' } = expect.getState();
  return (ON_ONE[basename(testPath)] ?? []).some((name) => currentTestName.includes(name));
}
