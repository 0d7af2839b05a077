import { andThen, limitFromGuest } from '../../hostcall/conventions.ts';
import { type ProcessId, processIdFromGuest } from '../../kernel/ids.ts';
import type { Process } from '../../kernel/process.ts';
import type { Scheduler } from '../../kernel/scheduler.ts';
import { KILL } from '../../kernel/signal.ts';
import { type Tag, tagFromGuest } from '../../kernel/tag.ts';
import { Tie } from '../../kernel/ties.ts';
import { hostTrap } from '../../kernel/trap.ts';
import { HostWork } from '../../kernel/turn-work.ts';
import { process } from './namespace.ts';

/** Functions of `lunatic::process` for sleeping, ids, links, monitors and kills. */

process.define(
  'sleep_ms',
  '(millis: i64)',
  { since: '0.5.0', blocking: true },
  'Suspends the process for a time in milliseconds.',
  ({ scheduler }) =>
    (millis: bigint) =>
      scheduler.sleep(scheduler.current, limitFromGuest(millis)),
);

process.define(
  'process_id',
  '() -> i64',
  { since: '0.10.0' },
  "Returns the caller's own id.",
  ({ scheduler }) =>
    () =>
      BigInt(scheduler.current.id),
);

process.define(
  'environment_id',
  '() -> i64',
  { since: '0.10.0' },
  "Returns the id of the caller's environment.",
  ({ scheduler }) =>
    () =>
      BigInt(scheduler.current.environment.id),
);

process.define(
  'exists',
  '(process_id: i64) -> i32',
  { since: '0.13', suspends: true },
  'Returns 1 for a live process of the own environment, otherwise 0.',
  ({ scheduler }) =>
    (id: bigint) => {
      const { current } = scheduler;
      const exists = current.environment.router.exists(processIdFromGuest(id));
      if (typeof exists === 'boolean') return exists ? 1 : 0;
      return andThen(scheduler.waitForAnswer(current, exists), (found) => (found ? 1 : 0));
    },
);

process.define(
  'die_when_link_dies',
  '(trap: i32)',
  { since: '0.5.0' },
  'Sets whether the death of a link kills the caller, which is the default, or becomes a message.',
  ({ scheduler }) =>
    (die: number) => {
      const { id, environment } = scheduler.current;
      environment.router.deliver(id, { kind: 'die-when-link-dies', die: die !== 0 });
    },
);

process.define(
  'link',
  '(tag: i64, process_id: i64)',
  { since: '0.6.0', suspends: true },
  'Links the caller and a process in both directions, under the same tag. A dead process counts as a link death.',
  ({ scheduler }) =>
    (tagOfGuest: bigint, id: bigint) => {
      const { current } = scheduler;
      const tag = tagFromGuest(tagOfGuest);
      const peer = processIdFromGuest(id);
      linkTo(current, peer, tag);
      return whenApplied(scheduler, current.environment.router.exists(peer));
    },
);

/** Links a process and another one in both directions. @throws a trap if the host would keep too much */
export function linkTo(process: Process, peer: ProcessId, tag: Tag): void {
  const { router } = process.environment;
  const refusal = process.tie(peer, Tie.Link);
  if (refusal !== null) throw hostTrap(refusal);
  // The own half comes first: the router may answer the other one with the death of the link.
  router.deliver(process.id, { kind: 'link', peer, tag });
  router.deliver(peer, { kind: 'link', peer: process.id, tag });
}

process.define(
  'unlink',
  '(process_id: i64)',
  { since: '0.6.0' },
  'Removes the link between the caller and a process, if there is one.',
  ({ scheduler }) =>
    (id: bigint) => {
      const { current } = scheduler;
      const peer = processIdFromGuest(id);
      const { router } = current.environment;
      current.untie(peer, Tie.Link);
      router.deliver(peer, { kind: 'unlink', peer: current.id, own: false });
      router.deliver(current.id, { kind: 'unlink', peer, own: true });
    },
);

process.define(
  'monitor',
  '(process_id: i64)',
  { since: '0.13', suspends: true },
  'Asks for a message when a process ends, however it ends.',
  ({ scheduler }) =>
    (id: bigint) => {
      const { current } = scheduler;
      const { router } = current.environment;
      const peer = processIdFromGuest(id);
      router.deliver(peer, { kind: 'monitor', peer: current.id });
      const exists = router.exists(peer);
      // Nobody would tell of the end of one that has ended.
      const refusal = exists === false ? null : current.tie(peer, Tie.Monitor);
      if (refusal !== null) {
        router.deliver(peer, { kind: 'stop-monitoring', peer: current.id });
        throw hostTrap(refusal);
      }
      return whenApplied(scheduler, exists);
    },
);

process.define(
  'stop_monitoring',
  '(process_id: i64)',
  { since: '0.13' },
  'Takes back what `monitor` asked for.',
  ({ scheduler }) =>
    (id: bigint) => {
      const { current } = scheduler;
      const peer = processIdFromGuest(id);
      current.untie(peer, Tie.Monitor);
      current.environment.router.deliver(peer, { kind: 'stop-monitoring', peer: current.id });
    },
);

/**
 * Waits until a process on another scheduler has got what was sent to it: its answer comes behind that. Otherwise whoever hears of
 * the link or the monitor from the caller could kill the process before.
 * @param exists what the router says of the process
 */
function whenApplied(scheduler: Scheduler, exists: boolean | Promise<boolean>): Promise<void> | undefined {
  if (typeof exists === 'boolean') return undefined;
  return scheduler.waitForAnswer(scheduler.current, exists).then(() => {});
}

process.define(
  'kill',
  '(process_id: i64)',
  { since: '0.10.0', work: HostWork.kill },
  'Kills a process if it is alive.',
  ({ scheduler }) =>
    (id: bigint) => {
      scheduler.current.environment.router.deliver(processIdFromGuest(id), KILL);
    },
);
