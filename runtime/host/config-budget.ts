import type { Process, ProcessSlot } from '../kernel/process.ts';
import { hostTrap } from '../kernel/trap.ts';
import type { ProcessConfig } from '../permissions/config.ts';

/** Bytes that a character of a config takes at most. */
const CHARACTER_COST = 2;
/** Characters that the configs of a process may have together, whatever `max_host_memory` is. */
const MAX_CHARACTERS = 2 ** 26;
/** Characters that a config counts for before anything is added to it. */
const CONFIG = 512;
/** Characters that an argument, variable or directory counts for besides its text. */
const ENTRY = 64;

/** Arguments and variables that a config may have together, and their characters: every process with the config gets them at once. */
const MAX_ENTRIES = 8192;
const MAX_CONFIG_CHARACTERS = 2 ** 22;
/** Directories that a config may have: each is opened for its processes, and the operating system has only so many. */
const MAX_DIRECTORIES = 64;

interface Budget {
  used: number;
  readonly sizes: WeakMap<ProcessConfig, number>;
}

const BUDGET: ProcessSlot<Budget> = { make: () => ({ used: 0, sizes: new WeakMap() }) };

/** Counts a new config. Traps if the process has too many. */
export function chargeConfig(process: Process, config: ProcessConfig): void {
  charge(process, config, CONFIG);
}

/** Counts a directory that is about to be added to a config. Traps if there are too many. */
export function chargeDirectory(process: Process, config: ProcessConfig, path: string): void {
  if (config.preopenedDirectories.length >= MAX_DIRECTORIES)
    throw hostTrap(`a config can have ${MAX_DIRECTORIES} directories at most`);
  chargeText(process, config, path);
}

/** Counts texts that are about to be added to a config. Traps if there are too many. */
export function chargeText(process: Process, config: ProcessConfig, ...texts: readonly string[]): void {
  if (config.commandLineArguments.length + config.environmentVariables.length >= MAX_ENTRIES)
    throw hostTrap(`a config can have ${MAX_ENTRIES} arguments and environment variables at most`);
  charge(
    process,
    config,
    texts.reduce((sum, text) => sum + text.length, ENTRY),
  );
}

function charge(process: Process, config: ProcessConfig, characters: number): void {
  const budget = process.slot(BUDGET);
  const size = (budget.sizes.get(config) ?? 0) + characters;
  if (size > MAX_CONFIG_CHARACTERS)
    throw hostTrap(`a config can have ${MAX_CONFIG_CHARACTERS} characters at most`);
  if (budget.used + characters > MAX_CHARACTERS) {
    throw hostTrap(
      `the configs of a process can have ${MAX_CHARACTERS} characters at most; drop those that were used`,
    );
  }
  process.account.charge(characters * CHARACTER_COST);
  budget.used += characters;
  budget.sizes.set(config, size);
}

/** Gives back what a config counted for. */
export function refundConfig(process: Process, config: ProcessConfig): void {
  const budget = process.slot(BUDGET);
  const characters = budget.sizes.get(config) ?? 0;
  process.account.release(characters * CHARACTER_COST);
  budget.used -= characters;
}
