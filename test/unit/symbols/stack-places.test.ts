import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSymbols } from '../../../runtime/symbols/open-symbols.ts';
import { stackLines } from '../../../runtime/symbols/stack-frame.ts';
import { StackPlaces } from '../../../runtime/symbols/stack-places.ts';
import { projectFolder } from '../../support/command.ts';

const path = join(projectFolder, 'test', 'guests', 'lines', 'cake.wasm');
const bytes = new Uint8Array(readFileSync(path));

/** An offset at which a call is inlined. */
const inlined = bytes.findIndex((_, offset) => openSymbols(bytes).framesAt(offset).length === 2);

/** A module that counts how often its bytes are read. */
function counted(size = bytes.length) {
  const module = {
    ...{ path: null, size, count: 0 },
    bytes() {
      module.count++;
      return bytes;
    },
  };
  return module;
}

const frame = (offset: number) => ({ functionIndex: 0, functionName: 'party', offset });

test('calls get places, and inlined ones frames of their own; others stay as they are', async () => {
  const module = counted();
  const places = new StackPlaces(20_000);
  const stack = [frame(inlined), frame(1)];
  const located = await places.locate(module, () => module, stack);
  expect(stackLines(located)).toEqual([
    'at slice (cake.c:5:14, inlined)',
    'at party (cake.c:9:14)',
    'at party (function 0, offset 0x1)',
  ]);
  expect(await places.locate(module, () => module, stack)).toEqual(located);
  expect(module.count).toBe(1);
});

test('nothing is located in time that is too short', async () => {
  const module = counted();
  const places = new StackPlaces(0);
  expect(await places.locate(module, () => module, [frame(inlined)])).toEqual([frame(inlined)]);
});

test('when questions have taken too long together, others are not asked', async () => {
  const places = new StackPlaces(20_000, 1);
  const [first, second] = [counted(), counted()];
  const located = [first, second].map((module) => places.locate(module, () => module, [frame(inlined)]));
  expect(stackLines((await located[0]) ?? [])[0]).toBe('at slice (cake.c:5:14, inlined)');
  // It was asked while the first one was not answered.
  expect(await located[1]).toEqual([frame(inlined)]);
  expect([first.count, second.count]).toEqual([1, 0]);
});

test('a recursion of thousands of calls gets places at both of its ends, and for as many as are printed', async () => {
  const module = counted();
  const stack = Array.from({ length: 5000 }, () => frame(inlined));
  const located = await new StackPlaces(20_000).locate(module, () => module, stack);
  expect(located.length).toBeLessThan(5200);
  expect(stackLines(located)).toHaveLength(49);
  expect(stackLines(located)[0]).toBe('at slice (cake.c:5:14, inlined)');
});

test('the symbols of a large module without a file are not kept in memory', async () => {
  const module = counted(2 ** 25);
  expect(await new StackPlaces(20_000).locate(module, () => module, [frame(inlined)])).toEqual([
    frame(inlined),
  ]);
  expect(module.count).toBe(0);
});

test('calls of a recursion that are all alike are one line, others are not', () => {
  const calls = (functionIndex: number, count: number) =>
    Array.from({ length: count }, () => ({ functionIndex, functionName: `f${functionIndex}`, offset: 16 }));
  const stack = [...calls(1, 1), ...calls(2, 80), ...calls(3, 3), ...calls(2, 1)];
  expect(stackLines(stack)).toEqual([
    'at f1 (function 1, offset 0x10)',
    'at f2 (function 2, offset 0x10)',
    '... 79 more calls of the same',
    ...Array.from({ length: 3 }, () => 'at f3 (function 3, offset 0x10)'),
    'at f2 (function 2, offset 0x10)',
  ]);
});

test('calls of a recursion that are all alike stay behind the one that they are like, also where the middle is left out', () => {
  const call = (functionIndex: number) => ({ functionIndex, functionName: `f${functionIndex}`, offset: 16 });
  const recursion = Array.from({ length: 80 }, () => call(0));
  const others = (first: number, count: number) =>
    Array.from({ length: count }, (_, index) => call(first + index));
  const tail = stackLines([...others(100, 30), ...recursion, ...others(200, 23)]);
  expect(tail.slice(24, 27)).toEqual([
    '... 6 more',
    'at f0 (function 0, offset 0x10)',
    '... 79 more calls of the same',
  ]);
  const head = stackLines([...others(100, 23), ...recursion, ...others(200, 30)]);
  expect(head.slice(22, 25)).toEqual([
    'at f122 (function 122, offset 0x10)',
    '... 86 more',
    'at f206 (function 206, offset 0x10)',
  ]);
});
