import type { HostFunction, Namespace } from '../hostcall/function.ts';
import { preview1 } from '../wasi/index.ts';
import { cluster } from './cluster.ts';
import { command } from './command.ts';
import { distributed } from './distributed.ts';
import { error } from './error.ts';
import { message } from './message.ts';
import { metrics } from './metrics.ts';
import { listener, networking } from './networking.ts';
import { permissions } from './permissions.ts';
import { process } from './process.ts';
import { registry } from './registry.ts';
import { scheduler } from './scheduler.ts';
import { sqlite } from './sqlite.ts';
import { test } from './test.ts';
import { timer } from './timer.ts';
import { trap } from './trap.ts';
import { version } from './version.ts';
import { wasiConfig } from './wasi-config.ts';

/** Every namespace, by its import module. The build loads the code of some when they are first looked at. */
const NAMESPACES: ReadonlyMap<string, () => Namespace> = new Map([
  ['lunatic::error', () => error],
  ['lunatic::message', () => message],
  ['lunatic::timer', () => timer],
  ['lunatic::networking', () => networking],
  ['lunatic::sqlite', () => sqlite],
  ['lunatic::process', () => process],
  ['lunatic::registry', () => registry],
  ['lunatic::trap', () => trap],
  ['lunatic::version', () => version],
  ['lunatic::wasi', () => wasiConfig],
  ['lunatic::metrics', () => metrics],
  ['lunatic::distributed', () => distributed],
  ['lunatic::permissions', () => permissions],
  ['lunatic::command', () => command],
  ['lunatic::test', () => test],
  ['lunatic::listener', () => listener],
  ['lunatic::scheduler', () => scheduler],
  ['lunatic::cluster', () => cluster],
  ['wasi_snapshot_preview1', () => preview1],
]);

/** The functions that guests can import from a module, as far as their code is loaded; none if there is no such module. */
export function functionsOf(module: string): readonly HostFunction[] {
  return NAMESPACES.get(module)?.().functions ?? [];
}

/** Every function that guests can import. */
export function allHostFunctions(): readonly HostFunction[] {
  return [...NAMESPACES.values()].flatMap((namespace) => namespace().functions);
}
