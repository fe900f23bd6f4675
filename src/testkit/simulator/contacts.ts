// When each leader last heard whom: one that is cut off from a quorum must not lead for longer than
// an election timeout (thesis §6.2), by its own clock.
import { assert } from '../../lib/assert.ts';
import { committedIndex, type RaftEvent } from '../../raft/index.ts';
import type { SimMember } from './sim-member.ts';

interface Reign {
  readonly term: number;
  readonly sinceMs: number;
  readonly heardMs: Map<string, number>;
}

export class Contacts {
  readonly #reigns = new Map<SimMember, Reign>();

  /** After each step of a leader. */
  check(member: SimMember, event: RaftEvent): void {
    const { config, id, now, options, term } = member.state;
    let reign = this.#reigns.get(member);
    if (reign?.term !== term) {
      reign = { term, sinceMs: now, heardMs: new Map() };
      this.#reigns.set(member, reign);
    }
    if (event.type === 'receive' && event.message.term === term) {
      reign.heardMs.set(event.from, now);
    }
    if (event.type !== 'timeout') return;
    const { heardMs, sinceMs } = reign;
    const heard = committedIndex(config, (other) =>
      other === id ? now : (heardMs.get(other) ?? sinceMs),
    );
    // It looks at each of its heartbeats.
    const mostMs = options.electionMinMs + options.heartbeatMs;
    assert(now - heard < mostMs, `${id} leads term ${term} only while it hears from a quorum`);
  }
}
