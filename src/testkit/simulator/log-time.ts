// The leader's time of day is everybody's (RA25): while most clocks are about right, no entry may
// be stamped much further ahead than members may differ.
import { assert } from '../../lib/assert.ts';
import type { Configuration } from '../../raft/index.ts';
import type { Plan } from './plan.ts';
import { isQuorum } from './quorums.ts';
import type { SimMember } from './sim-member.ts';
import type { Standing } from './standing.ts';

interface Jump {
  readonly atUs: number;
  readonly byMs: number;
}

export class LogTime {
  readonly #standing: Standing;
  /** The widest that anybody was ever allowed. */
  #offsetMs: number;
  /** For so long a word about a clock may be under way, or wait for the next heartbeat. */
  readonly #slackMs: number;
  readonly #jumps = new Map<SimMember, Jump[]>();
  /** How far a majority was off at worst. */
  #worstMs = 0;
  #highestMs = 0;

  constructor({ clock, network, options }: Plan, standing: Standing) {
    this.#standing = standing;
    this.#offsetMs = options.maxClockOffsetMs;
    const slowestMs = (options.electionMaxMs * (1 + clock.optionSpread)) / (1 - clock.rateSpread);
    this.#slackMs = 4 * slowestMs + 20 * network.delayMeanMs + 100;
  }

  /** A member has other options from now on. */
  configured(offsetMs: number): void {
    this.#offsetMs = Math.max(this.#offsetMs, offsetMs);
  }

  /** A member's time of day was set. */
  jumped(member: SimMember, byMs: number, nowUs: number): void {
    for (const config of this.#standing.open()) this.#look(config, nowUs);
    // A leader that sees a larger one steps down.
    if (byMs <= 0 || byMs > this.#offsetMs) return;
    const known = this.#jumps.get(member) ?? [];
    this.#jumps.set(member, [...known, { atUs: nowUs, byMs }]);
  }

  /** A leader stamps entries. `pauseMs`: the longest time that any member did nothing. */
  stamped(member: SimMember, timeMs: number, nowUs: number, pauseMs: number): void {
    if (timeMs <= this.#highestMs) return;
    this.#highestMs = timeMs;
    this.#look(member.state.config, nowUs);
    const slackMs = this.#slackMs + pauseMs;
    const sinceUs = nowUs - slackMs * 1000;
    const recent = (this.#jumps.get(member) ?? []).filter(({ atUs }) => atUs >= sinceUs);
    const jumpedMs = recent.reduce((sum, { byMs }) => sum + byMs, 0);
    const mostMs = this.#worstMs + this.#offsetMs + slackMs + jumpedMs;
    const aheadMs = timeMs - member.trueMs(nowUs);
    const { id } = member;
    assert(
      aheadMs <= mostMs,
      `${id} stamps entries ${aheadMs} ms ahead of time, at most ${mostMs}`,
    );
  }

  #look(config: Configuration, nowUs: number): void {
    const offMs = (id: string) => Math.abs(this.#standing.member(id)?.errorMs(nowUs) ?? 0);
    const within = [...config.voters, ...config.outgoing].map(offMs).sort((a, b) => a - b);
    const least = within.find((ms) => isQuorum(config, (id) => offMs(id) <= ms));
    this.#worstMs = Math.max(this.#worstMs, least ?? 0);
  }
}
