import { basename } from 'node:path';
import { expect } from 'vitest';

/**
 * Tests whose program has one scheduler also where others have several, by file: what they see is right on one alone.
 *  - They expect the ids that a process of one scheduler gives its children,
 *  - or that others run as soon as a process waits, for nothing or a short while, and no sooner, and in the order in which they began,
 *  - or that the news of several processes come in the order in which these ended,
 *  - or they look at processes, which are in another OS process then,
 *  - or at what differs between schedulers, as docs/schedulers.md says: `max_host_memory`, and who accepts a connection.
 */
const ON_ONE: Readonly<Record<string, readonly string[]>> = {
  'command.test.ts': ['is waited for while other processes run'],
  'compile-apart.test.ts': [
    'is compiled while others have turns',
    'is rewritten for processes with a fuel limit while others have turns',
    'is given up when the process that wants it is killed',
  ],
  'heap-objects.test.ts': ['in a deep recursion take no more than its stack has room for'],
  'host-memory.test.ts': [
    'processes of a module with',
    'processes whose tables grow',
    'timers of children that end',
  ],
  'links.test.ts': ['a death that was queued before'],
  'message-draft.test.ts': [
    'is what it is for the host functions, whatever a guest does',
    'that is sent arrives before what is sent later',
    'of a process that is killed, or ends',
    'waits for its receiver while another process begins',
    'takes the place of what its receiver had',
    'reaches each of many who wait for one like it',
    'is where it was after its process was looked at',
  ],
  'message-requests.test.ts': [
    'gets an answer that takes half of the time, though meanwhile',
    'a link death has code 1',
    'a process death has code 2',
    'a link death matches a filter',
    'functions for data trap on a',
    'they can be sent on and arrive as the same',
  ],
  'message-tags.test.ts': ['0 lets the others run once'],
  'modules.test.ts': ['counts as work: whoever compiles much gives way to others'],
  'networking-fuzz.test.ts': ['returns, waits or traps'],
  'networking-messages.test.ts': [
    'a second reader waits for the first',
    'a process that waits to set a timeout goes on',
    'several processes accept on one',
  ],
  'permissions.test.ts': ['on unread messages: a process that leaves more is killed'],
  'registry.test.ts': ['makes everybody else who asks', 'after a failure lets the next one try'],
  'spawn-start-section.test.ts': [
    'that suspends keeps only its parent waiting',
    'can be killed; the child dies with it',
    'can be killed when that has ended',
    'has applied its own signals before',
  ],
  'timers.test.ts': ['takes at least its time, while others run', 'of 0 gives way once'],
  'wasi.test.ts': ['sched_yield lets the others run'],
  'wasi-poll.test.ts': ['waits for a time from now, while others run'],
};

/** Whether the test that runs is one of these. */
export function isOnOneScheduler(): boolean {
  const { testPath = '', currentTestName = '' } = expect.getState();
  return (ON_ONE[basename(testPath)] ?? []).some((name) => currentTestName.includes(name));
}
