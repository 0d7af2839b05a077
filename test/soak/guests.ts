import { readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import type { LoadedModule } from '../../runtime/kernel/module.ts';
import { findPrograms } from '../../runtime/programs/find-programs.ts';
import { assembleText } from '../../runtime/wat/index.ts';
import { builtFolder } from '../../scripts/build-guests.mjs';
import type { Random } from '../fuzz/random.ts';
import { projectFolder } from '../support/command.ts';
import type { Session } from './session.ts';
import type { Workload } from './workload.ts';

interface Guest {
  readonly name: string;
  readonly source: string;
  readonly args?: string[];
  readonly options?: string[];
  readonly env?: Record<string, string>;
  readonly stdin?: unknown;
  readonly exitCode: number;
}

const folder = join(projectFolder, 'test', 'guests');

/** Guests in Rust, C and text that end by themselves with the output that is expected of them. */
const guests = (JSON.parse(readFileSync(join(folder, 'guests.json'), 'utf8')) as Guest[]).filter(
  ({ name, exitCode, stdin }) =>
    /^(rust|rust-modern|c|wat)\//.test(name) && exitCode === 0 && stdin === undefined,
);
/** Programs whose output depends on how long they wait for a turn. */
const TIMED = new Set(['rust/timers', 'wat/sleep']);
const modules = new Map<Guest, LoadedModule>();

async function moduleOf(session: Session, guest: Guest): Promise<LoadedModule> {
  let module = modules.get(guest);
  if (module === undefined) {
    const bytes = guest.name.startsWith('wat/')
      ? new Uint8Array(await assembleText(readFileSync(join(folder, guest.source), 'utf8'), guest.source))
      : new Uint8Array(readFileSync(join(builtFolder, `${guest.name}.wasm`)));
    module = session.runtime.load(bytes);
    modules.set(guest, module);
  }
  return module;
}

function optionOf({ options = [] }: Guest, name: string): string[] {
  const found = options.find((option) => option.startsWith(`--${name}=`));
  return found === undefined ? [] : found.slice(name.length + 3).split(',');
}

/** Programs that use everything: links, monitors, names, timers, sockets, TLS, SQLite, files, modules, OS programs. */
export const programs: Workload = {
  name: 'programs',
  weight: 10,
  async run(session: Session, random: Random): Promise<void> {
    const guest = random.pick(guests);
    const module = await moduleOf(session, guest);
    const { exit, output, errors, cut } = await session.run(module, {
      args: [`${basename(guest.name)}.wasm`, ...(guest.args ?? [])],
      ...(guest.env === undefined ? {} : { env: guest.env }),
      databases: guest.name.endsWith('sqlite'),
      cutAfter: random.chance(0.4) ? random.magnitude(400) : undefined,
      configure: (config) => {
        config.commands = findPrograms(optionOf(guest, 'allow-command'));
        config.commandVariables = new Set(optionOf(guest, 'allow-command-env'));
      },
    });
    if (cut) return;
    if (exit.kind !== 'returned' && !(exit.kind === 'exited' && exit.code === 0))
      throw new Error(`${guest.name} ${exit.kind}: ${'message' in exit ? exit.message : ''} ${errors}`);
    const expected = readFileSync(
      join(folder, guest.source.replace(extname(guest.source), '.expected')),
      'utf8',
    );
    if (!TIMED.has(guest.name) && output !== expected)
      throw new Error(`${guest.name} printed ${JSON.stringify(output)}`);
  },
};
