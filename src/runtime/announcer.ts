// Tells the host what a turn has changed, at its end: listeners of the node, and subscribers of the
// process. A listener that throws harms nobody else.
import type { EventEmitter } from 'eventemitter3';
import type { Logger, Membership } from '../contracts/index.ts';
import type { RaftState, SnapshotHead } from '../raft/index.ts';
import { type MessageOrigin, publishEvent } from './channels.ts';
import type { DivergenceEvent, NodeEvents, StallEvent } from './events.ts';

export type Emit = <E extends keyof NodeEvents>(
  event: E,
  ...args: EventEmitter.EventArgs<NodeEvents, E>
) => void;

export interface AnnouncerParts {
  readonly state: RaftState;
  readonly emit: Emit;
  readonly logger: Logger;
  readonly members: () => Membership;
  /** Is that the name of a snapshot of this run? */
  readonly isOwn: (snapshotId: string) => boolean;
  readonly origin: MessageOrigin;
}

export class Announcer {
  readonly #state: RaftState;
  readonly #emit: Emit;
  readonly #logger: Logger;
  readonly #membership: () => Membership;
  readonly #isOwn: (snapshotId: string) => boolean;
  readonly #origin: MessageOrigin;
  #membersChanged = false;
  #stalls: StallEvent[] = [];
  #divergences: DivergenceEvent[] = [];
  #told: Pick<RaftState, 'role' | 'term' | 'leader' | 'commit'>;
  #snapshot: SnapshotHead | undefined;

  constructor({ emit, isOwn, logger, members, origin, state }: AnnouncerParts) {
    this.#state = state;
    this.#emit = emit;
    this.#logger = logger;
    this.#membership = members;
    this.#isOwn = isOwn;
    this.#origin = origin;
    const { commit, leader, role, term } = state;
    this.#told = { commit, leader, role, term };
    this.#snapshot = state.snapshots.latest;
  }

  membersChanged(): void {
    this.#membersChanged = true;
  }

  stall(event: StallEvent): void {
    this.#stalls.push(event);
  }

  divergence(event: DivergenceEvent): void {
    this.#divergences.push(event);
  }

  endTurn(): void {
    this.#announceKept();
    if (this.#membersChanged) {
      this.#membersChanged = false;
      this.announce('members', this.#membership());
    }
    this.#announceSnapshot();
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

  #announceKept(): void {
    if (this.#stalls.length > 0) {
      const stalls = this.#stalls;
      this.#stalls = [];
      for (const event of stalls) this.announce('stall', event);
    }
    if (this.#divergences.length === 0) return;
    const divergences = this.#divergences;
    this.#divergences = [];
    for (const event of divergences) this.announce('divergence', event);
  }

  #announceSnapshot(): void {
    const { latest } = this.#state.snapshots;
    if (latest === undefined || latest === this.#snapshot) return;
    this.#snapshot = latest;
    const { bytes, id, index, term } = latest;
    const origin = this.#isOwn(id) ? 'taken' : 'received';
    this.#logger.info({ id, index, term, bytes, origin }, 'a snapshot is durable');
    this.announce('snapshot', { index, term, bytes, origin });
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
