// Which rare paths a run took with members that stall, and with options that change. Seen from
// outside, as all marks are.
import {
  isVoter,
  leaseUntil,
  type RaftEvent,
  type RaftState,
  type Summary,
} from '../../raft/index.ts';
import type { Mark } from './mark-labels.ts';
import type { SimMember } from './sim-member.ts';

type Say = (mark: Mark) => void;

export class StallsWatch {
  readonly #say: Say;
  /** By place: in which term it stands because a leader that stalls asked it to. */
  readonly #heirs = new Map<number, number>();
  /** By place: until when its lease held. */
  readonly #leases = new Map<number, number>();

  constructor(say: Say) {
    this.#say = say;
  }

  /** `from`: whose message it is, if it is one. */
  observe(
    before: Summary,
    event: RaftEvent,
    { at, state }: SimMember,
    from: SimMember | undefined,
  ): void {
    const { leading, role, term } = state;
    if (event.type === 'receive' && event.message.type === 'timeout-now') {
      this.#observeAsked(before, at, state, from?.state);
    }
    if (role === 'leader' && before.role !== 'leader' && this.#heirs.get(at) === term) {
      this.#say('a stalled leader hands over');
    }
    if (event.type === 'stall' && event.stalled && leading !== undefined)
      this.#observeLeader(state);
    if (event.type === 'timeout' && before.role !== 'leader') this.#observeTimeout(state);
    if (event.type === 'configure') {
      this.#say('options change at run time');
      const until = leaseUntil(state);
      const known = this.#leases.get(at) ?? 0;
      if (until > state.now && until < known) this.#say('a lease is cut by other options');
    }
    if (role === 'leader') this.#leases.set(at, leaseUntil(state));
  }

  #observeAsked(
    before: Summary,
    at: number,
    state: RaftState,
    leader: RaftState | undefined,
  ): void {
    const { now, role, stalling, term } = state;
    if (role === 'candidate') {
      this.#heirs.delete(at);
      if (leader?.leading?.asked.includes(state.id)) this.#heirs.set(at, term);
    } else if (before.role === 'follower' && state.leader === leader?.id) {
      const isUnfit = stalling.stalled || now < stalling.unfitUntilMs;
      if (isUnfit) this.#say('a member that stalled refuses to take over');
    }
  }

  #observeLeader({ config, id, leading, now, stalling }: RaftState): void {
    if (leading === undefined || leading.handover !== undefined) return;
    const isAlone = config.voters.every((voter) => voter === id);
    if (isAlone || !isVoter(config, id)) return;
    if (now >= stalling.keepUntilMs) this.#say('a stalled leader leads on: nobody else can');
    else if (leading.asked.length === 0)
      this.#say('a stalled leader does not let go again so soon');
  }

  #observeTimeout({ leader, now, role, snapshots, stalling }: RaftState): void {
    if (snapshots.repairFrom > 0 || stalling.standAtMs === Number.POSITIVE_INFINITY) return;
    const isHolding = role === 'follower' && leader === undefined && now < stalling.standAtMs;
    if (isHolding) this.#say('a stalled follower leaves it to others to stand');
    else if (role === 'pre-candidate' && stalling.stalled) {
      this.#say('a stalled member stands because nobody else does');
    }
  }
}
