// One change of members, from the call until it is committed and, for members that are to become
// voters, until they are.
import type { MemberId, Membership } from '../../contracts/index.ts';
import { CoxswainError } from '../../errors.ts';
import { type Configuration, isMember, isVoter, type RaftState, termAt } from '../../raft/index.ts';
import type { CallInit } from './call.ts';
import { Operation } from './operation.ts';

export interface MembersCallParts {
  readonly state: RaftState;
  /** As it was planned; the core keeps this very object. */
  readonly config: Configuration;
  /** Who is to become a voter. */
  readonly joining: readonly MemberId[];
  readonly membership: () => Membership;
  /** Throws the reason why the core did not take it. */
  readonly replan: () => void;
}

export class MembersCall extends Operation<Membership> {
  readonly #parts: MembersCallParts;
  /** Where the entry is; 0 while it is in no log. */
  #index = 0;
  #term = 0;

  constructor(init: CallInit<Membership>, parts: MembersCallParts) {
    super(init);
    this.#parts = parts;
  }

  check(): void {
    if (this.settled) return;
    try {
      if (this.#index === 0) this.#find();
      if (this.#isDone()) this.resolve(this.#parts.membership());
    } catch (error) {
      this.fail(error);
    }
  }

  #find(): void {
    const { config, replan, state } = this.#parts;
    const found = state.configs.find((each) => each.config === config);
    if (found === undefined) {
      replan();
      throw new CoxswainError('ERR_MEMBERS_BUSY', 'the leader was about to make another change', {
        outcome: 'not-applied',
        retryable: true,
      });
    }
    this.#index = found.index;
    this.#term = state.term;
  }

  #isDone(): boolean {
    const { joining, state } = this.#parts;
    const { commit, configs, log } = state;
    if (commit < this.#index) return false;
    if ((termAt(log, this.#index) ?? this.#term) !== this.#term) throw supplanted(this.#index);
    const committed = configs[0]?.config ?? state.config;
    if (committed.outgoing.length > 0) return false;
    const gone = joining.find((id) => !isMember(committed, id));
    if (gone !== undefined) throw removed(gone, this.#index);
    return joining.every((id) => isVoter(committed, id) || !isJoining(committed, id));
  }

  protected override describe(): { text: string; index: number } {
    const { config, state } = this.#parts;
    const index = this.#index;
    if (index === 0) return { text: 'the change is in no log', index };
    if (state.commit < index)
      return { text: `the change at index ${index} is not committed`, index };
    const late = config.joining.map(({ id }) => id).filter((id) => isJoining(state.config, id));
    if (late.length === 0) return { text: 'the change is about to be completed', index };
    const what = 'will vote as soon as it has caught up; remove it to call that off';
    return { text: `${late.join(', ')} ${what}`, index };
  }
}

function isJoining(config: Configuration, id: MemberId): boolean {
  return config.joining.some((each) => each.id === id);
}

function supplanted(index: number): CoxswainError {
  const message = `a later leader committed another entry at index ${index}`;
  const details = { outcome: 'not-applied', retryable: true, index } as const;
  return new CoxswainError('ERR_LEADERSHIP_LOST', message, details);
}

function removed(id: MemberId, index: number): CoxswainError {
  const message = `${id} was removed again before it had caught up`;
  return new CoxswainError('ERR_MEMBERS_CHANGED', message, { outcome: 'unknown', index });
}
