import { PERMISSIONS } from '../../runtime/internal.ts';
import type { HostFunction } from './host-api.ts';

/** What parameters of host functions are, by their names: the unit of a number, and what is at an address. The first that fits counts. */
const MEANINGS: readonly (readonly [names: RegExp, meaning: string])[] = [
  [/^timeout_duration$/, 'milliseconds; -1 for as long as it takes'],
  [/^(?:millis|delay|duration)$/, 'milliseconds'],
  [/^(?:precision|atim|mtim)$/, 'nanoseconds'],
  [/^max_(?:memory|mailbox|host_memory)$/, 'bytes'],
  [/^max_fuel$/, 'units of 100,000 instructions; 0 for no limit'],
  [/^buffer_capacity$/, 'bytes'],
  [/^(?:tag|wait_on_tag)$/, 'tag; 0 for none'],
  [/^tag_ptr$/, 'address of tags of 8 bytes each'],
  [/^tag_len$|_array_len$|^iovs_len$/, 'their number'],
  [/_array_ptr$|^iovs$/, 'address of an array of addresses and lengths'],
  [/^opaque_ptr$/, 'address for the number of bytes, or the id of an error; 8 bytes'],
  [/(?:^|_)id(?:_u64)?_ptr$/, 'address for an id; 8 bytes'],
  [/_str_ptr$|^(?:name|key|value|argument|dir|program|rule|message)_ptr$/, 'address of a text in UTF-8'],
  [/^(?:path|old_path|new_path)$/, 'address of a path in UTF-8'],
  [/_len$|^length$/, 'bytes'],
  [/_ptr$/, 'address'],
  [/^fd$|_fd$/, 'descriptor'],
  [/^port$/, 'port'],
  [/^addr_type$/, '4 or 6, for IPv4 or IPv6'],
  [/^link$/, 'tag of the link to the new process; 0 for none'],
  [/^config_id$/, 'id of a config; -1 in a spawn for that of the parent'],
  [/^module_id$/, 'id of a module; -1 in a spawn for that of the parent'],
  [/^(?:can|trap|broadcast)$/, '1 for yes, 0 for no'],
  [/^id$|_id$/, 'id'],
];

/** What a result means where the sentence about a function does not say so: conventions of its namespace. */
function usualResult({ module, params, paramNames, results }: HostFunction): string | undefined {
  if (results[0] !== 'i32') return undefined;
  if (module.startsWith('wasi_')) return '0, or the number of an error';
  const writesId = paramNames.some(
    (name, i) => params[i] === 'i32' && /(?:^|_)(?:id|id_u64|opaque)_ptr$/.test(name),
  );
  if (!writesId) return undefined;
  const timesOut = paramNames.includes('timeout_duration') ? ', or 9027 if the time is over' : '';
  return `0, or 1 with the id of an error${timesOut}`;
}

/** What a host function does, as Markdown: its parameters with their units, what it returns, when it traps, and what it needs. */
export function hostDocumentation(fn: HostFunction): string {
  const sentences = fn.doc.split(/(?<=\.)\s+/);
  const [returns, traps] = [/^Returns\b/, /^Traps\b/].map((verb) =>
    sentences.filter((one) => verb.test(one)),
  );
  const rest = sentences.filter((one) => !returns?.includes(one) && !traps?.includes(one));
  return [
    `**${fn.module}** · ${fn.name}`,
    rest.join(' '),
    fn.params.map((type, i) => parameterLine(fn.paramNames[i] ?? `${i}`, type)).join('\n'),
    about('Returns', [
      ...(returns ?? []).map(withoutVerb),
      ...(returns?.length === 0 ? [usualResult(fn)] : []),
    ]),
    about('Traps', [
      ...(traps ?? []).map(withoutVerb),
      fn.paramNames.some((name) => name.endsWith('_ptr'))
        ? 'If an address is outside of the memory'
        : undefined,
    ]),
    notesOf(fn),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function parameterLine(name: string, type: string): string {
  const meaning = MEANINGS.find(([names]) => names.test(name))?.[1];
  return `- \`${name}: ${type}\`${meaning === undefined ? '' : ` ${meaning}`}`;
}

function about(what: string, texts: readonly (string | undefined)[]): string {
  const told = texts.flatMap((text) => text ?? []).map((text) => text.replace(/\.$/, ''));
  return told.length === 0 ? '' : `*${what}:* ${told.join('. ')}.`;
}

/** `Returns 0, or 1.` as `0, or 1.` */
function withoutVerb(sentence: string): string {
  const rest = sentence.replace(/^\w+\s+/, '');
  return `${rest.slice(0, 1).toUpperCase()}${rest.slice(1)}`;
}

function notesOf({ blocking, needs, since }: HostFunction): string {
  return [
    ...(needs === undefined
      ? []
      : [`It needs the permission to ${PERMISSIONS[needs].what} (\`${PERMISSIONS[needs].option}\`).`]),
    ...(blocking ? ['It may suspend the process.'] : []),
    /^\d/.test(since) ? `Since ${since}.` : `It is ${since}.`,
  ].join(' ');
}
