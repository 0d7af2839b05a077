import type { FailureReport } from '../host/running-tests.ts';
import type { UnlocatedStack } from './death-causes.ts';
import type { OutputRoom } from './output-room.ts';

/** The number of failures, and of characters in all of them, that are kept of a test's reports. Further ones are counted. */
const MAX_REPORTS = 100;
const MAX_REPORTED = 2 ** 22;

/** What a test has reported, before the stack is found in the sources. */
export interface UnlocatedReport {
  readonly report: FailureReport;
  readonly stack: UnlocatedStack;
}

/** The failures that a test reports. */
export class KeptReports {
  readonly #room: Pick<OutputRoom, 'take'>;
  readonly kept: UnlocatedReport[] = [];
  #characters = 0;
  /** How many there were. */
  count = 0;

  /** @param room for what is kept */
  constructor(room: Pick<OutputRoom, 'take'>) {
    this.#room = room;
  }

  /** Counts a report. Returns whether it is to be kept. */
  takes({ message, expected, actual }: FailureReport): boolean {
    this.count++;
    const length = message.length + (expected?.length ?? 0) + (actual?.length ?? 0);
    this.#characters += length;
    if (this.count > MAX_REPORTS || this.#characters > MAX_REPORTED) return false;
    // The lines about it in the output are as long again.
    return this.#room.take(2 * length);
  }
}
