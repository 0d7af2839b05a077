/** One element of an XML document. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

const TOKEN = /<\?xml [^?]*\?>|<\/([\w-]+)>|<([\w-]+)((?: [\w-]+="[^"<]*")*)(\/?)>|([^<]+)/y;

/** What XML 1.0 allows besides; everything in it that is not understood here is an error. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u;

/**
 * Reads a document, more strictly than need be.
 * @throws Error where it is not well-formed
 */
export function parseXml(document: string): XmlElement {
  if (FORBIDDEN.test(document)) throw new Error('the document contains a character that XML does not allow');
  const top: XmlElement = { name: '', attributes: {}, children: [], text: '' };
  const open = [top];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < document.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(document);
    const current = open.at(-1);
    if (match === null || current === undefined) throw new Error(`not XML: ${document.slice(at, at + 80)}`);
    const [, end, begin, attributes = '', closed, text] = match;
    if (end !== undefined && open.pop()?.name !== end) throw new Error(`</${end}> ends another element`);
    if (text !== undefined) current.text += unescaped(text);
    if (begin === undefined) continue;
    const element = { name: begin, attributes: readAttributes(attributes), children: [], text: '' };
    current.children.push(element);
    if (closed !== '/') open.push(element);
  }
  const [root] = top.children;
  if (root === undefined || open.length !== 1 || top.children.length > 1 || top.text.trim() !== '')
    throw new Error('not one element');
  return root;
}

function readAttributes(text: string): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/ ([\w-]+)="([^"]*)"/g)) {
    if (Object.hasOwn(all, name)) throw new Error(`the attribute ${name} is there twice`);
    // As XML says: white space that is not escaped becomes spaces.
    all[name] = unescaped(value.replace(/[\t\n\r]/g, ' '));
  }
  return all;
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/&([^;]*;?)/g, (_, entity: string) => {
    const [, name = '', decimal] = /^(?:(\w+)|#(\d+));$/.exec(entity) ?? [];
    const character = decimal === undefined ? NAMED[name] : String.fromCodePoint(Number(decimal));
    if (character === undefined || FORBIDDEN.test(character)) throw new Error(`no entity: &${entity}`);
    return character;
  });
}
