/** What LLVM's tools say of a module's debug information, to compare with. */
import { spawnSync } from 'node:child_process';

/** A row of a line table, as text: address, line, column, file, discriminator, flags. */
export type LineRow = string;

/** A frame as `llvm-symbolizer` knows it; 0 and an empty text are what it does not know. */
export interface LlvmFrame {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const SUFFIXES = ['', '-14', '-15', '-16', '-17', '-18', '-19', '-20', '-21', '-22'];

/** The command of a tool of LLVM; null if it is not on this machine. */
export function llvmTool(name: string): string | null {
  return (
    SUFFIXES.map((suffix) => name + suffix).find(
      (command) => spawnSync(command, ['--version']).status === 0,
    ) ?? null
  );
}

/** All rows of all line tables, by the offset of the table in .debug_line. */
export function dumpedLineTables(tool: string, module: string): Map<number, LineRow[]> {
  const tables = new Map<number, LineRow[]>();
  let rows: LineRow[] = [];
  for (const line of run(tool, ['--debug-line', module], '').split('\n')) {
    const table = /^debug_line\[0x([0-9a-f]+)\]/.exec(line);
    if (table !== null) {
      rows = [];
      tables.set(Number.parseInt(table[1] ?? '', 16), rows);
    }
    const row = /^0x([0-9a-f]{8,16}) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(?:\d+ +)?(\D*)$/.exec(line);
    if (row === null) continue;
    const [, address = '', lineNumber, column, file, isa, discriminator, flags = ''] = row;
    rows.push(
      `${Number.parseInt(address, 16)} ${lineNumber} ${column} ${file} ${isa} ${discriminator} ${flags.trim()}`,
    );
  }
  return tables;
}

/** The frames at addresses in the code section, innermost first. */
export function symbolized(
  tool: string,
  module: string,
  addresses: readonly number[],
  options: readonly string[] = [],
): LlvmFrame[][] {
  const input = addresses.map((address) => `0x${address.toString(16)}\n`).join('');
  const output = run(tool, [`--obj=${module}`, '--output-style=JSON', '--no-demangle', ...options], input);
  return output
    .trim()
    .split('\n')
    .map((line) => {
      const answer: unknown = JSON.parse(line);
      const symbols = field(answer, 'Symbol');
      return (Array.isArray(symbols) ? symbols : []).map((symbol: unknown) => ({
        function: String(field(symbol, 'FunctionName')),
        file: String(field(symbol, 'FileName')),
        line: Number(field(symbol, 'Line')),
        column: Number(field(symbol, 'Column')),
      }));
    });
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function run(command: string, args: readonly string[], input: string): string {
  const { stdout, stderr, status } = spawnSync(command, args, {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 32,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`);
  return stdout;
}
