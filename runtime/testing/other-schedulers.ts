import type { ProcessSnapshot } from '../inspect/view/index.ts';
import type { Environment } from '../kernel/environment.ts';
import type { ProcessId } from '../kernel/ids.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';
import type { DeathCause } from './death-causes.ts';

/** What a process is doing, perhaps on another scheduler. */
export interface FarSnapshot extends ProcessSnapshot {
  /** That of its stack; null if it is not known any more. */
  readonly module: LoadedModule | null;
}

/** What processes of a test are doing on other schedulers. */
export interface DoneElsewhere {
  /** Some of them. */
  readonly processes: readonly FarSnapshot[];
  /** How many there are. */
  readonly count: number;
}

/** The other schedulers, as a run of tests sees them. */
export interface OtherSchedulers {
  /**
   * What the processes of a test are doing there. A scheduler that does not answer in time is left out.
   * @param most how many of each scheduler are told of
   */
  describe(environment: Environment<Process>, most: number): Promise<DoneElsewhere>;

  /** Resolves when everything has come that processes of a test have printed and told there before it ended. */
  settle(environment: Environment<Process>): Promise<void>;

  /** Whether somebody holds a process of a test there. */
  isHeld(environment: Environment<Process>): boolean;

  /** Tells what a process is about to die of that may be there, before a link does. */
  tellCause(environment: Environment<Process>, id: ProcessId, cause: DeathCause): void;

  /** Gives up what is kept of a test, on all schedulers. All its processes have ended. */
  close(environment: Environment<Process>): void;
}
