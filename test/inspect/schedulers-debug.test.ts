import { expect, test } from 'vitest';
import { InspectError } from '../../runtime/inspect/protocol.ts';
import { guest } from '../support/guest.ts';
import { Inspected, type Inspecting, i64, inspectPrograms } from '../support/inspected.ts';

inspectPrograms();

const DEBUGGED = ['--inspect=debug', '--inspect-wait', '--schedulers', '3', '--place-children', 'apart'];

/** Process 1 spawns 2 and 3 and registers 3 as `second`; they wait for messages: the tag 99 makes them trap. */
const PROGRAM = guest(
  `(func $crash unreachable)
   (func $first (call $process.die_when_link_dies (i32.const 0)))
   (func (export "child") (local $code i32)
     (call $first)
     (loop $again
       (local.set $code (call $receive))
       (if (i64.eq (call $message.get_tag) (i64.const 99)) (then (call $crash)))
       (call $registry.put (text "me") (i64.const 0) (call $process.process_id))
       (br $again)))
   (func (export "_start")
     (call $process.die_when_link_dies (i32.const 0))
     (drop (call $spawn (i64.const 1) (text "child")))
     (call $registry.put (text "second") (i64.const 0) (call $spawn (i64.const 1) (text "child")))
     (call $print (text "ready"))
     (call $process.sleep_ms (i64.const 1000000)))`,
);

async function connected(): Promise<Inspecting & { readonly run: Inspected }> {
  const run = await Inspected.run(PROGRAM, DEBUGGED);
  return Object.assign(await run.connect(), { run });
}

test.each([true, false])(
  'breakpoints that were set before a process came to another scheduler stop it there (modules watched: %s)',
  async (modules) => {
    const one = await connected();
    await one.ask('start', {});
    await one.run.command.printed('ready\n');
    // To know the place.
    await one.until('1:2', ({ state }) => state === 'waiting');
    const offset = (await one.ask('process/stack', { process: '1:2' })).frames.at(-1)?.offset ?? -1;

    const { ask, received, stack, run } = await connected();
    const stopped = received('process/stopped');
    const added = received('module/added');
    if (modules) await ask('watch', { modules });
    await ask('module/breakpoints', { module: 'm1', offsets: [offset], terms: [{ id: 7 }] });
    await ask('start', {});
    if (modules) {
      await added.find(({ module }) => module === 'm1');
      await ask('module/ready', { module: 'm1' });
    }
    for (const id of [2, 3]) {
      const { process, why, breakpoints } = await stopped.find(({ process }) => process.id === id);
      expect([why, breakpoints]).toEqual(['breakpoint', [7]]);
      expect(process.scheduler).toBeGreaterThan(0);
      expect(await stack(process.key)).toEqual(['child']);
      await ask('process/resume', { process: process.key });
    }
    await run.command.printed('ready\n');
    expect([stopped.all.length, added.all.length]).toEqual([2, modules ? 1 : 0]);
  },
);

test('what happens to processes of other schedulers stops them, those that were chosen by name', async () => {
  const { ask, received, run, until } = await connected();
  const stopped = received('process/stopped');
  await ask('start', {});
  await run.command.printed('ready\n');
  for (const process of ['1:2', '1:3'])
    await until(process, ({ state, scheduler }) => state === 'waiting' && scheduler !== undefined);
  const on = (kind: 'receive' | 'trap' | 'name', id: number, condition?: string) => ({
    id,
    on: kind,
    ...(condition === undefined ? {} : { condition }),
  });
  expect(
    await ask('events/breakpoints', {
      breakpoints: [on('receive', 1, 'tag == 5'), on('receive', 2, 'nothing ==')],
    }),
  ).toEqual({
    problems: [null, expect.any(String)],
  });
  await ask('process/send', { process: '1:2', tag: '4', data: i64(1) });
  await ask('process/send', { process: '1:3', tag: '5', data: i64(1) });
  const { process, why, breakpoints, event } = await stopped.find(({ why }) => why === 'event');
  expect([process.id, why, breakpoints]).toEqual([3, 'event', [1]]);
  expect(event).toContain('5');
  await ask('process/resume', { process: '1:3' });

  await ask('processes/choose', { only: [{ by: 'name', value: 'second' }] });
  await ask('events/breakpoints', { breakpoints: [on('trap', 3)] });
  await ask('process/send', { process: '1:2', tag: '99', data: '' });
  while ((await ask('process/list', { limit: 0 })).total !== 2);
  await ask('process/send', { process: '1:3', tag: '99', data: '' });
  const trapped = await stopped.find(({ why }) => why === 'failure');
  expect(trapped.process).toMatchObject({ id: 3, state: 'held', end: { kind: 'trapped' } });
  await expect(ask('process/get', { process: '1:2' })).rejects.toMatchObject({
    code: InspectError.NoProcess,
  });
  await ask('process/resume', { process: '1:3' });
  while ((await ask('process/list', { limit: 0 })).total !== 1);
});
