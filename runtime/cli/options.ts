import { Argument, InvalidArgumentError, Option } from 'commander';
import {
  type InspectAddress,
  type InspectRequest,
  parseInspectAddress,
  parseInspectRequest,
} from '../inspect/address.ts';
import { MOST_SCHEDULERS } from '../kernel/ids.ts';
import { COLOR_CHOICES } from './colors.ts';
import { LEVELS, LogFilter, LogFilterError } from './log-filter.ts';

// Options that several commands have.

export function colorOption(): Option {
  return new Option('--color <when>', 'when to use colours; auto: on a terminal')
    .choices(COLOR_CHOICES)
    .default('auto');
}

export function logOption(byDefault: string): Option {
  return new Option(
    '--log <filter>',
    `the least severe level that is logged, or target=level,...; default: the variable LUNATIC_LOG or RUST_LOG, or ${byDefault}`,
  )
    .choices(['off', ...LEVELS])
    .argParser(parseLogFilter);
}

/** @param whose who uses the directories, for the description */
export function dirOption(whose: string): Option {
  return new Option(
    '--dir <directory>',
    `let ${whose} read and write a directory in addition to the current one, as HOST::GUEST under another name; repeatable`,
  )
    .default([], 'none')
    .argParser((value: string, previous: string[]) => [...previous, value]);
}

/** @param whose who gets the functions, for the description */
export function pluginOption(whose: string): Option {
  return new Option('--plugin <file>', `give ${whose} the host functions of a JavaScript module; repeatable`)
    .default([], 'none')
    .argParser((value: string, previous: string[]) => [...previous, value]);
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON').default(false);
}

export function inspectOption(): Option {
  return new Option(
    '--inspect [address]',
    'let debuggers and process trees connect, at =HOST:PORT or =PORT; --inspect alone takes any free port; with =debug or =PORT,debug, processes can be stopped at breakpoints; with unlisted, editors do not offer to attach to it',
  ).argParser(parseRequest);
}

export function inspectWaitOption(): Option {
  return new Option('--inspect-wait', 'like --inspect, but begin only when a debugger says so').default(
    false,
  );
}

/** @param whose whose processes are divided, for the description */
export function schedulersOption(whose: string): Option {
  return new Option(
    '--schedulers <number>',
    `OS processes among which the processes of ${whose} are divided; 1 for none but this one (default: one for each core, ` +
      'or LUNATIC_SCHEDULERS; they are started when there is work for them)',
  ).argParser(wholeNumber(1, MOST_SCHEDULERS));
}

/** Words for where children begin: see `Where`. */
export const PLACES = ['usual', 'beside', 'apart'] as const;

/** @param usual what it is by default */
export function placeChildrenOption(usual: (typeof PLACES)[number]): Option {
  return new Option(
    '--place-children <where>',
    'where processes begin: "usual" beside their parent unless another scheduler has nothing to do, "beside" always, ' +
      '"apart" on another scheduler than their parent, to see what a program does then',
  )
    .choices(PLACES)
    .default(usual);
}

/** Upstream's options. Unlike upstream, metrics are only for this machine unless an address is given. */
export function prometheusOptions(): Option[] {
  return [
    new Option('--prometheus', 'serve metrics of the runtime and the program to Prometheus').default(false),
    new Option(
      '--prometheus-http <address>',
      'where to serve metrics: HOST:PORT, HOST or PORT; default: 127.0.0.1:9927',
    ).argParser(parseAddress),
  ];
}

/** The URL at which a program can be inspected. */
export function urlArgument(): Argument {
  return new Argument(
    '<url>',
    'the URL that `lunatic run --inspect` prints: ws://127.0.0.1:PORT/TOKEN',
  ).argParser((text: string) => {
    if (isInspectUrl(text)) return text;
    throw new InvalidArgumentError(
      'It must be the URL that `lunatic run --inspect` prints, with its token: ws://127.0.0.1:PORT/TOKEN',
    );
  });
}

function isInspectUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname } = new URL(text);
  return (protocol === 'ws:' || protocol === 'wss:') && pathname.length > 1;
}

function parseAddress(text: string): InspectAddress {
  const address = parseInspectAddress(text);
  if (address === undefined) throw new InvalidArgumentError('It must be HOST:PORT, HOST or PORT.');
  return address;
}

function parseRequest(text: string): InspectRequest {
  const request = parseInspectRequest(text);
  if (request === undefined)
    throw new InvalidArgumentError(
      'It must be HOST:PORT, HOST or PORT, debug, unlisted, or an address with ,debug and ,unlisted behind it.',
    );
  return request;
}

function parseLogFilter(text: string): LogFilter {
  let filter: LogFilter;
  try {
    filter = LogFilter.parse(text);
  } catch (error) {
    if (!(error instanceof LogFilterError)) throw error;
    throw new InvalidArgumentError(error.message);
  }
  // A misspelt level is read as a target, and would silence all failures.
  if (!filter.concernsRuntime) {
    throw new InvalidArgumentError(
      `It names neither a level (off, ${LEVELS.join(', ')}) nor a target of the runtime, such as lunatic::process.`,
    );
  }
  return filter;
}

/** The parser of an option's value, which must be digits only. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}
