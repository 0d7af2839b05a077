import type { Facts, Link, Received } from './facts.ts';
import { RecordKind } from './interpreter.ts';
import { EXITS } from './program.ts';
import type { Verdict } from './verdict.ts';

/** Who may have died of what, and who has to be told. */
export class Deaths {
  readonly #facts: Facts;
  /** Slots of processes that may have failed: by themselves, by a kill, or since a link has died. */
  readonly #failed = new Set<number>();

  constructor(facts: Facts) {
    this.#facts = facts;
    const dead = facts.processes.filter(({ isDead }) => isDead);
    for (const { slot } of dead) {
      const isKilled = facts.processes.some((other) => facts.on(other.slot, slot, 'kill').length > 0);
      const how = this.#exitOf(slot);
      if (isKilled || how === 'trap' || how === 'exit 3') this.#failed.add(slot);
    }
    for (let size = -1; size !== this.#failed.size; ) {
      size = this.#failed.size;
      for (const { slot } of dead) if (this.#mayDieOfLink(slot)) this.#failed.add(slot);
    }
  }

  /** Whether a process may have ended as it did, and must not have ended if it lives. */
  judge(slot: number): Partial<Verdict> {
    const facts = this.#facts;
    const how = this.#exitOf(slot);
    if (facts.isDead(slot)) {
      if (how !== null || this.#failed.has(slot)) return {};
      return { violations: [`process ${slot} died, and nobody had killed it`] };
    }
    const due = how === null ? [] : [`process ${slot} has not ended`];
    for (const { slot: killer } of facts.processes) {
      if (facts.on(killer, slot, 'kill').some(({ end }) => end !== null))
        due.push(`process ${slot} lives, which ${killer} has killed`);
    }
    return { due };
  }

  /** What a process was told of the deaths of links, and what it must be told. */
  linksOf(slot: number): Partial<Verdict> {
    const facts = this.#facts;
    const violations: string[] = [];
    const told = facts.received(slot).filter(({ kind }) => kind === 'link died');
    const note = (text: string) => violations.push(`process ${slot} ${text}`);
    /** By peer, how often it was told of its death. */
    const deaths = new Map<number, number>();
    for (const one of told) {
      const link = facts.links.find(
        ({ by, to, tags }) => (by === slot && tags.by === one.tag) || (to === slot && tags.to === one.tag),
      );
      if (link === undefined) {
        note(`was told of the death of link ${one.tag}, which it never had`);
        continue;
      }
      const peer = link.by === slot ? link.to : link.by;
      if (told.some((other) => other.tag === one.tag && other.at < one.at))
        note(`was told twice of link ${one.tag}`);
      if (!facts.isDead(peer)) note(`was told of the death of link ${one.tag}, but ${peer} lives`);
      if (!this.#mayCatch(slot, one))
        note(`was told of the death of link ${one.tag}, and should have died of it`);
      if (this.#mayHaveBeenDead(slot, link)) continue;
      if (!this.#failed.has(peer))
        note(`was told of the death of link ${one.tag}, but ${peer} has ended normally`);
      deaths.set(peer, (deaths.get(peer) ?? 0) + 1);
      const ended = facts
        .on(slot, peer, 'unlink')
        .some((unlink) => link.by === slot && unlink.index > link.index && facts.hasHad(peer, slot, unlink));
      if (ended) note(`was told of the death of link ${one.tag}, which it had undone`);
      if (one.filter === 0) {
        const late = facts
          .sent(peer, slot)
          .find(({ number, isSure }) => isSure && !this.#hadBefore(slot, one, peer, number));
        if (late !== undefined)
          note(`was told of the death of link ${one.tag} before it received ${late.number} of ${peer}`);
      }
    }
    for (const [peer, count] of deaths) if (count > 1) note(`was told ${count} times that ${peer} died`);
    if (!facts.isWaiting(slot)) return { violations };
    const due = facts.processes
      .filter(({ slot: peer }) => this.#hasFailed(peer) && this.#areLinked(slot, peer))
      .filter(({ slot: peer }) => !this.#tags(slot, peer).some((tag) => told.some((one) => one.tag === tag)))
      .map(({ slot: peer }) => `process ${slot} was not told that ${peer} died, to which it is linked`);
    return { violations, due };
  }

  /** What monitors told a process, and what they must. */
  monitorsOf(slot: number): Partial<Verdict> {
    const facts = this.#facts;
    const violations: string[] = [];
    const due: string[] = [];
    const told = facts.received(slot).filter(({ kind }) => kind === 'process died');
    if (told.some(({ from }) => from === -1))
      violations.push(`process ${slot} was told that an unknown process died`);
    for (const { slot: peer } of facts.processes) {
      const news = told.filter(({ from }) => from === peer);
      const monitors = facts.on(slot, peer, 'monitor');
      const stops = facts.on(slot, peer, 'stop monitoring');
      const isLast = (index: number, others: typeof stops) => others.every((other) => other.index < index);
      const [first] = news;
      if (first === undefined) {
        const isSure = monitors.some(
          ({ index }) => isLast(index, stops) && facts.hasHad(peer, slot, { index }),
        );
        if (isSure && facts.isDead(peer) && facts.isWaiting(slot))
          due.push(`process ${slot} was not told that ${peer} died, which it monitors`);
        continue;
      }
      const note = (text: string) => violations.push(`process ${slot} was told that ${peer} died, ${text}`);
      if (news.length > 1) note(`${news.length} times`);
      if (!facts.isDead(peer)) note('which lives');
      if (!monitors.some(({ at }) => at < first.at)) note('which it does not monitor');
      if (stops.some((stop) => isLast(stop.index, monitors) && facts.hasHad(peer, slot, stop)))
        note('which it had stopped monitoring');
    }
    return { violations, due };
  }

  #exitOf(slot: number): string | null {
    const exit = this.#facts.process(slot)?.events.find(({ kind }) => kind === RecordKind.exit);
    return exit === undefined ? null : (EXITS[exit.a] ?? null);
  }

  /** Whether a process has failed for certain. */
  #hasFailed(slot: number): boolean {
    if (!this.#facts.isDead(slot)) return false;
    const how = this.#exitOf(slot);
    return how === null || how === 'trap' || how === 'exit 3';
  }

  #mayDieOfLink(slot: number): boolean {
    if (!this.#mayDie(slot)) return false;
    return this.#facts.links.some((link) => {
      const peer = link.by === slot ? link.to : link.to === slot ? link.by : null;
      if (peer === null) return false;
      return this.#failed.has(peer) || (link.by === slot && !link.isSpawn && this.#facts.isDead(peer));
    });
  }

  /** Whether a process may die with a link when it ends: it has not said no, or it has not had time to mean it. */
  #mayDie(slot: number): boolean {
    const settings = this.#facts
      .operations(slot)
      .filter(({ operation }) => operation.kind === 'die when link dies');
    const last = settings.at(-1);
    if (last === undefined || last.operation.kind !== 'die when link dies' || last.operation.on) return true;
    return !this.#facts.hasWaited(slot, last.index);
  }

  /** Whether a process may have been told of a death, and not have died. */
  #mayCatch(slot: number, { at }: Received): boolean {
    return this.#facts
      .operations(slot)
      .some(
        ({ operation, at: since }) => operation.kind === 'die when link dies' && !operation.on && since < at,
      );
  }

  /** Whether a process may have linked itself to one that was dead: then it is told so, however that one ended. */
  #mayHaveBeenDead(slot: number, { by, to, isSpawn, index }: Link): boolean {
    return !isSpawn && by === slot && !this.#facts.hasHad(to, slot, { index });
  }

  #hadBefore(slot: number, { at }: Received, from: number, number: number): boolean {
    return this.#facts
      .received(slot)
      .some((one) => one.at < at && one.kind === 'message' && one.from === from && one.number === number);
  }

  /** Whether two processes were linked for certain when one of them ended, as seen by the one that goes on. */
  #areLinked(slot: number, peer: number): boolean {
    const facts = this.#facts;
    if (facts.on(slot, peer, 'unlink').length > 0 || facts.on(peer, slot, 'unlink').length > 0) return false;
    return facts.links.some(({ by, to, isSpawn, made, index }) => {
      if (by === slot && to === peer)
        return isSpawn ? made.end !== null : facts.hasHad(peer, slot, { index });
      if (by !== peer || to !== slot) return false;
      return isSpawn || (made.end !== null && facts.hasWaited(peer, index));
    });
  }

  /** Tags under which a process may be told of the death of a peer. */
  #tags(slot: number, peer: number): number[] {
    return this.#facts.links.flatMap(({ by, to, tags }) => {
      if (by === slot && to === peer) return [tags.by];
      return by === peer && to === slot ? [tags.to] : [];
    });
  }
}
