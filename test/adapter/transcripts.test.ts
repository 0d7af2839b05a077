/** Whole sessions, compared with what is written down of them in the folder `transcripts`. CONTRIBUTING.md tells how to renew it. */
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, test } from 'vitest';
import { LANGUAGES, type Language, shelter, shop } from './shops.ts';
import { Transcript } from './transcript.ts';

const written = (name: string) => join(import.meta.dirname, 'transcripts', `${name}.txt`);

type Stack = DebugProtocol.StackTraceResponse['body'];
type Scopes = DebugProtocol.ScopesResponse['body'];
type Info = DebugProtocol.DataBreakpointInfoResponse['body'];

/** How the variables of a shop are called: those of a call, and the one that all calls share, in its scope. */
const NAMES: Readonly<Record<Language, { sum: string; count: string; total: string; shared: string }>> = {
  C: { sum: 'sum', count: 'count', total: 'total', shared: 'Statics' },
  Rust: { sum: 'sum', count: 'count', total: 'TOTAL', shared: 'Statics' },
  AssemblyScript: { sum: 'sum', count: 'count', total: '$shop/total', shared: 'Globals' },
  WAT: { sum: '$sum', count: '$count', total: '$total', shared: 'Globals' },
};

/** A number as a message. */
function message(value: number): string {
  return Buffer.from(Int32Array.of(value).buffer).toString('base64');
}

test.each(LANGUAGES)('a session with a program in %s', async (language) => {
  const { source: path, launch, line } = await shop(language);
  const { sum, count, total, shared } = NAMES[language];
  const source = { path };
  const script = await Transcript.begin(path, launch.program ?? '');

  script.say('The program is launched with a breakpoint, and its workers wait for messages');
  await script.ask('launch', { ...launch });
  await script.event('initialized');
  await script.ask('setBreakpoints', { source, breakpoints: [{ line: line('check') }] });
  await script.ask('setExceptionBreakpoints', { filters: ['traps', 'failed-exits'] });
  await script.ask('configurationDone');
  const worker = await script.client.waitingThread(2);
  await script.client.waitingThread(3);
  await script.ask('threads');

  script.say('One of them is sent a message, and stops alone');
  await script.ask('lunatic/send', { process: '1:2', data: message(20) });
  await script.event('stopped');
  const top = async () =>
    (await script.ask<Stack>('stackTrace', { threadId: worker })).stackFrames[0]?.id ?? 0;
  const frameId = await top();
  const { scopes } = await script.ask<Scopes>('scopes', { frameId });
  const scope = (name: string) => scopes.find((one) => one.name === name)?.variablesReference ?? 0;
  await script.ask('variables', { variablesReference: scope('Locals') });
  await script.ask('variables', { variablesReference: scope(shared) });

  script.say('Values are looked at, and one is set');
  await script.ask('evaluate', { expression: count, context: 'hover', frameId });
  await script.ask('evaluate', { expression: `${sum} == 3 * ${count}`, context: 'watch', frameId });
  await script.ask('evaluate', { expression: 'nobody + 1', context: 'repl', frameId }).catch(() => {});
  const set = { variablesReference: scope('Locals'), name: sum, value: '40' };
  await script.ask('setVariable', set);

  script.say('It steps into the discount, out of it, and over a line');
  for (const command of ['stepIn', 'next', 'stepOut']) {
    await script.ask(command, { threadId: worker });
    await script.event('stopped');
    await script.ask('stackTrace', { threadId: worker, startFrame: 0, levels: 1 });
  }

  script.say('A log point takes the place of the breakpoint, and the sum of all prices is watched');
  const logMessage = `${language} sells {${count}} for {${sum}} in #{process.id}`;
  await script.ask('setBreakpoints', {
    source,
    breakpoints: [{ line: line('check'), condition: `${sum} > 5`, logMessage }],
  });
  const container = { variablesReference: scope(shared), name: total };
  const { dataId } = await script.ask<Info>('dataBreakpointInfo', container);
  await script.ask('setDataBreakpoints', { breakpoints: [{ dataId, accessType: 'write' }] });
  await script.ask('continue', { threadId: worker });
  await script.event('stopped');
  await script.ask('setDataBreakpoints', { breakpoints: [] });
  await script.ask('continue', { threadId: worker });
  await script.client.waitingThread(2);
  for (const price of [1, 7]) await script.ask('lunatic/send', { process: '1:3', data: message(price) });
  await script.event('output', ({ body }) => body.output.includes('sells'));

  script.say('The session ends, and the program with it');
  await script.ask('disconnect');
  await expect(script.text).toMatchFileSnapshot(written(`shop-${language.toLowerCase()}`));
});

test('a session with actors in Rust, of which one panics', async () => {
  const { source: path, launch, line } = shelter();
  const script = await Transcript.begin(path, launch.program ?? '');

  script.say('Visitors ask for cats. There is a breakpoint where the first one gets hers');
  await script.ask('launch', { ...launch });
  await script.event('initialized');
  const breakpoints = [{ line: line('visit') }];
  await script.ask('setBreakpoints', { source: { path }, breakpoints });
  await script.ask('setExceptionBreakpoints', { filters: ['traps'] });
  await script.ask('configurationDone');
  const { threadId } = (await script.event('stopped')).body;
  const { stackFrames } = await script.ask<Stack>('stackTrace', { threadId, startFrame: 0, levels: 2 });
  const { scopes } = await script.ask<Scopes>('scopes', { frameId: stackFrames[0]?.id ?? 0 });
  await script.ask('variables', { variablesReference: scopes[0]?.variablesReference ?? 0 });

  script.say('The second one asks for a cat that is not there, and the shelter panics');
  await script.ask('continue', { threadId });
  await script.event('stopped');
  await script.ask('exceptionInfo', { threadId });
  await script.ask('stackTrace', { threadId });

  script.say('It ends, and with it the process that is linked to it, which is the program');
  await script.ask('continue', { threadId });
  await script.event('terminated');
  script.printed();
  await script.ask('disconnect');
  await expect(script.text).toMatchFileSnapshot(written('shelter-rust'));
});
