/** What a scrape gives: the value of each sample by name and labels, as in `name{le="1"}`, and the kind of each metric. */
export interface Scrape {
  readonly values: ReadonlyMap<string, number>;
  readonly kinds: ReadonlyMap<string, string>;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)$/;

/**
 * Reads Prometheus' text format, version 0.0.4. The label of the node is left out.
 * @throws Error for a line that is none of it
 */
export function parseScrape(text: string): Scrape {
  const values = new Map<string, number>();
  const kinds = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue;
    const [, typed, kind] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? [];
    if (typed !== undefined && kind !== undefined) {
      if (kinds.has(typed)) throw new Error(`${typed} has two types`);
      kinds.set(typed, kind);
      continue;
    }
    const [, name, labels = '', value = ''] = SAMPLE.exec(line) ?? [];
    if (name === undefined) throw new Error(`not a sample: ${line}`);
    const rest = labels.split(',').filter((label) => label !== '' && label !== 'node_id="0"');
    const key = rest.length === 0 ? name : `${name}{${rest.join(',')}}`;
    if (values.has(key)) throw new Error(`${key} is there twice`);
    values.set(key, readNumber(value));
  }
  return { values, kinds };
}

function readNumber(text: string): number {
  if (/^\+?inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^-inf$/i.test(text)) return Number.NEGATIVE_INFINITY;
  if (/^nan$/i.test(text)) return Number.NaN;
  if (!/^-?[\d.]+(e[+-]?\d+)?$/i.test(text)) throw new Error(`not a number: ${text}`);
  return Number(text);
}
