/** Where the inspector listens. */
export interface InspectAddress {
  readonly host: string;
  /** 0 stands for any free port. */
  readonly port: number;
}

/** Where it listens, and for what. */
export interface InspectRequest extends InspectAddress {
  /** Whether processes can be stopped in the midst of their code, which makes them somewhat slower. */
  readonly debug: boolean;
  /** Whether others are told of the program that want to attach to one. */
  readonly listed: boolean;
}

const LOOPBACK = '127.0.0.1';
const MAX_PORT = 65_535;

/**
 * Reads `HOST:PORT`, `PORT` or `HOST`; an IPv6 address before a port stands in brackets.
 * @returns undefined if the text has none of these forms
 */
export function parseInspectAddress(text: string): InspectAddress | undefined {
  if (/^\d+$/.test(text)) return address(LOOPBACK, text);
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d+))?$/.exec(text);
  if (match === null) return undefined;
  return address(match[1] ?? match[2] ?? LOOPBACK, match[3] ?? '0');
}

/** What may follow an address, or stand alone. */
const WORDS = ['debug', 'unlisted'];

/**
 * Reads an address, or `debug` or `unlisted`, or several of these with commas between them, the address first.
 * @returns undefined if the text has none of these forms
 */
export function parseInspectRequest(text: string): InspectRequest | undefined {
  const parts = text.split(',');
  const [first = ''] = parts;
  const words = WORDS.includes(first) ? parts : parts.slice(1);
  if (!words.every((word) => WORDS.includes(word))) return undefined;
  const found = words === parts ? { host: LOOPBACK, port: 0 } : parseInspectAddress(first);
  return found && { ...found, debug: words.includes('debug'), listed: !words.includes('unlisted') };
}

/**
 * Gives an `--inspect` without an address the default one, so that the word after it is not taken for its value.
 * @returns the command line with that change
 */
export function withInspectAddress(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return args.map((word, i) =>
    word === '--inspect' && (end < 0 || i < end) ? `--inspect=${LOOPBACK}:0` : word,
  );
}

function address(host: string, port: string): InspectAddress | undefined {
  const number = Number(port);
  return number <= MAX_PORT ? { host, port: number } : undefined;
}
