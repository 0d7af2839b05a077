import { copyFileSync, mkdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SourceFiles } from '../../debug-adapter/source-files.ts';
import { AdapterClient, testFolder } from './adapter-client.ts';
import { LANGUAGES, shop } from './shops.ts';

test.each(LANGUAGES)('calls are where they stand in the source: %s', async (language) => {
  const client = await AdapterClient.stdio();
  const { source, launch, line } = await shop(language);
  await client.run('', launch);
  const threadId = await client.waitingThread(2);
  const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
  expect(stackFrames[0]).toMatchObject({ source: { path: source }, line: line('receive') });
  expect(stackFrames[0]?.name).toMatch(/worker$/);
});

test('a source that is not found is shown as the disassembly of the function', async () => {
  const client = await AdapterClient.stdio();
  const { launch } = await shop('C');
  await client.run('', { ...launch, sourceFileMap: {} });
  const threadId = await client.waitingThread(2);
  const [frame] = (await client.stackTraceRequest({ threadId })).body.stackFrames;
  expect(frame).toMatchObject({ name: 'worker', source: { name: 'worker.wat', origin: 'disassembly' } });
  // There is nothing else to look at.
  expect(frame?.source?.presentationHint).toBeUndefined();
  expect(await client.sourceText(frame?.source)).toMatch(/^\(func \$worker/);
});

test('sources are found by sourceFileMap, beside the module, and in the folders around it', async () => {
  const folder = testFolder();
  const { source } = await shop('C');
  mkdirSync(join(folder, 'target', 'debug'), { recursive: true });
  mkdirSync(join(folder, 'src'));
  const here = join(folder, 'src', 'shop.c');
  copyFileSync(source, here);
  const map = { '/elsewhere': folder, '/elsewhere/other': join(folder, 'src'), '/one.c': here };
  const files = new SourceFiles(map, join(folder, 'target', 'debug', 'shop.wasm'));
  expect(await files.find('src/shop.c')).toBe(here);
  expect(await files.find('/elsewhere/src/shop.c')).toBe(here);
  expect(await files.find('/elsewhere/other/shop.c')).toBe(here);
  expect(await files.find('/one.c')).toBe(here);
  expect(await files.find('/elsewhere2/src/shop.c')).toBeNull();
  expect(await files.find('src')).toBeNull();
  // A map that leads to nothing hides nothing that is where the module says.
  expect(await new SourceFiles({ [folder]: join(folder, 'other') }, null).find(here)).toBe(here);
  expect(await files.isSame('/one.c', here)).toBe(true);
  expect(await files.isSame('/elsewhere/other/other.c', here)).toBe(false);
  const windows = new SourceFiles({ 'C:\\build\\src\\': join(folder, 'src'), 'd:/x': folder }, null);
  expect(await windows.find('C:\\build\\src\\shop.c')).toBe(here);
  expect(await windows.find('c:/Build/src/shop.c')).toBe(here);
  expect(await windows.find('D:\\x/src\\shop.c')).toBe(here);
  expect(await windows.isSame('C:\\build\\src\\shop.c', here)).toBe(true);
  expect(await windows.find('C:\\build\\src2\\shop.c')).toBeNull();
  if (process.platform !== 'win32') expect(await files.find('src\\shop.c')).toBe(here);
  // A file on another machine is not looked for.
  expect(await files.find(`//127.0.0.1/${here}`)).toBeNull();
  rmSync(folder, { recursive: true });
});

test.each([
  ['newer than the program is told of, once', 60, 1],
  ['older than the program is told of by nobody', -60, 0],
])('a source that is %s', async (_, seconds, times) => {
  const client = await AdapterClient.stdio();
  const { source, launch } = await shop('C');
  const folder = testFolder();
  const program = join(folder, 'shop.wasm');
  const copy = join(folder, 'shop.c');
  copyFileSync(launch.program ?? '', program);
  copyFileSync(source, copy);
  const now = Date.now() / 1000;
  utimesSync(program, now, now);
  utimesSync(copy, now + seconds, now + seconds);
  await client.run('', { program, sourceFileMap: { '/project': folder } });
  for (const id of [2, 3]) {
    const { stackFrames } = (await client.stackTraceRequest({ threadId: await client.waitingThread(id) }))
      .body;
    expect(stackFrames[0]?.source?.path).toBe(copy);
  }
  const said = client.output('console').match(/shop\.c was changed after the program was built/g) ?? [];
  expect(said).toHaveLength(times);
});

test.each([[{ '/project': 5 }], ['/project'], [['/project']]])(
  'sourceFileMap %j is refused',
  async (sourceFileMap) => {
    const client = await AdapterClient.stdio();
    const { launch } = await shop('C');
    const launched = client.run('', { ...launch, sourceFileMap: sourceFileMap as never });
    await expect(launched).rejects.toThrow("'sourceFileMap' must be an object of paths");
  },
);
