// Tells the host what a turn has changed, at its end: listeners of the node, and subscribers of the
// process. A listener that throws harms nobody else.
import type { EventEmitter } from 'eventemitter3';
import type { Logger, Membership } from '../contracts/index.ts';
import type { RaftState } from '../raft/index.ts';
import { type MessageOrigin, publishEvent } from './channels.ts';
import type { NodeEvents } from './events.ts';

export type Emit = <E extends keyof NodeEvents>(
  event: E,
  ...args: EventEmitter.EventArgs<NodeEvents, E>
) => void;

export class Announcer {
  readonly #state: RaftState;
  readonly #emit: Emit;
  readonly #logger: Logger;
  readonly #membership: () => Membership;
  readonly #origin: MessageOrigin;
  #membersChanged = false;
  #told: Pick<RaftState, 'role' | 'term' | 'leader' | 'commit'>;

  constructor(
    state: RaftState,
    emit: Emit,
    logger: Logger,
    membership: () => Membership,
    origin: MessageOrigin,
  ) {
    this.#state = state;
    this.#emit = emit;
    this.#logger = logger;
    this.#membership = membership;
    this.#origin = origin;
    const { commit, leader, role, term } = state;
    this.#told = { commit, leader, role, term };
  }

  membersChanged(): void {
    this.#membersChanged = true;
  }

  endTurn(): void {
    if (this.#membersChanged) {
      this.#membersChanged = false;
      this.announce('members', this.#membership());
    }
    const told = this.#told;
    const { commit, leader, role, term } = this.#state;
    const changedRole = role !== told.role || term !== told.term;
    const changedLeader = leader !== told.leader;
    const changedCommit = commit !== told.commit;
    if (!changedRole && !changedLeader && !changedCommit) return;
    this.#told = { commit, leader, role, term };
    if (changedRole) this.announce('role', { role, term });
    if (changedLeader) this.announce('leader', { leader, term });
    if (changedCommit) this.announce('committed', { index: commit });
  }

  announce<E extends keyof NodeEvents>(
    event: E,
    ...args: EventEmitter.EventArgs<NodeEvents, E>
  ): void {
    try {
      this.#emit(event, ...args);
    } catch (err) {
      this.#logger.error({ err, event }, 'a listener threw');
    }
    publishEvent(this.#origin, event, args[0]);
  }
}
