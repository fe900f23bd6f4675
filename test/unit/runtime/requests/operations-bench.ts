// A leader of three whose operations the test drives turn by turn, with the roster a node keeps.
import type { Membership, MembershipChange } from '../../../../src/contracts/index.ts';
import { CoxswainError, type ErrorCode } from '../../../../src/errors.ts';
import type { RaftEvent } from '../../../../src/raft/index.ts';
import { membershipOf } from '../../../../src/runtime/membership.ts';
import type { Call } from '../../../../src/runtime/requests/call.ts';
import { Operations, type Successor } from '../../../../src/runtime/requests/index.ts';
import { Waiter, Waiters } from '../../../../src/runtime/requests/waiters.ts';
import { Roster } from '../../../../src/runtime/roster.ts';
import { ManualClock } from '../../../../src/testkit/index.ts';
import { ack, appendOf, type MemberInit, progress, settledLeader } from '../../raft/member.ts';

const peers = ['a', 'b', 'c'].map((id) => ({ id, address: `${id}:1` }));

export class OperationsBench {
  readonly leader;
  readonly roster = new Roster([{ index: 0, members: peers }]);
  readonly operations: Operations;
  readonly waiters = new Waiters();
  readonly clock = new ManualClock();
  /** What was begun, so that a test can let its time run out. */
  readonly calls: Call<never>[] = [];
  /** Events that the core is to be handed in the next turn. */
  readonly queue: RaftEvent[] = [];

  constructor({ maxMembers = 64, ...init }: MemberInit & { readonly maxMembers?: number } = {}) {
    this.leader = settledLeader(init);
    const step = this.leader.step.bind(this.leader);
    this.leader.step = (event) => {
      const effects = step(event);
      for (const effect of effects) {
        if (effect.type === 'members') this.roster.keep(effect.configs);
        if (effect.type !== 'append' || effect.config === undefined) continue;
        this.roster.append(effect.from, effect.config);
      }
      return effects;
    };
    this.operations = new Operations({
      ...{ state: this.leader.state, roster: this.roster, maxMembers },
      push: (event) => void this.queue.push(event),
      clock: this.clock,
      waitFor: (look, wait) =>
        new Promise((resolve, reject) => {
          this.waiters.add(new Waiter({ ...wait, resolve, reject, look }));
        }),
      startDeadline: (call) => void this.calls.push(call),
    });
  }

  /** Its promise may be rejected before the test looks at it. */
  change(change: MembershipChange, ifVersion?: number, signal?: AbortSignal): Promise<Membership> {
    const wait = { signal, timeoutMs: 1000 };
    const promise = this.operations.changeMembers(change, ifVersion, wait);
    promise.catch(() => undefined);
    return promise;
  }

  transfer(to?: string, signal?: AbortSignal): Promise<Successor> {
    const promise = this.operations.transfer(to, { signal, timeoutMs: 1000 });
    promise.catch(() => undefined);
    return promise;
  }

  membership(): Membership {
    return membershipOf(this.leader.state, this.roster);
  }

  /** The core is handed what was begun; then everyone who waits looks. */
  turn(): void {
    for (const event of this.queue.splice(0)) {
      this.leader.step(event);
      this.operations.handled(event);
    }
    this.operations.check();
  }

  /** Everything in the log becomes durable here and on these members; a turn ends. */
  replicate(...ids: readonly string[]): void {
    const { last } = this.leader.state.log;
    this.leader.writeAll();
    for (const id of ids) {
      ack(this.leader, id, last);
      if (progress(this.leader, id).match === last) continue;
      // It was met for the first time: that must be durable before its word counts.
      this.leader.writeAll();
      ack(this.leader, id, last);
    }
    this.turn();
  }

  /** The node is gone, for that reason. */
  end(code: ErrorCode): void {
    this.operations.failAll(new CoxswainError(code, 'the node ended'));
  }

  /** Another member leads in a later term; its entries replace what is not committed here. */
  depose(entries: number): void {
    const { commit, term } = this.leader.state;
    const later = term + 1;
    const terms = Array.from({ length: entries }, () => later);
    this.leader.receive('b', ...appendOf({ term: later, prev: [commit, term] }, terms));
    this.leader.writeAll();
    this.turn();
  }
}
