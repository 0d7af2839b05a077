/**
 * What may happen in a program of processes, whatever the number of schedulers.
 *
 * A trace is judged by what the contract promises (docs/abi 2.5 to 2.9, 10 and 11), not by what a scheduler would do:
 *  - messages of one process to another arrive once, in their order, and before the news of its death;
 *  - nothing is lost that was sent to a process which lives on;
 *  - who is killed dies, and nobody dies without a kill or the death of a link;
 *  - the death of a link is told once, under a tag of that link, to who does not die of it;
 *  - a monitor tells of a death once;
 *  - what is seen of a name can have happened in some order, one call after the other.
 */
import { Clocks } from './clocks.ts';
import { Deaths } from './deaths.ts';
import { Facts, type Received } from './facts.ts';
import { canBeOrdered, type NameCall } from './names.ts';
import { NAMES } from './program.ts';
import { NUMBERS, type Sent, type Trace } from './trace.ts';
import type { Verdict } from './verdict.ts';

/** Judges what has happened so far. */
export function verdictOf(trace: Trace): Verdict {
  const facts = new Facts(trace);
  const deaths = new Deaths(facts);
  const clocks = new Clocks(facts);
  const verdicts = facts.processes.flatMap(({ slot }) => [
    messages(facts, slot),
    deaths.judge(slot),
    deaths.linksOf(slot),
    deaths.monitorsOf(slot),
    existence(facts, clocks, slot),
  ]);
  const names = Array.from({ length: NAMES }, (_, name) => name).filter(
    (name) => !isConsistent(facts, clocks, name),
  );
  return {
    violations: [
      ...verdicts.flatMap(({ violations = [] }) => violations),
      ...names.map((name) => `what was seen of name ${name} cannot have happened in any order`),
    ],
    due: verdicts.flatMap(({ due = [] }) => due),
  };
}

/** Messages that a process has received, and those that it has not. */
function messages(facts: Facts, slot: number): Partial<Verdict> {
  const violations: string[] = [];
  const had = new Set<Sent>();
  /** By sender, the last number that has arrived. */
  const arrived = new Map<number, number>([[slot, -1]]);
  const accepts = ({ filter }: Received, { tag }: Sent) => filter === 0 || filter === tag;
  const note = (text: string) => violations.push(`process ${slot} ${text}`);
  for (const one of facts.received(slot)) {
    const { kind, from, number, tag } = one;
    if (kind === 'message') {
      const all = facts.sent(from, slot);
      const sent = all.find((message) => message.number === number);
      if (sent === undefined) {
        note(`received ${number} of ${from}, which was not sent to it`);
        continue;
      }
      if (had.has(sent)) note(`received ${number} of ${from} twice`);
      if (sent.tag !== tag) note(`received ${number} of ${from} with tag ${tag}, not ${sent.tag}`);
      const earlier = all.find(
        (message) => message.number < number && !had.has(message) && accepts(one, message),
      );
      if (earlier !== undefined) note(`received ${number} of ${from} before ${earlier.number}`);
      const killed = facts.on(from, slot, 'kill').find(({ index }) => index < Math.floor(number / NUMBERS));
      if (killed !== undefined) note(`received ${number} of ${from}, which had killed it`);
      had.add(sent);
      arrived.set(from, Math.max(number, arrived.get(from) ?? -1));
    } else if (kind === 'nothing') {
      for (const [sender, last] of arrived) {
        const there = facts
          .sent(sender, slot)
          .find((message) => message.number < last && !had.has(message) && accepts(one, message));
        if (there !== undefined) note(`received nothing, though ${there.number} of ${sender} had arrived`);
      }
    } else if (one.filter === 0 && from !== -1) {
      const late = facts.sent(from, slot).find((message) => message.isSure && !had.has(message));
      if (late !== undefined) note(`was told that ${from} died before it received ${late.number} of it`);
    }
  }
  if (!facts.isWaiting(slot)) return { violations };
  const due = facts.processes.flatMap(({ slot: sender }) =>
    facts
      .sent(sender, slot)
      .filter((message) => message.isSure && !had.has(message))
      .map(({ number }) => `process ${slot} has not received ${number} of ${sender}`),
  );
  return { violations, due };
}

/** What a process was told of the existence of others. */
function existence(facts: Facts, clocks: Clocks, slot: number): Partial<Verdict> {
  const violations: string[] = [];
  for (const { operation, index, at, id, result } of facts.operations(slot)) {
    const other = facts.process(facts.slotOf(id));
    if (operation.kind !== 'exists' || result === null || other === undefined) continue;
    if (result.a === 0) {
      if (!other.isDead)
        violations.push(`process ${slot} was told that ${other.slot} does not exist, which lives`);
      if (facts.hasHad(other.slot, slot, { index }))
        violations.push(`process ${other.slot} received from ${slot}, which had seen that it does not exist`);
    } else {
      const before = facts
        .operations(slot)
        .some(
          (done) =>
            done.operation.kind === 'exists' && done.id === id && done.index < index && done.result?.a === 0,
        );
      if (before || clocks.isBefore(other.slot, other.events.length, slot, at))
        violations.push(`process ${slot} was told that ${other.slot} exists, which had died`);
    }
  }
  return { violations };
}

function isConsistent(facts: Facts, clocks: Clocks, name: number): boolean {
  const places = new Map<
    NameCall,
    { readonly slot: number; readonly at: number; readonly end: number | null }
  >();
  for (const { slot } of facts.processes) {
    for (const { operation, at, end, id, result } of facts.operations(slot)) {
      const place = { slot, at, end };
      if (!('name' in operation) || operation.name !== name) continue;
      if (operation.kind === 'put') {
        if (id !== 0) places.set({ kind: 'put', id, isSure: end !== null, slot }, place);
      } else if (operation.kind === 'remove') {
        places.set({ kind: 'remove', id: 0, isSure: end !== null, slot }, place);
      } else if (result !== null) {
        // It is over when its result is there, also where a message follows.
        const over = facts.process(slot)?.events.indexOf(result) ?? at;
        places.set({ kind: 'get', id: result.a, isSure: true, slot }, { slot, at, end: over });
      }
    }
  }
  return canBeOrdered([...places.keys()], (call, other) => {
    const [one, next] = [places.get(call), places.get(other)];
    if (one === undefined || next === undefined || one.end === null) return false;
    return clocks.isBefore(one.slot, one.end, next.slot, next.at);
  });
}
