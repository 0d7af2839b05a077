import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, onTestFinished, test } from 'vitest';
import { RunningCommand } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { guestFile } from './adapter-client.ts';
import { echo } from './guests.ts';
import { Inline } from './inline.ts';

const CANCELLED = 2008;

/** A session whose program prints "it waits" and waits. */
async function running(): Promise<Inline> {
  const inline = new Inline();
  await inline.ask('initialize', { adapterID: 'lunatic' });
  const program = guestFile(
    guest('(func (export "_start") (call $print (text "it waits")) (call $forever))'),
  );
  expect(await inline.send('launch', { program })).toBe(0);
  await inline.send('configurationDone');
  await printed(inline);
  return inline;
}

async function printed(inline: Inline): Promise<void> {
  await inline.event<DebugProtocol.OutputEvent['body']>('output', ({ output }) =>
    output.includes('it waits'),
  );
}

test('a request that changes something is done although it is cancelled, so that the client knows', async () => {
  const inline = await running();
  const { threadId } = await inline.event<DebugProtocol.ThreadEvent['body']>('thread');
  await inline.ask('pause', { threadId });
  await inline.event('stopped');
  const going = inline.ask('continue', { threadId });
  const cancelling = inline.send('cancel', { requestId: inline.seq });
  expect(await going).toMatchObject({ success: true, body: { allThreadsContinued: false } });
  expect(await cancelling).toBe(0);
});

test('a request that only reads is answered at once when it is cancelled, and once', async () => {
  const inline = await running();
  const looking = inline.send('lunatic/processes');
  const requestId = inline.seq;
  await Promise.all([inline.send('cancel', { requestId }), inline.send('cancel', { requestId })]);
  expect(await looking).toBe(CANCELLED);
  // Whatever came behind it has been answered.
  await inline.send('lunatic/processes');
  expect(inline.responsesTo(requestId)).toHaveLength(1);
});

test('an attach that is cancelled is told when it is given up, and attaches to nothing', async () => {
  const command = new RunningCommand(['run', '--inspect', guestFile(echo)], { input: null });
  onTestFinished(() => {
    command.child.kill('SIGKILL');
  });
  await command.printed('ws://', 'stderr');
  const url = /ws:\S+/.exec(command.stderr)?.[0] ?? '';
  const inline = new Inline();
  await inline.ask('initialize', { adapterID: 'lunatic' });
  const attaching = inline.send('attach', { url });
  await inline.send('cancel', { requestId: inline.seq });
  expect(await attaching).toBe(CANCELLED);
  expect(inline.session.state.kind).toBe('idle');
  expect(inline.eventsOf('initialized')).toHaveLength(0);
  // The next one is not refused.
  expect(await inline.send('attach', { url })).toBe(0);
  await inline.event('initialized');
  expect(inline.eventsOf('initialized')).toHaveLength(1);
});

test.each(['cancel', 'terminate'])('a restart that is given up starts no program: %s', async (command) => {
  const inline = await running();
  const initialized = inline.eventsOf('initialized').length;
  const restarting = inline.send('restart');
  await inline.send(command, { requestId: inline.seq });
  expect(await restarting).toBe(CANCELLED);
  await inline.event('terminated');
  expect(inline.session.state.kind).toBe('idle');
  expect(inline.eventsOf('initialized')).toHaveLength(initialized);
  // Another program can be launched.
  expect(await inline.send('launch', { program: guestFile(echo) })).toBe(0);
});

test('a session that ends during a restart has ended its program when it says so', async () => {
  const inline = await running();
  const { state } = inline.session;
  if (state.kind !== 'running' || state.process === undefined) throw new Error('no program');
  let hasEnded = false;
  state.process.ended.then(() => {
    hasEnded = true;
  });
  const restarting = inline.send('restart');
  expect(await inline.send('disconnect')).toBe(0);
  expect(hasEnded).toBe(true);
  expect(await restarting).toBe(CANCELLED);
  expect(inline.session.state.kind).toBe('over');
});

test('a launch that is cancelled when its runtime runs leaves nothing', async () => {
  const inline = new Inline();
  await inline.ask('initialize', { adapterID: 'lunatic' });
  const launching = inline.send('launch', { program: guestFile(echo) });
  await inline.send('cancel', { requestId: inline.seq });
  expect(await launching).toBe(CANCELLED);
  expect(inline.session.state.kind).toBe('idle');
  // Another program can be launched.
  expect(await inline.send('launch', { program: guestFile(echo) })).toBe(0);
});
