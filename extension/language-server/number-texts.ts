/**
 * A number in other bases, as the text format writes it.
 * @param instruction what it is the immediate of: that of `i32.const` has 32 bits, that of `f64.const` those of a double
 */
export function numberTexts(word: string, instruction: string): string[] {
  const [, type = '', width = ''] = /^([if])(32|64)\.const$/.exec(instruction) ?? [];
  const text = word.replaceAll('_', '');
  if (type === 'f') return floatTexts(text, Number(width));
  if (!/^[+-]?(?:0x[\da-f]+|\d+)$/i.test(text)) return [];
  const magnitude = BigInt(text.replace(/^[+-]/, ''));
  const value = text.startsWith('-') ? -magnitude : magnitude;
  const bits = width === '' ? (value >> 31n === 0n ? 32 : 64) : Number(width);
  const unsigned = BigInt.asUintN(bits, value);
  const signed = BigInt.asIntN(bits, value);
  const character =
    unsigned >= 0x20n && unsigned < 0x7fn ? [`'${String.fromCharCode(Number(unsigned))}'`] : [];
  return [
    ...(signed === unsigned ? [`${unsigned}`] : [`${signed}`, `${unsigned}`]),
    `0x${grouped(unsigned.toString(16), 4)}`,
    `0b${grouped(unsigned.toString(2), 8)}`,
    ...character,
  ];
}

function floatTexts(text: string, bits: number): string[] {
  const value = /^[+-]?0x/i.test(text) ? hexFloat(text) : Number(text.replace(/inf$/, 'Infinity'));
  if (Number.isNaN(value)) return [];
  const view = new DataView(new ArrayBuffer(8));
  if (bits === 32) view.setFloat32(0, value);
  else view.setFloat64(0, value);
  const pattern = bits === 32 ? view.getUint32(0).toString(16) : view.getBigUint64(0).toString(16);
  const exact = bits === 32 ? view.getFloat32(0) : value;
  return [`${exact}`, `bits 0x${grouped(pattern.padStart(bits / 4, '0'), 4)}`];
}

function hexFloat(text: string): number {
  const [, sign, whole = '', part = '', exponent = '0'] =
    /^([+-]?)0x([\da-f]*)\.?([\da-f]*)(?:p([+-]?\d+))?$/i.exec(text) ?? [];
  const digits = Number.parseInt(whole + part, 16);
  return (sign === '-' ? -1 : 1) * digits * 2 ** (Number(exponent) - 4 * part.length);
}

/** Digits in groups, from the right. */
function grouped(digits: string, size: number): string {
  return digits.replace(new RegExp(`\\B(?=(?:.{${size}})+$)`, 'g'), '_');
}
