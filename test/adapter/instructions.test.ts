/** Instructions, modules and sources of a program, as views of an editor list them. */
import { expect, test } from 'vitest';
import { instructionsAround } from '../../debug-adapter/instructions.ts';
import { readModule } from '../../runtime/internal.ts';
import { guest } from '../support/guest.ts';
import { wat } from '../unit/wasm/support.ts';
import { AdapterClient } from './adapter-client.ts';
import { shop } from './shops.ts';

/** A root that waits in the first of its functions. */
const waiting = guest(`
  (func (export "_start") (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const -1))) (call $last))
  (func $last (call $print (text "got it")))`);

test('instructions around the one at which a process is, across functions', async () => {
  const client = await AdapterClient.stdio();
  await client.run(waiting);
  const threadId = await client.waitingThread(1);
  const [frame] = (await client.stackTraceRequest({ threadId })).body.stackFrames;
  const memoryReference = frame?.instructionPointerReference ?? '';
  const at = async (instructionOffset: number, instructionCount: number, reference = memoryReference) => {
    const args = { memoryReference: reference, instructionOffset, instructionCount };
    const { body } = await client.customRequest('disassemble', args);
    return body.instructions as {
      instruction: string;
      address: string;
      symbol?: string;
      presentationHint?: string;
    }[];
  };
  const around = await at(-3, 8);
  expect(around.map(({ instruction }) => instruction)).toEqual([
    'i32.const 0',
    'i32.const 0',
    'i64.const -1',
    expect.stringMatching(/^call \$message\.receive/),
    'drop',
    expect.stringMatching(/^call \$last/),
    'end',
    expect.stringMatching(/^i32\.const/),
  ]);
  expect(around.map(({ symbol }) => symbol)).toEqual([
    '_start',
    ...Array<undefined>(6).fill(undefined),
    'last',
  ]);
  const addresses = around.map(({ address }) => Number(address));
  expect(addresses).toEqual([...addresses].sort((a, b) => a - b));

  // As many as were asked for, also where the module has none.
  const many = await at(-1000, 2000);
  expect(many).toHaveLength(2000);
  expect(many[1000]?.instruction).toMatch(/^call \$message\.receive/);
  expect([many[0]?.presentationHint, many.at(-1)?.presentationHint]).toEqual(['invalid', 'invalid']);
  expect(new Set(many.map(({ address }) => address)).size).toBe(2000);
  expect(await at(0, 0)).toEqual([]);
  expect((await at(0, 2, 'm1:0x7fffffff')).map(({ instruction }) => instruction)).toEqual(['end', '']);
  await expect(at(0, 1, 'nowhere')).rejects.toThrow("There is no instruction 'nowhere'");
});

test('functions of very many instructions have neighbours', async () => {
  const long = `(func ${'(nop) '.repeat(99_000)})`;
  const module = readModule(await wat(`(module ${long} (func (nop) (nop)) ${long})`));
  const [, middle = 0] = module.code.bodyStart;
  const { missing, instructions } = instructionsAround(module, middle + 2, -3, 7);
  expect(missing).toBe(0);
  expect(instructions.map(({ text, functionIndex }) => `${functionIndex} ${text}`)).toEqual([
    ...['0 nop', '0 end', '1 nop', '1 nop', '1 end', '2 nop', '2 nop'],
  ]);
});

test('instructions have the lines of their source; modules and sources are listed', async () => {
  const client = await AdapterClient.stdio();
  const { launch, source, line } = await shop('C');
  await client.configure('', launch);
  await client.setBreakpointsRequest({ source: { path: source }, breakpoints: [{ line: line('sum') }] });
  await client.configurationDoneRequest();
  await client.waitingThread(2);

  const [module] = (await client.modulesRequest({})).body.modules;
  expect(module).toMatchObject({ id: 'm1', symbolStatus: 'DWARF', path: launch.program });
  const { sources } = (await client.customRequest('loadedSources', {})).body;
  expect(sources).toContainEqual({ name: 'shop.c', path: source });

  const threadId = await client.waitingThread(2);
  const frames = (await client.stackTraceRequest({ threadId })).body.stackFrames;
  const own = frames.find((frame) => frame.source?.path === source);
  const args = {
    memoryReference: own?.instructionPointerReference,
    instructionOffset: 0,
    instructionCount: 1,
  };
  const [instruction] = (await client.customRequest('disassemble', args)).body.instructions;
  expect(instruction).toMatchObject({ location: { path: source }, line: own?.line });
});

test('the console completes its commands', async () => {
  const client = await AdapterClient.stdio();
  await client.run(waiting);
  const labels = async (text: string) =>
    (await client.completionsRequest({ text, column: text.length + 1 })).body.targets.map(
      ({ label }) => label,
    );
  expect(await labels('pa')).toEqual(['pause']);
  expect(await labels('')).toContain('help');
  expect(await labels('pause 5')).toEqual([]);
});
