import { expect, test } from 'vitest';
import { guestFile } from './adapter-client.ts';
import { echo } from './guests.ts';
import { Inline } from './inline.ts';

const OTHERS = ['threads', 'stackTrace', 'evaluate', 'lunatic/processes', 'configurationDone', 'pause'];

test('requests are answered in their states, and refused with a number in all others', async () => {
  const inline = new Inline();
  const program = guestFile(echo);
  const refusals = async (commands: readonly string[]) => [
    ...new Set(await Promise.all(commands.map((command) => inline.send(command)))),
  ];

  expect(inline.session.state.kind).toBe('idle');
  expect(await inline.send('initialize', { adapterID: 'lunatic' })).toBe(0);
  expect(await refusals(OTHERS)).toEqual([1002]);

  const launched = inline.send('launch', { program });
  expect(inline.session.state.kind).toBe('starting');
  const early = refusals(OTHERS);
  const second = inline.send('attach', { url: 'ws://127.0.0.1:1/x' });
  expect([await early, await second]).toEqual([[1006], 1006]);
  expect(await launched).toBe(0);

  expect(inline.session.state.kind).toBe('running');
  expect(await inline.send('configurationDone')).toBe(0);
  expect(await inline.send('threads')).toBe(0);
  expect([await inline.send('launch', { program }), await inline.send('initialize')]).toEqual([1003, 1003]);

  const ended = inline.send('disconnect');
  expect(inline.session.state.kind).toBe('ending');
  expect([await refusals([...OTHERS, 'launch']), await inline.send('terminate')]).toEqual([[1007], 0]);
  expect(await ended).toBe(0);
  await inline.session.closed;

  expect(inline.session.state.kind).toBe('over');
  expect(await refusals([...OTHERS, 'launch', 'initialize'])).toEqual([1008]);
  expect(await inline.send('disconnect')).toBe(0);
});

test('after a launch that failed another one can be tried', async () => {
  const inline = new Inline();
  expect(await inline.send('launch', { program: guestFile('(module (func {))') })).toBe(2007);
  expect(inline.session.state.kind).toBe('idle');
  expect(await inline.send('launch', { program: guestFile(echo) })).toBe(0);
  expect(await inline.send('disconnect')).toBe(0);
});

test('a session that is ended while its program starts leaves nothing running', async () => {
  const inline = new Inline();
  const launched = inline.send('launch', { program: guestFile(echo) });
  expect(await inline.send('disconnect')).toBe(0);
  expect(await launched).toBe(2008);
  expect(inline.session.state.kind).toBe('over');
});
