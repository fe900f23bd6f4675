// How the leader takes the cluster from one configuration to the next (thesis §4). One at a time,
// each in force when it is appended, and the next only when it is committed.
import { CoxswainError } from '../errors.ts';
import { assert } from '../lib/assert.ts';
import { changed, follows, joined, left, type MembersChange } from './changes.ts';
import type { ChangeMembers } from './events.ts';
import { followConfigurations, forgetProgress } from './followers.ts';
import { adoptConfiguration } from './in-force.ts';
import {
  type Configuration,
  isJoint,
  isMember,
  isVoter,
  membersOf,
  versionOf,
} from './membership.ts';
import { incarnationOf, isProven } from './recognition.ts';
import { appendOwn, heartbeat, sendToAll } from './replication.ts';
import { becomeFollower, isEstablished, notLeader } from './roles.ts';
import type { Leading, RaftState } from './state.ts';
import { heirOf, sendTimeoutNow } from './transfer.ts';

/** Room that a member takes in a `members` entry at most, in bytes. */
const MEMBER_BYTES = 1400;

/**
 * What `change` makes of the configuration in force, for a `change` event. Throws ERR_NOT_LEADER,
 * ERR_MEMBERS_CHANGED, ERR_MEMBERS_BUSY or ERR_INVALID_OPTION.
 */
export function planChange(
  state: RaftState,
  change: MembersChange,
  ifVersion?: number,
): Configuration {
  if (state.role !== 'leader') throw notLeader(state, 'changes members');
  const index = versionOf(state);
  if (ifVersion !== undefined && ifVersion !== index) {
    const at = `the membership is at version ${index}, not at ${ifVersion}`;
    const message = `${at}: ask members() again`;
    throw new CoxswainError('ERR_MEMBERS_CHANGED', message, { outcome: 'not-applied' });
  }
  const reason = busyWith(state);
  if (reason !== undefined) {
    const message = `${reason}; accepted: the same call after that`;
    const details = { outcome: 'not-applied', retryable: true } as const;
    throw new CoxswainError('ERR_MEMBERS_BUSY', message, details);
  }
  return withIncarnations(state, changed(state.config, change));
}

export function changeMembers(state: RaftState, event: ChangeMembers): void {
  const { config, version, wallMs } = event;
  if (state.role !== 'leader' || version !== versionOf(state)) return;
  if (busyWith(state) !== undefined || !follows(config, state.config)) return;
  state.log.lastTimeMs = Math.max(state.log.lastTimeMs, wallMs);
  appendConfiguration(state, config);
}

/** What the leader does of itself, in the step in which it may: finish what a change began. */
export function advanceMembers(state: RaftState): void {
  const { config, leading } = state;
  if (leading === undefined || !isSettled(state)) return;
  if (!isJoint(config) && !isVoter(config, state.id)) {
    resign(state);
  } else if (leading.handover !== undefined) {
    // Another entry would take the votes from the one that was promised the whole log.
    return;
  } else if (isJoint(config)) {
    appendConfiguration(state, left(config));
  } else if (isProven(state) && haveCaughtUp(state, leading)) {
    appendConfiguration(state, withIncarnations(state, joined(config)));
  }
}

function appendConfiguration(state: RaftState, config: Configuration): void {
  const { leading, log, term } = state;
  assert(leading !== undefined && follows(config, state.config), 'majorities overlap (§6)');
  const ids = membersOf(config);
  for (const id of ids) if (!isMember(state.config, id)) forgetProgress(leading, id);
  const from = log.last + 1;
  appendOwn(state, MEMBER_BYTES * ids.length);
  const timeMs = log.lastTimeMs;
  const until = from + 1;
  state.effects.push({ type: 'append', kind: 'members', config, from, until, term, timeMs });
  adoptConfiguration(state, from, config);
  followConfigurations(state, leading);
  sendToAll(state);
}

/** Is the configuration in force committed, and has this leader committed an entry of its own? */
function isSettled(state: RaftState): boolean {
  return isEstablished(state) && versionOf(state) <= state.commit;
}

/** Why no change may begin now; undefined if one may (the single-server erratum of 2015). */
function busyWith(state: RaftState): string | undefined {
  const { commit, config, leading } = state;
  const index = versionOf(state);
  if (!isEstablished(state)) return 'this leader has not committed an entry of its own yet';
  if (index > commit) return `the change at index ${index} is not committed yet`;
  if (isJoint(config)) return `the change at index ${index} is not complete yet`;
  if (leading?.handover === undefined) return undefined;
  return `leadership is on its way to ${leading.handover.to}`;
}

/** A learner may be let in that would hold up nothing: it has caught up, is heard, and is known. */
function haveCaughtUp(state: RaftState, { progress }: Leading): boolean {
  const { config, now, options } = state;
  if (config.joining.length === 0) return false;
  return config.joining.every(({ id }) => {
    const follower = progress.get(id);
    if (follower?.catchUp?.done !== true || incarnationOf(state, id) === undefined) return false;
    return now - follower.contactMs < options.electionMinMs;
  });
}

/** The change that took this leader's vote is committed: its work is done (§6). */
function resign(state: RaftState): void {
  heartbeat(state);
  const heir = heirOf(state);
  if (heir !== undefined) sendTimeoutNow(state, heir);
  becomeFollower(state, state.term, undefined);
}

/** What is durably known here of who is who goes into every configuration of this leader. */
function withIncarnations(state: RaftState, config: Configuration): Configuration {
  const incarnations = new Map(config.incarnations);
  for (const id of membersOf(config)) {
    const known = id === state.id ? state.incarnation : incarnationOf(state, id);
    if (known !== undefined && isProven(state)) incarnations.set(id, known);
  }
  return { ...config, incarnations };
}
