import type { Random } from '../fuzz/random.ts';
import type { Session } from './session.ts';

/** Something that programs and those who look at them do. It leaves nothing behind. */
export interface Workload {
  readonly name: string;
  /** How often it is chosen, in comparison with the others. */
  readonly weight: number;
  /** @throws Error if something is not as it should be */
  run(session: Session, random: Random): Promise<void>;
}
