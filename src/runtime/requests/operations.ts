// Changes of members and transfers of leadership, for callers on the leader.
import type {
  Clock,
  Member,
  MemberId,
  Membership,
  MembershipChange,
} from '../../contracts/index.ts';
import { CoxswainError } from '../../errors.ts';
import {
  type Configuration,
  isEstablished,
  membersOf,
  planChange,
  planTransfer,
  type RaftEvent,
  type RaftState,
  versionOf,
} from '../../raft/index.ts';
import { membershipOf } from '../membership.ts';
import type { Roster } from '../roster.ts';
import type { Call, CallInit } from './call.ts';
import { HandoverCall, type Successor } from './handover-call.ts';
import { MembersCall } from './members-call.ts';
import type { Operation } from './operation.ts';
import type { Wait } from './requests.ts';

export interface OperationsParts {
  readonly state: RaftState;
  readonly roster: Roster;
  readonly clock: Clock;
  readonly maxMembers: number;
  readonly push: (event: RaftEvent) => void;
  /** Until `look` gives something else than undefined. */
  readonly waitFor: <T>(look: () => T | undefined, wait: Wait) => Promise<T>;
  readonly startDeadline: (call: Call<never>, wait: Wait) => void;
}

/** Operations that wait at a time: a count. */
const MAX_OPERATIONS = 1024;

export class Operations {
  readonly #parts: OperationsParts;
  /** By the event that the core is to be handed: until then its state says nothing of them. */
  readonly #begun = new Map<RaftEvent, Operation<never>>();
  #open: Operation<never>[] = [];

  constructor(parts: OperationsParts) {
    this.#parts = parts;
  }

  async changeMembers(
    change: MembershipChange,
    ifVersion: number | undefined,
    wait: Wait,
  ): Promise<Membership> {
    const { clock, roster, state, waitFor } = this.#parts;
    // A leader that was just elected is about to commit its first entry.
    const isNew = () => state.role === 'leader' && !isEstablished(state);
    if (isNew()) await waitFor(() => (isNew() ? undefined : true), wait);
    return this.#start(wait, (init) => {
      const plan = () => this.#plan(change, ifVersion);
      const config = plan();
      const { add = [], promote = [], replace = [] } = change;
      const joining = [...idsOf(add), ...promote, ...idsOf(replace.map(({ by }) => by))];
      roster.expect(config, comingOf(change));
      const membership = () => membershipOf(state, roster);
      const call = new MembersCall(init, { state, config, joining, membership, replan: plan });
      const version = versionOf(state);
      const wallMs = Math.max(0, Math.floor(clock.wallMs()));
      return [{ type: 'change', config, version, wallMs }, call];
    });
  }

  transfer(to: MemberId | undefined, wait: Wait): Promise<Successor> {
    const { state } = this.#parts;
    return this.#start(wait, (init) => {
      const chosen = planTransfer(state, to);
      return [{ type: 'transfer', to: chosen }, new HandoverCall(init, state, chosen)];
    });
  }

  /** The core was handed `event`. One that came in the midst of a turn waits for the next. */
  handled(event: RaftEvent): void {
    const operation = this.#begun.get(event);
    if (operation === undefined) return;
    this.#begun.delete(event);
    this.#open.push(operation);
  }

  /** After every turn. */
  check(): void {
    if (this.#open.length === 0) return;
    for (const operation of this.#open) operation.check();
    this.#open = this.#open.filter((operation) => !operation.settled);
  }

  failAll(error: CoxswainError): void {
    for (const operation of [...this.#open, ...this.#begun.values()]) operation.end(error);
    this.#open = [];
    this.#begun.clear();
  }

  #start<T>(wait: Wait, make: (init: CallInit<T>) => [RaftEvent, Operation<T>]): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting = this.#open.length + this.#begun.size;
      if (waiting >= MAX_OPERATIONS) {
        const message = `${waiting} changes and transfers wait`;
        const details = { outcome: 'not-applied', retryable: true } as const;
        throw new CoxswainError('ERR_QUEUE_FULL', message, details);
      }
      const [event, operation] = make({ resolve, reject, signal: wait.signal });
      this.#begun.set(event, operation);
      this.#parts.push(event);
      this.#parts.startDeadline(operation, wait);
    });
  }

  #plan(change: MembershipChange, ifVersion: number | undefined): Configuration {
    const { maxMembers, state } = this.#parts;
    const { add = [], learners = [], replace = [], ...rest } = change;
    const pairs = replace.map(({ by, id }) => ({ id, by: by.id }));
    const ids = { ...rest, add: idsOf(add), learners: idsOf(learners), replace: pairs };
    const config = planChange(state, ids, ifVersion);
    const count = membersOf(config).length;
    if (count <= maxMembers) return config;
    const message = `changeMembers: ${count} members; accepted: limits.maxMembers, ${maxMembers}`;
    throw new CoxswainError('ERR_INVALID_OPTION', message, { outcome: 'not-applied' });
  }
}

function comingOf({ add = [], learners = [], replace = [] }: MembershipChange): readonly Member[] {
  return [...add, ...learners, ...replace.map(({ by }) => by)];
}

function idsOf(members: readonly Member[]): readonly MemberId[] {
  return members.map(({ id }) => id);
}
