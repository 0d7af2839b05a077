import { Namespace } from '../hostcall/function.ts';
import { Alarm, Alarms } from '../kernel/alarms.ts';
import { NO_PROCESS, processIdFromGuest } from '../kernel/ids.ts';
import type { Message } from '../kernel/message.ts';
import type { ProcessSlot } from '../kernel/process.ts';
import { hostTrap } from '../kernel/trap.ts';

/** `lunatic::timer` (abi 7): messages that are sent later. */
export const timer = new Namespace('lunatic::timer');

/** What a timer takes besides its message: objects of Node and ours. */
const TIMER_COST = 1024;

/** The timers of a process, which outlast it. */
const ALARMS: ProcessSlot<Alarms> = { make: () => new Alarms() };

/** A message on its way. */
class DelayedMessage extends Alarm {
  readonly #alarms: Alarms;
  readonly #message: Message;

  constructor(alarms: Alarms, delay: number, message: Message, deliver: () => void) {
    super(delay, deliver);
    this.#alarms = alarms;
    this.#message = message;
    alarms.set(this);
  }

  cancel(): void {
    this.#alarms.cancel(this);
    this.#message.recycle();
  }
}

timer.define(
  'send_after',
  '(process_id: i64, delay: i64) -> i64',
  { since: '0.10.0' },
  'Sends the message to a process after a delay in milliseconds and returns a timer id. It outlives its creator.',
  ({ scheduler }) =>
    (id: bigint, delay: bigint) => {
      const { current } = scheduler;
      const sent = scheduler.scratch.message(current);
      const refusal = sent.payBy(current.account, sent.costOf(sent.length) + TIMER_COST, true);
      if (refusal !== null) {
        scheduler.scratch.clear(current);
        throw hostTrap(refusal);
      }
      scheduler.scratch.take(current);
      // Looked up now, since ids of later processes do not count, and again when it fires, since it may have died.
      const { timers } = current;
      const { router } = current.environment;
      const wanted = processIdFromGuest(id);
      const receiver = router.exists(wanted) === false ? NO_PROCESS : wanted;
      const timerId = timers.add(
        new DelayedMessage(current.slot(ALARMS), Number(BigInt.asUintN(64, delay)), sent, () => {
          timers.delete(timerId);
          if (receiver !== NO_PROCESS) scheduler.metrics?.timerFired();
          router.deliverMessage(receiver, sent);
        }),
      );
      return BigInt(timerId);
    },
);

timer.define(
  'cancel_timer',
  '(timer_id: i64) -> i32',
  { since: '0.10.0' },
  'Stops a timer. Returns 1 if it had not fired, otherwise 0.',
  ({ scheduler }) =>
    (id: bigint) => {
      const stopped = scheduler.current.timers.take(id);
      stopped?.cancel();
      return stopped === undefined ? 0 : 1;
    },
);
