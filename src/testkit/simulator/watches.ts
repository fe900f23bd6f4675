// All that looks for marks: at single steps, and with a memory of what came before them.
import { type Effect, isMember, type RaftEvent, type Summary } from '../../raft/index.ts';
import type { Mark } from './mark-labels.ts';
import { observeStep } from './marks.ts';
import { MembersWatch } from './marks-members.ts';
import { ReadsWatch } from './marks-reads.ts';
import { SnapshotsWatch } from './marks-snapshots.ts';
import { StallsWatch } from './marks-stalls.ts';
import type { SimMember } from './sim-member.ts';
import type { SimReads } from './sim-reads.ts';
import type { Standing } from './standing.ts';

/** What they see of a run. */
export interface Watched {
  readonly members: readonly SimMember[];
  readonly standing: Standing;
  readonly reads: Pick<SimReads<unknown, unknown>, 'isAsked'>;
  mark(label: Mark): void;
}

export class Watches {
  readonly #watched: Watched;
  readonly #say: (label: Mark) => void;
  readonly #changes: MembersWatch;
  readonly #reads: ReadsWatch;
  readonly #snapshots: SnapshotsWatch;
  readonly #stalls: StallsWatch;

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#say = (label) => watched.mark(label);
    this.#changes = new MembersWatch(this.#say);
    this.#reads = new ReadsWatch(this.#say);
    this.#snapshots = new SnapshotsWatch(this.#say);
    this.#stalls = new StallsWatch(this.#say);
  }

  observe(before: Summary, event: RaftEvent, member: SimMember, effects: readonly Effect[]): void {
    const { members, reads, standing } = this.#watched;
    observeStep(before, event, member.state, effects, this.#say);
    const { committed } = standing;
    const isRemoved = committed !== undefined && !isMember(committed.config, member.id);
    this.#changes.observe(before, event, member, effects, isRemoved);
    const isCutOff = () =>
      reads.isAsked(member) &&
      members.some(({ state, up }) => up && state.role === 'leader' && state.term > before.term);
    this.#snapshots.observe(before, event, member, effects);
    this.#reads.observe(before, event, member, effects, isCutOff);
    const from = event.type === 'receive' ? standing.member(event.from) : undefined;
    this.#stalls.observe(before, event, member, from);
  }
}
