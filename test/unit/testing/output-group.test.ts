/** What the tests of a run print takes bounded memory, and what one prints takes no last words from another. */
import { expect, test } from 'vitest';
import { OutputGroup } from '../../../runtime/testing/output-group.ts';
import { RunRoom } from '../../../runtime/testing/output-room.ts';
import { Feed } from '../../support/program.ts';

const MIB = 2 ** 20;

function group(room: RunRoom): OutputGroup {
  return new OutputGroup(new Feed(), null, null, room);
}

test('all processes of a test together have room for 16 MiB', () => {
  const output = group(new RunRoom());
  let stdio = output.nextStdio();
  for (let i = 0; i < 130; i++) {
    stdio.output.write(Buffer.from(`process ${i} begins\n`));
    for (let part = 0; part < 6; part++) stdio.output.write(Buffer.alloc(MIB, 'x'));
    stdio.output.write(Buffer.from(`process ${i} ends\n`));
    stdio = stdio.forChild?.() ?? stdio;
  }
  const { text } = output;
  expect(text.length).toBeLessThan(17 * MIB);
  expect(text.match(/^ --- process \d+ stdout ---$/gm)).toHaveLength(131);
  for (let i = 0; i < 130; i++) {
    expect(text.includes(`process ${i} begins\nx`)).toBe(true);
    expect(text.includes(`xprocess ${i} ends\n`)).toBe(true);
  }
});

test('a test that fails has its first and last words, however much others have printed', () => {
  const room = new RunRoom(8 * MIB);
  const loud = Array.from({ length: 10 }, () => group(room));
  for (const output of loud) output.nextStdio().output.write(Buffer.alloc(5 * MIB, 'loud'));
  const failing = group(room);
  const { output } = failing.nextStdio();
  output.write(Buffer.from('first words\n'));
  for (let i = 0; i < 100; i++) output.write(Buffer.alloc(10_000, 'x'));
  output.write(Buffer.from('\nlast words'));
  failing.addNote('note: it failed\n');
  failing.addNote('and more\n');
  expect(failing.text).toMatch(
    /^first words\nx[\s\S]*bytes left out[\s\S]*x\nlast words\nnote: it failed\nand more\n$/,
  );
  const kept = [...loud, failing].reduce((sum, { text }) => sum + text.length, 0);
  expect(kept).toBeLessThan(10 * MIB);
});

test('of a test that has passed 256 KiB are kept, and less where room is scarce', () => {
  const room = new RunRoom(64 * MIB);
  const lengths = Array.from({ length: 1000 }, (_, i) => {
    const output = group(room);
    output.nextStdio().output.write(Buffer.alloc(5 * MIB, `${i} `));
    output.trim();
    expect(output.text).toMatch(new RegExp(`^${i} [^]*\n... \\d+ bytes left out ...\n[^]*${i}`));
    return output.text.length;
  });
  expect(lengths[0]).toBeGreaterThan(250 * 1024);
  expect(lengths.at(-1)).toBeLessThan(5 * 1024);
  expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThan(40 * MIB);
});

test('thousands of processes of a test are not kept apart', () => {
  const output = group(new RunRoom());
  for (let i = 0; i < 5000; i++) output.nextStdio().output.write(Buffer.from(`${i}\n`));
  const { text } = output;
  expect(text.match(/^ --- process \d+ stdout ---$/gm)).toHaveLength(1000);
  expect(
    text.includes(' --- process 999 stdout ---\n999\n --- further processes stdout ---\n1000\n1001\n'),
  ).toBe(true);
  expect(text.endsWith('4999\n')).toBe(true);
});

test('tools read nothing of processes that have printed nothing', () => {
  const output = group(new RunRoom());
  const streams = Array.from({ length: 4 }, () => output.nextStdio().output);
  streams[2]?.write(Buffer.from('two'));
  streams[3]?.write(Buffer.from('three'));
  expect(output.printed).toBe(' --- process 2 stdout ---\ntwo\n --- process 3 stdout ---\nthree');
  // On a terminal, abi 21.3 lists them.
  expect(output.text).toMatch(/^ --- process 0 stdout ---\n --- process 1 stdout ---\n --- process 2 /);
});

test('what is dropped gives its room to others', () => {
  const room = new RunRoom(8 * MIB);
  for (let i = 0; i < 20; i++) {
    const output = group(room);
    output.nextStdio().output.write(Buffer.alloc(5 * MIB, 'x'));
    expect(output.text.includes('left out')).toBe(false);
    output.drop();
    // A process that the test has left behind begins to print.
    output.nextStdio().output.write(Buffer.alloc(5 * MIB, 'x'));
    expect(output.text.length).toBeLessThan(200);
  }
});
