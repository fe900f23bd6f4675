// When each leader last heard whom: one that is cut off from a quorum must not lead for longer than
// an election timeout (thesis §6.2), by its own clock.
import { assert } from '../../lib/assert.ts';
import { type Configuration, membersOf, type RaftEvent } from '../../raft/index.ts';
import { heardByQuorum } from './quorums.ts';
import { incarnationAt, type SimMember } from './sim-member.ts';

interface Reign {
  readonly term: number;
  config: Configuration | undefined;
  /** A new member has as long as a new leader's followers have. */
  readonly heardMs: Map<string, number>;
}

export class Contacts {
  readonly #reigns = new Map<SimMember, Reign>();

  /** After each step of a leader. */
  check(member: SimMember, event: RaftEvent): void {
    const { config, id, leading, now, options, term } = member.state;
    let reign = this.#reigns.get(member);
    if (reign?.term !== term) {
      reign = { term, config: undefined, heardMs: new Map() };
      this.#reigns.set(member, reign);
    }
    const { heardMs } = reign;
    if (reign.config !== config) {
      const known = membersOf(config);
      for (const other of known) if (!heardMs.has(other)) heardMs.set(other, now);
      for (const other of heardMs.keys()) if (!known.includes(other)) heardMs.delete(other);
      reign.config = config;
    }
    if (event.type === 'receive' && event.message.term === term) {
      const isBearer = incarnationAt(member, event.from) === event.incarnation;
      if (isBearer && heardMs.has(event.from)) heardMs.set(event.from, now);
    }
    // It looks at each of its heartbeats, and at no other deadline.
    const isBeat = leading?.heartbeatDueMs === now + options.heartbeatMs;
    if (event.type !== 'timeout' || !isBeat) return;
    const heard = heardByQuorum(config, (other) =>
      other === id ? now : (heardMs.get(other) ?? now),
    );
    const mostMs = options.electionMinMs + options.heartbeatMs;
    assert(now - heard < mostMs, `${id} leads term ${term} only while it hears from a quorum`);
  }
}
