// Which rare paths a run took in changes of membership and handovers. Seen from outside, as all
// marks are, with a little memory: a handover ends on another member than it began on.

import {
  type Effect,
  isJoint,
  isVoter,
  type RaftEvent,
  type Summary,
  versionOf,
} from '../../raft/index.ts';
import type { Mark } from './mark-labels.ts';
import type { SimMember } from './sim-member.ts';

type Say = (mark: Mark) => void;

export class MembersWatch {
  readonly #say: Say;
  /** By place: the term in which it stands because its leader asked it to. */
  readonly #asked = new Map<number, number>();
  /** Leaders that are handing over, by place: since which term. */
  readonly #yielding = new Map<number, number>();

  constructor(say: Say) {
    this.#say = say;
  }

  observe(
    before: Summary,
    event: RaftEvent,
    member: SimMember,
    effects: readonly Effect[],
    isRemoved: boolean,
  ): void {
    const { state } = member;
    this.#observeHandover(before, event, member);
    this.#observeRecognition(before, event, member);
    if (isRemoved && state.role === 'pre-candidate' && before.role === 'follower') {
      this.#say('a removed member campaigns');
    }
    const version = versionOf(state);
    if (version < before.version) this.#say('a configuration is truncated');
    if (before.role === 'leader') this.#observeLeader(before, event, member, effects);
  }

  #observeLeader(
    before: Summary,
    event: RaftEvent,
    { log, state, versions }: SimMember,
    effects: readonly Effect[],
  ): void {
    const { config, id, term } = state;
    const isCommitted = before.version > before.commit && before.version <= state.commit;
    if (isCommitted && isJoint(before.config)) this.#say('a joint configuration is committed');
    if (isCommitted && state.role === 'follower' && !isVoter(config, id)) {
      this.#say('a leader removes itself and resigns');
    }
    const own = effects.find((effect) => effect.type === 'append' && effect.kind === 'members');
    if (own === undefined || event.type === 'change' || before.term !== term) return;
    const begun = versions.at(-2);
    if (begun !== undefined && (log[begun.index - 1]?.term ?? term) < term) {
      this.#say('a new leader finishes a change that another began');
    }
    for (const { id: joined, replaces } of before.config.joining) {
      if (isVoter(config, joined)) this.#say('a learner is promoted');
      if (replaces !== undefined && !config.voters.includes(replaces)) {
        this.#say('a voter is replaced');
      }
    }
  }

  #observeHandover(before: Summary, event: RaftEvent, { at, state }: SimMember): void {
    const { role, term } = state;
    if (event.type === 'receive' && event.message.type === 'timeout-now') {
      if (role === 'candidate') this.#asked.set(at, term);
    } else if (role === 'leader' && before.role !== 'leader' && this.#asked.get(at) === term) {
      this.#say('a handover succeeds');
    }
    if (state.leading?.handover !== undefined) this.#yielding.set(at, term);
    else if (this.#yielding.delete(at) && role === 'leader') this.#say('a handover fails');
  }

  #observeRecognition(before: Summary, event: RaftEvent, { origin, state }: SimMember): void {
    if (event.type !== 'receive') return;
    const { from, incarnation, message } = event;
    if (message.type === 'greeting-reply') {
      const isFirst = !origin.admitted && before.term === 1 && before.last === 1;
      if (isFirst && state.recognition.admitted)
        this.#say('a first cluster is formed by greetings');
    }
    const known = state.config.incarnations.get(from) ?? state.recognition.pins.get(from);
    if (state.role === 'leader' && (known ?? incarnation) !== incarnation) {
      this.#say('answers of another store are not counted');
    }
  }
}
