// Which rare paths a run took in reads, leases and clocks. Seen from outside, as all marks are.
import { type Effect, isEstablished, type RaftEvent, type Summary } from '../../raft/index.ts';
import type { Mark } from './mark-labels.ts';
import type { SimMember } from './sim-member.ts';

type Say = (mark: Mark) => void;

export class ReadsWatch {
  readonly #say: Say;
  /** By member: the last request that left it, and up to where reads were granted before. */
  readonly #asked = new Map<SimMember, string>();
  readonly #granted = new Map<SimMember, number>();

  constructor(say: Say) {
    this.#say = say;
  }

  /** `isCutOff`: somebody waits there for an index while another leads a newer term. */
  observe(
    before: Summary,
    event: RaftEvent,
    member: SimMember,
    effects: readonly Effect[],
    isCutOff: () => boolean,
  ): void {
    const { state } = member;
    const reads = state.leading?.reads;
    if (reads !== undefined && reads.waiting.size > 0 && !isEstablished(state)) {
      this.#say('a read waits for the first entry of a term');
    }
    if (event.type === 'receive') this.#observeMessage(event, member);
    const isOut = before.role === 'leader' && state.role !== 'leader';
    if (isOut && event.type === 'clocks') this.#say('a leader steps down because of its clock');
    if (isOut && isCutOff()) this.#say('a cut-off leader does not answer');
    if (effects.length > 0) this.#observeEffects(member, effects);
  }

  #observeMessage(event: Extract<RaftEvent, { type: 'receive' }>, { state }: SimMember): void {
    const { message } = event;
    if (message.type !== 'read-reply') return;
    const isOwn = message.boot === state.boot && message.incarnation === state.incarnation;
    if (!isOwn) this.#say('a reply to an earlier run arrives');
  }

  #observeEffects(member: SimMember, effects: readonly Effect[]): void {
    const { state } = member;
    let confirmed = 0;
    for (const effect of effects) {
      if (effect.type === 'read-index') {
        const known = this.#granted.get(member) ?? 0;
        confirmed += effect.upTo > known ? effect.upTo - known : 1;
        this.#granted.set(member, effect.upTo);
        if (state.role !== 'leader') this.#say('a read is answered at a follower');
      } else if (effect.type === 'send' && effect.message.type === 'read-reply') {
        confirmed++;
      } else if (effect.type === 'send' && effect.message.type === 'read-request') {
        const { boot, term, upTo } = effect.message;
        const asked = `${boot} ${term} ${upTo}`;
        if (this.#asked.get(member) === asked) this.#say('a read-request is asked again');
        this.#asked.set(member, asked);
      }
    }
    if (confirmed > 1) this.#say('a round confirms several reads');
  }
}
