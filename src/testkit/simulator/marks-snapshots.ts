// Which rare paths a run took with snapshots. Seen from outside, as all marks are, with a little
// memory: a transfer may begin under one leader and end under another.
import {
  type Effect,
  type RaftEvent,
  type Send,
  type Summary,
  versionOf,
} from '../../raft/index.ts';
import type { Mark } from './mark-labels.ts';
import type { SimMember } from './sim-member.ts';

type Say = (mark: Mark) => void;

/** A chunk that was sent: of which snapshot, on whose behalf, and up to which byte. */
interface Sent {
  readonly id: string;
  readonly term: number;
  readonly until: number;
}

export class SnapshotsWatch {
  readonly #say: Say;
  /** By place of the receiver: the chunk that came furthest. */
  readonly #sent = new Map<string, Sent>();
  /** By place: in which life and term it received which snapshot. */
  readonly #received = new Map<number, { id: string; life: number; term: number }>();

  constructor(say: Say) {
    this.#say = say;
  }

  observe(before: Summary, event: RaftEvent, member: SimMember, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === 'store-chunk') this.#observeChunk(member, effect.id);
      else if (effect.type === 'send') this.#observeSend(member, effect);
      else if (effect.type === 'write' && effect.reset !== undefined) {
        this.#observeInstall(before, member);
      }
    }
    if (event.type === 'receive' && event.message.type === 'snapshot-chunk') {
      const { incoming } = member.state.snapshots;
      const isHeld = effects.some(({ type }) => type === 'send') && incoming === undefined;
      const isUnderstood = event.message.term === member.state.term;
      if (isHeld && isUnderstood) this.#say('a snapshot that is held already is acknowledged');
    }
    if (event.type === 'snapshot-refused') this.#say('a damaged snapshot is refused');
    if (event.type === 'snapshot-taken') this.#observeTaken(before, event.head?.index, member);
    if (event.type === 'receive' && event.message.type === 'heartbeat-ack') {
      const isAnew = effects.some(
        (effect) => effect.type === 'send' && effect.message.type === 'snapshot-chunk',
      );
      const { distrusted } = member.state.snapshots;
      const known = this.#sent.get(`${member.at} ${event.from}`);
      if (isAnew && known?.until === 0 && distrusted !== undefined && distrusted !== known.id) {
        this.#say('another snapshot replaces a damaged one');
      }
    }
    if (event.type === 'timeout' && before.role === 'leader') this.#observeLeader(member);
  }

  /** Bytes of it were there before this leader, or before this life. */
  #observeChunk({ at, life, state }: SimMember, id: string): void {
    const known = this.#received.get(at);
    const { snapshots, term } = state;
    const { incoming } = snapshots;
    const isMore = known?.id === id && (incoming?.stored ?? 0) > 0;
    if (isMore && known.term !== term) this.#say('a transfer goes on under another leader');
    if (isMore && known.life !== life) this.#say('a transfer goes on after a restart');
    this.#received.set(at, { id, life, term });
  }

  #observeSend({ at }: SimMember, { message, to }: Send): void {
    if (message.type !== 'snapshot-chunk') return;
    const { from, head, term, until } = message;
    const key = `${at} ${to}`;
    const known = this.#sent.get(key);
    const isSame = known?.id === head.id && known.term === term;
    if (isSame && from < until && from < known.until) this.#say('a chunk is sent again');
    const furthest = isSame ? Math.max(known.until, until) : until;
    this.#sent.set(key, { id: head.id, term, until: furthest });
  }

  #observeInstall(before: Summary, { origin, state }: SimMember): void {
    const { config, id } = state;
    const isLearner = config.learners.includes(id);
    if (before.last === 0 && isLearner) this.#say('a learner joins by a snapshot');
    if (origin.entries.length > 0 && before.last > 0) {
      this.#say('a member that was away comes back by a snapshot');
    }
    if (before.last > state.log.last) this.#say('an install drops entries that conflict');
    if (before.version > 0 && before.version !== versionOf(state)) {
      this.#say('an install brings another configuration');
    }
  }

  #observeTaken(before: Summary, index: number | undefined, { state }: SimMember): void {
    const { latest } = state.snapshots;
    if (index === undefined || latest === undefined) return;
    if (index < latest.index) this.#say('a snapshot is taken after a newer one was received');
    const isHeld = [...(state.leading?.progress.values() ?? [])].some(
      ({ heldFrom, match }) => Math.max(heldFrom, match) === state.log.base.index,
    );
    if (isHeld && before.base < state.log.base.index && state.log.base.index < latest.index) {
      this.#say('log is held for a member that catches up');
    }
  }

  #observeLeader({ state }: SimMember): void {
    const { leading, now, options } = state;
    if (leading === undefined) return;
    const all = [...leading.progress.values()].filter(({ sending }) => sending !== undefined);
    if (all.length > 1) this.#say('snapshots are sent to two members at once');
    if (now >= leading.chunksDueMs) return;
    const most = options.snapshot.chunkBytes * options.snapshot.maxInflightChunks;
    const isWaiting = all.some(({ sending }) => {
      const { head, next = 0, stored } = sending ?? {};
      return stored !== undefined && next < (head?.bytes ?? 0) && next - stored < most;
    });
    if (isWaiting) this.#say('the rate delays a chunk');
  }
}
