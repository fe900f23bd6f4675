// Reads off each step of the core what came of it: elections, entries, answers. It asks no clock:
// the step's own time is good enough.
import {
  bytesOf,
  type Candidacy,
  type Effect,
  type MemberId,
  type RaftEvent,
  type RaftState,
  type Receive,
  type Role,
  type Send,
} from '../../raft/index.ts';
import type { Counting } from './counters.ts';
import { type Histogram, latencyHistogram } from './histogram.ts';
import { Marks } from './marks.ts';
import { PeerMeter } from './peer-meter.ts';

/** A leader's batches of entries on their way to be committed that are measured: a count. */
const MAX_MARKS = 1024;

export class CoreMeter {
  readonly electionMs: Histogram = latencyHistogram();
  readonly leaderlessMs: Histogram = latencyHistogram();
  readonly commitMs: Histogram = latencyHistogram();
  readonly replicationMs: Histogram = latencyHistogram();
  readonly #state: RaftState;
  readonly #counting: Counting;
  readonly #marks = new Marks(MAX_MARKS);
  readonly #peers = new Map<MemberId, PeerMeter>();
  // As the step before left them.
  #role: Role;
  #term: number;
  #leader: MemberId | undefined;
  #candidacy: Candidacy | undefined;
  #commit: number;
  /** The leader known last, and its term. */
  #lastLeader: MemberId | undefined;
  #lastLeaderTerm = 0;
  #leaderlessSinceMs: number;
  #standingSinceMs = 0;

  constructor(state: RaftState, counting: Counting) {
    this.#state = state;
    this.#counting = counting;
    this.#role = state.role;
    this.#term = state.term;
    this.#leader = state.leader;
    this.#candidacy = state.candidacy;
    this.#commit = state.commit;
    this.#leaderlessSinceMs = state.now;
  }

  /** Of a follower of this leader. */
  peer(id: MemberId): PeerMeter | undefined {
    return this.#peers.get(id);
  }

  /** After each step, before its effects are run. */
  look(event: RaftEvent, effects: readonly Effect[]): void {
    const { candidacy, commit, leader, role, term } = this.#state;
    const isStanding = role === this.#role && candidacy === this.#candidacy;
    // First: what a new leader appends and sends is its own.
    if (!isStanding || term !== this.#term) this.#stand(event);
    if (leader !== this.#leader) this.#follow();
    for (const effect of effects) this.#lookAt(effect);
    if (event.type === 'receive') this.#received(event);
    else this.#lookAtSnapshot(event);
    if (commit !== this.#commit) this.#committed();
  }

  #lookAt(effect: Effect): void {
    const { now } = this.#state;
    switch (effect.type) {
      case 'append':
        this.#marks.add(effect.until - 1, now);
        this.#appended(effect.from, effect.until);
        break;
      case 'accept':
        this.#appended(effect.from, effect.until);
        break;
      case 'send':
        this.#sent(effect);
        break;
      case 'store-chunk':
        this.#counting.snapshotStoredBytes += effect.until - effect.from;
        break;
      case 'members':
        this.#forgetPeers();
        break;
      default:
    }
  }

  #lookAtSnapshot(event: RaftEvent): void {
    const counting = this.#counting;
    if (event.type === 'snapshot-taken' && event.head !== undefined) counting.snapshotsTaken++;
    else if (event.type === 'snapshot-received') counting.snapshotsReceived++;
    else if (event.type === 'snapshot-refused') counting.snapshotsRefused++;
    else if (event.type === 'restored') counting.restores++;
  }

  #appended(from: number, until: number): void {
    this.#counting.appendedEntries += until - from;
    this.#counting.appendedBytes += bytesOf(this.#state.log, from, until);
  }

  #sent({ message, to }: Send): void {
    if (message.type === 'append-reject') this.#counting.appendRejectsSent++;
    if (message.type === 'snapshot-chunk') {
      this.#counting.snapshotSentBytes += message.until - message.from;
    }
    if (message.type !== 'append' || message.until === message.from) return;
    let peer = this.#peers.get(to);
    if (peer === undefined) {
      peer = new PeerMeter();
      this.#peers.set(to, peer);
    }
    peer.sent(message, this.#state.now, this.#counting);
  }

  #received({ from, message }: Receive): void {
    const { leading, log, now } = this.#state;
    if (leading === undefined) return;
    if (message.type === 'append-reject') this.#counting.appendRejectsReceived++;
    if (message.type !== 'append-ack' && message.type !== 'heartbeat-ack') return;
    const progress = leading.progress.get(from);
    if (progress === undefined) return;
    this.#peers.get(from)?.acknowledged(progress, log, now, this.#counting, this.replicationMs);
  }

  #committed(): void {
    const { commit, log, now, role } = this.#state;
    const before = Math.max(this.#commit, log.base.index);
    this.#counting.committedEntries += commit - this.#commit;
    this.#counting.committedBytes += bytesOf(log, before + 1, commit + 1);
    this.#commit = commit;
    if (role === 'leader') this.#marks.reach(commit, now, this.commitMs);
  }

  /** Its role is another, or its term, or it stands anew. */
  #stand(event: RaftEvent): void {
    const { candidacy, now, role, term } = this.#state;
    const before = this.#role;
    const isAnew = candidacy !== undefined && candidacy !== this.#candidacy;
    const hasAskedFirst = event.type === 'timeout' || event.type === 'campaign';
    const counting = this.#counting;
    if (term !== this.#term) counting.termChanges++;
    if (isAnew && (role === 'pre-candidate' || hasAskedFirst)) counting.preVotesBegun++;
    if (isAnew && role === 'candidate') counting.electionsBegun++;
    if (isAnew && (before === 'follower' || before === 'leader')) this.#standingSinceMs = now;
    if (before === 'candidate' && role !== 'leader') counting.electionsLost++;
    if (before === 'leader' && role !== 'leader') counting.leadershipsLost++;
    if (before !== 'leader' && role === 'leader') {
      counting.electionsWon++;
      this.electionMs.record(now - this.#standingSinceMs);
    }
    if (before === 'leader' || role === 'leader') {
      this.#marks.clear();
      this.#peers.clear();
    }
    this.#role = role;
    this.#term = term;
    this.#candidacy = candidacy;
  }

  /** It knows of another leader, or of none any more. */
  #follow(): void {
    const { leader, now, term } = this.#state;
    const before = this.#leader;
    this.#leader = leader;
    if (leader === undefined) {
      this.#leaderlessSinceMs = now;
      return;
    }
    if (before === undefined) this.leaderlessMs.record(now - this.#leaderlessSinceMs);
    if (leader === this.#lastLeader && term === this.#lastLeaderTerm) return;
    this.#counting.leaderChanges++;
    this.#lastLeader = leader;
    this.#lastLeaderTerm = term;
  }

  /** Whoever is no follower any more; many may come and go in one term. */
  #forgetPeers(): void {
    const { leading } = this.#state;
    for (const id of this.#peers.keys()) {
      if (leading?.progress.has(id) !== true) this.#peers.delete(id);
    }
  }
}
