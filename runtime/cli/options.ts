import { Argument, InvalidArgumentError, Option } from 'commander';
import { type InspectAddress, parseInspectAddress } from '../inspect/address.ts';
import { COLOR_CHOICES } from './colors.ts';
import { LEVELS, LogFilter, LogFilterError } from './log-filter.ts';

// Options that several commands have.

export function colorOption(): Option {
  return new Option('--color <when>', 'colours: on a terminal, or as told')
    .choices(COLOR_CHOICES)
    .default('auto');
}

export function logOption(byDefault: string): Option {
  return new Option(
    '--log <filter>',
    `what to log, also as target=level,...; default ${byDefault}, or the variables LUNATIC_LOG or RUST_LOG`,
  )
    .choices(['off', ...LEVELS])
    .argParser(parseLogFilter);
}

/** @param whose who uses the directories, for the description */
export function dirOption(whose: string): Option {
  return new Option('--dir <directory>', `let ${whose} use a directory besides the current one; repeatable`)
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
    'let debuggers and process trees connect, at =HOST:PORT, =PORT or, as --inspect alone, any free port',
  ).argParser(parseAddress);
}

export function inspectWaitOption(): Option {
  return new Option('--inspect-wait', 'as --inspect, and begin when whoever connects says so').default(false);
}

/** Upstream's options. Unlike upstream, metrics are only for this machine unless an address is given. */
export function prometheusOptions(): Option[] {
  return [
    new Option('--prometheus', 'serve metrics of the runtime and of the program to Prometheus').default(
      false,
    ),
    new Option(
      '--prometheus-http <address>',
      'where: HOST:PORT, HOST or PORT; default 127.0.0.1:9927',
    ).argParser(parseAddress),
  ];
}

/** The URL at which a program can be inspected. */
export function urlArgument(): Argument {
  return new Argument('<url>', 'what `lunatic run --inspect` prints: ws://127.0.0.1:PORT/TOKEN').argParser(
    (text: string) => {
      if (isInspectUrl(text)) return text;
      throw new InvalidArgumentError(
        'It must be what `lunatic run --inspect` prints, with its token: ws://127.0.0.1:PORT/TOKEN',
      );
    },
  );
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

function parseLogFilter(text: string): LogFilter {
  try {
    return LogFilter.parse(text);
  } catch (error) {
    if (!(error instanceof LogFilterError)) throw error;
    throw new InvalidArgumentError(error.message);
  }
}
