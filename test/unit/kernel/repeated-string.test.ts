import { expect, test } from 'vitest';
import { GuestMemory, RepeatedString } from '../../../runtime/kernel/guest-memory.ts';

/** A memory with these texts, each at a multiple of 256. */
function memoryWith(...texts: readonly string[]): GuestMemory {
  const memory = new GuestMemory(new WebAssembly.Memory({ initial: 1 }), {
    chargeBytes() {},
    chargeText() {},
  });
  for (const [i, text] of texts.entries()) memory.writeString(i * 256, text);
  return memory;
}

test('reads what is there, whatever it read before', () => {
  const long = 'x'.repeat(65);
  const texts = ['child', 'chilD', 'chi', '', 'größer', long, `${long}y`, 'child'];
  const memory = memoryWith(...texts);
  const string = new RepeatedString();
  for (const i of [0, 0, 1, 0, 2, 3, 3, 4, 4, 5, 5, 6, 7, 0, 3, 0]) {
    const text = texts[i] ?? '';
    expect(string.read(memory, i * 256, Buffer.byteLength(text))).toBe(text);
  }
  memory.writeString(0, 'other');
  expect(string.read(memory, 0, 5)).toBe('other');
});

test('traps like any other string', () => {
  const string = new RepeatedString();
  expect(string.read(memoryWith('child'), 0, 5)).toBe('child');
  expect(() => string.read(memoryWith('child'), 65_535, 5)).toThrow('out of bounds');
  const bad = memoryWith('child');
  bad.writeU8(0, 0xff);
  expect(() => string.read(bad, 0, 5)).toThrow('not UTF-8');
  expect(() => string.read(bad, 0, 5)).toThrow('not UTF-8');
});
