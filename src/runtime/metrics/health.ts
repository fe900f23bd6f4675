// How well a node is, and its cluster as far as it can tell. Every word has one exact meaning.
import type { CoxswainError } from '../../errors.ts';
import {
  bytesOf,
  isEstablished,
  type RaftState,
  type Voters,
  voteResult,
} from '../../raft/index.ts';

export type NodeHealth = 'ok' | 'degraded' | 'stopped';

/**
 * Why a node is not `ok`.
 *
 * - `not-admitted`: a first member of a new cluster has not heard enough of the others yet.
 * - `no-leader`: no leader is known.
 * - `leader-silent`: none was heard for longer than `electionTimeoutMs[0]`.
 * - `quorum-silent`: this member leads, and cannot commit: see `canCommit`.
 * - `store-slow`: one write of the log store has taken longer than `electionTimeoutMs[0]`.
 * - `machine-slow`: the machine has been at one batch for longer than that.
 * - `machine-behind`: what is committed and not applied is over half of `limits.maxApplyLagBytes`.
 * - `machine-differs`: the machine was found to differ from the others, and is not repaired yet.
 * - `closed`: the node was closed. Of a node that stopped by itself: the code of its fault.
 */
export type HealthReason =
  | 'not-admitted'
  | 'no-leader'
  | 'leader-silent'
  | 'quorum-silent'
  | 'store-slow'
  | 'machine-slow'
  | 'machine-behind'
  | 'machine-differs'
  | 'closed'
  | CoxswainError['code'];

export interface ClusterHealth {
  /** A leader is known, and was heard within `electionTimeoutMs[0]`. True on the leader itself. */
  readonly hasLeader: boolean;
  /** Voters of the configuration in force, both halves of a joint one, once each. */
  readonly voters: number;
  /**
   * Voters that the leader has heard within half of `electionTimeoutMs[0]`, two heartbeats at
   * least, itself among them. Undefined on other members: they cannot know.
   */
  readonly votersHeard: number | undefined;
  /** Of those, the ones that hold every entry this leader knows to be committed. */
  readonly votersInSync: number | undefined;
  /**
   * On the leader: the voters heard are a quorum, and an entry of its own term is committed. On
   * another member: `hasLeader`, which is all that it knows.
   */
  readonly canCommit: boolean;
  /** How many more voters, whichever they are, the leader could lose and commit on; 0 at least. */
  readonly faultTolerance: number | undefined;
}

export interface Health {
  readonly node: NodeHealth;
  /** Empty when it is `ok`. */
  readonly reasons: readonly HealthReason[];
  readonly cluster: ClusterHealth;
}

export interface HealthInputs {
  readonly nowMs: number;
  readonly applied: number;
  readonly writingMs: number;
  readonly applyingMs: number;
  readonly running: boolean;
  readonly fault: CoxswainError | undefined;
}

export function healthOf(state: RaftState, inputs: HealthInputs): Health {
  const { fault, running } = inputs;
  if (!running) {
    const cluster = { ...clusterHealth(state, inputs.nowMs), hasLeader: false, canCommit: false };
    return { node: 'stopped', reasons: [fault?.code ?? 'closed'], cluster };
  }
  const cluster = clusterHealth(state, inputs.nowMs);
  const reasons = reasonsOf(state, inputs, cluster);
  return { node: reasons.length === 0 ? 'ok' : 'degraded', reasons, cluster };
}

function reasonsOf(
  state: RaftState,
  { applied, applyingMs, writingMs }: HealthInputs,
  { canCommit, hasLeader }: ClusterHealth,
): HealthReason[] {
  const { commit, leader, log, options, recognition, role, snapshots } = state;
  const lagBytes = bytesOf(log, Math.max(applied, log.base.index) + 1, commit + 1);
  const reasons: HealthReason[] = [];
  if (!recognition.admitted) reasons.push('not-admitted');
  if (leader === undefined) reasons.push('no-leader');
  else if (!hasLeader) reasons.push('leader-silent');
  if (role === 'leader' && !canCommit) reasons.push('quorum-silent');
  if (writingMs > options.electionMinMs) reasons.push('store-slow');
  if (applyingMs > options.electionMinMs) reasons.push('machine-slow');
  if (lagBytes > options.maxApplyLagBytes / 2) reasons.push('machine-behind');
  if (snapshots.repairFrom > 0) reasons.push('machine-differs');
  return reasons;
}

function clusterHealth(state: RaftState, nowMs: number): ClusterHealth {
  const { commit, config, following, id: self, leader, leading, log, options } = state;
  const ids = new Set([...config.voters, ...config.outgoing]);
  if (leading === undefined) {
    const hasLeader = leader !== undefined && nowMs - following.contactMs <= options.electionMinMs;
    const unknown = { votersHeard: undefined, votersInSync: undefined, faultTolerance: undefined };
    return { hasLeader, voters: ids.size, ...unknown, canCommit: hasLeader };
  }
  const recentMs = Math.max(options.electionMinMs / 2, 2 * options.heartbeatMs);
  const heard = new Set<string>();
  let votersInSync = 0;
  for (const id of ids) {
    const { contactMs, match } = leading.progress.get(id) ?? { contactMs: -Infinity, match: 0 };
    if (id !== self && nowMs - contactMs > recentMs) continue;
    heard.add(id);
    if ((id === self ? log.durable : match) >= commit) votersInSync++;
  }
  const isQuorum = voteResult(config, (id) => heard.has(id)) === 'won';
  return {
    hasLeader: true,
    voters: ids.size,
    votersHeard: heard.size,
    votersInSync,
    canCommit: isQuorum && isEstablished(state),
    faultTolerance: toleranceOf(config, heard),
  };
}

/** The half that can lose fewer counts. */
function toleranceOf({ outgoing, voters }: Voters, heard: ReadonlySet<string>): number {
  const halves = [voters, outgoing].filter((half) => half.length > 0);
  const spare = halves.map((half) => {
    const count = half.filter((id) => heard.has(id)).length;
    return Math.max(0, count - Math.floor(half.length / 2) - 1);
  });
  return spare.length === 0 ? 0 : Math.min(...spare);
}
