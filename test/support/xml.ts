import { XMLParser, XMLValidator } from 'fast-xml-parser';

/** One element of an XML document. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** What XML 1.0 does not allow anywhere, which the parser lets pass. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u;

const TEXT = '#text';
const ATTRIBUTES = ':@';

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  // Numeric ones are among them.
  htmlEntities: true,
});

/** What the parser makes of a node: its name with its children, or text. */
type Node = { readonly [name: string]: readonly Node[] | string | Readonly<Record<string, string>> };

/**
 * Reads a document.
 * @throws Error where it is not well-formed
 */
export function parseXml(document: string): XmlElement {
  if (FORBIDDEN.test(document)) throw new Error('the document contains a character that XML does not allow');
  const valid = XMLValidator.validate(document);
  if (valid !== true) throw new Error(`line ${valid.err.line}: ${valid.err.msg}`);
  const [root] = elementsOf(parser.parse(document));
  if (root === undefined) throw new Error('the document has no element');
  return root;
}

function elementsOf(nodes: readonly Node[]): XmlElement[] {
  return nodes.flatMap((node) => {
    const name = Object.keys(node).find((key) => key !== ATTRIBUTES && key !== TEXT);
    const inner = name === undefined ? undefined : node[name];
    if (name === undefined || !Array.isArray(inner)) return [];
    const attributes = node[ATTRIBUTES] as Record<string, string> | undefined;
    const text = inner.map((child: Node) => child[TEXT] ?? '').join('');
    return [{ name, attributes: attributes ?? {}, children: elementsOf(inner), text }];
  });
}
