export type Attributes = Readonly<Record<string, string | number>>;

/**
 * An element on lines of its own.
 * @param content XML
 */
export function element(name: string, attributes: Attributes, content: readonly string[] = []): string {
  const inner = content.join('');
  if (inner === '') return `<${head(name, attributes)}/>\n`;
  // Line ends around the text of an element would be part of it.
  const begin = inner.startsWith('<') ? '\n' : '';
  return `<${head(name, attributes)}>${begin}${inner}${endTag(name)}`;
}

/** The beginning of an element that has others inside. */
export function startTag(name: string, attributes: Attributes): string {
  return `<${head(name, attributes)}>\n`;
}

/** The end of an element. */
export function endTag(name: string): string {
  return `</${name}>\n`;
}

function head(name: string, attributes: Attributes): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(String(value), true)}"`);
  return `${name}${pairs.join('')}`;
}

/** A text as the content of an element. */
export function text(value: string): string {
  return escaped(value, false);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/**
 * Characters that XML 1.0 does not allow in any form, which are most control characters and two noncharacters, and others that
 * a terminal obeys.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g;
/** In attributes, which are names and messages of one line, also those that change how a line looks. */
const MISLEADING = /[\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Forbidden characters are written as `\x1b`. Line ends and tabs in attributes are escaped, or they would be read as spaces. */
function escaped(value: string, attribute: boolean): string {
  const allowed = value.toWellFormed().replace(FORBIDDEN, named);
  return (attribute ? allowed.replace(MISLEADING, named) : allowed)
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
    .replace(attribute ? /[\t\n\r]/g : /\r/g, (character) => `&#${character.charCodeAt(0)};`);
}

function named(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  if (code.length > 4) return `\\u{${code}}`;
  return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
}
