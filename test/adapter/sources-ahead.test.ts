import { copyFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SourcesAhead } from '../../debug-adapter/sources-ahead.ts';
import { projectFolder } from '../support/command.ts';
import { testFolder } from './adapter-client.ts';

const shop = join(projectFolder, 'test', 'guests', 'debug', 'shop-c.wasm');

function ahead(path: string): SourcesAhead {
  const sources = new SourcesAhead(path);
  onTestFinished(() => sources.thread.close());
  return sources;
}

test('a module is read while its program starts', async () => {
  expect(await ahead(shop).symbols?.files()).toEqual(['/project/shop.c']);
});

test('a module that was built anew while its program started is read from the runtime', () => {
  const path = join(testFolder(), 'shop.wasm');
  copyFileSync(shop, path);
  const sources = ahead(path);
  expect(sources.symbols).not.toBeNull();
  utimesSync(path, 1, 1);
  expect(sources.symbols).toBeNull();
});

test.each([
  ['a text, whatever it is called', (path: string) => writeFileSync(path, '(module)')],
  ['an empty file', (path: string) => writeFileSync(path, '')],
  ['a file that is not there', () => {}],
])('%s is left to the runtime', (_, make) => {
  const path = join(testFolder(), 'shop.wasm');
  make(path);
  expect(ahead(path).symbols).toBeNull();
});
