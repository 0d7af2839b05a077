import type { HostFunction } from '../hostcall/function.ts';
import { preview1 } from '../wasi/index.ts';
import { command } from './command.ts';
import { distributed } from './distributed.ts';
import { error } from './error.ts';
import { message } from './message.ts';
import { metrics } from './metrics.ts';
import { listener, networking } from './networking.ts';
import { permissions } from './permissions.ts';
import { process } from './process.ts';
import { registry } from './registry.ts';
import { sqlite } from './sqlite.ts';
import { test } from './test.ts';
import { timer } from './timer.ts';
import { trap } from './trap.ts';
import { version } from './version.ts';
import { wasiConfig } from './wasi-config.ts';

/** Every function that guests can import. */
export const HOST_FUNCTIONS: readonly HostFunction[] = [
  error,
  message,
  timer,
  networking,
  sqlite,
  process,
  registry,
  trap,
  version,
  wasiConfig,
  metrics,
  distributed,
  permissions,
  command,
  test,
  listener,
  preview1,
].flatMap((namespace) => namespace.functions);
