// What must hold in every state, and across every step. Checked in tests, optionally in production.
import { assert } from '../lib/assert.ts';
import { follows } from './changes.ts';
import type { Effect, Role, Send } from './effects.ts';
import { lastTerm, termAt } from './log.ts';
import { type Configuration, versionOf } from './membership.ts';
import type { Progress } from './progress.ts';
import type { RaftState } from './state.ts';

/** The little of a state that the next one is compared with. */
export interface Summary {
  readonly term: number;
  readonly votedFor: string | undefined;
  readonly role: Role;
  readonly commit: number;
  readonly commitTerm: number;
  readonly applying: number;
  readonly last: number;
  /** Of the log: what is before it is in a snapshot only. */
  readonly base: number;
  readonly completed: number;
  /** Of the configuration in force: the index of its entry. */
  readonly version: number;
  readonly config: Configuration;
  /** Who was removed and added again is followed anew. */
  readonly matches: ReadonlyMap<Progress, number>;
}

export function summarize(state: RaftState): Summary {
  const matches = new Map<Progress, number>();
  for (const each of state.leading?.progress.values() ?? []) matches.set(each, each.match);
  return {
    term: state.term,
    votedFor: state.votedFor,
    role: state.role,
    commit: state.commit,
    commitTerm: termAt(state.log, state.commit) ?? -1,
    applying: state.applying,
    last: state.log.last,
    base: state.log.base.index,
    completed: state.writes.completed,
    version: versionOf(state),
    config: state.config,
    matches,
  };
}

/** Throws ERR_INVARIANT when the state contradicts itself. */
export function checkState(state: RaftState): void {
  const { log, writes } = state;
  assert(log.base.index <= log.durable && log.durable <= log.last, 'base ≤ durable ≤ last');
  assert(state.applied <= state.applying, 'applied ≤ applying');
  assert(state.applying <= state.commit && state.commit <= log.last, 'applying ≤ commit ≤ last');
  assert(state.following.verified <= log.last, 'verified ≤ last');
  assert(writes.hard <= writes.issued && writes.completed <= writes.issued, 'writes are numbered');
  assert(lastTerm(log) <= state.term, 'no entry is newer than the current term');
  let previous = { from: log.base.index, term: log.base.term };
  for (const run of log.runs) {
    assert(run.from > previous.from && run.from <= log.last, 'term runs follow each other');
    assert(run.term >= previous.term, 'terms never go back in a log');
    previous = run;
  }
  assert((state.role === 'leader') === (state.leading !== undefined), 'a leader keeps progress');
  assert(state.role !== 'leader' || state.leader === state.id, 'a leader knows itself');
  checkMembers(state);
  checkSnapshots(state);
  const { granted, wanted } = state.reading;
  assert(granted <= wanted, 'no read is answered that nobody asked for');
  const batch = state.leading?.reads.batch;
  assert((batch?.index ?? 0) <= state.commit, 'a read shows what is committed');
  for (const progress of state.leading?.progress.values() ?? []) {
    assert(progress.match < progress.next, 'match < next');
    assert(progress.next <= log.last + 1, 'next ≤ last + 1');
    assert(
      progress.inflight.length <= Math.max(1, state.options.maxInflightAppends),
      'inflight appends are bounded',
    );
  }
}

function checkSnapshots({ applied, commit, leading, log, snapshots }: RaftState): void {
  const { incoming, latest } = snapshots;
  assert(log.base.index <= (latest?.index ?? 0), 'what is not in the log is in a snapshot (§7)');
  assert((latest?.index ?? 0) <= commit, 'a snapshot holds what is committed');
  assert((incoming?.stored ?? 0) <= (incoming?.taken ?? 0), 'a chunk is stored after it was taken');
  assert(applied <= commit, 'applied ≤ commit');
  for (const { heldFrom, match, mode, sending } of leading?.progress.values() ?? []) {
    assert((mode === 'snapshot') === (sending !== undefined), 'a snapshot is sent in its mode');
    const isCaughtUp = match >= (latest?.index ?? 0);
    assert(!isCaughtUp || sending !== undefined || heldFrom === Infinity, 'no log is held in vain');
  }
}

function checkMembers({ commit, config, configs, log, recognition, role }: RaftState): void {
  assert(configs.at(-1)?.config === config, 'the latest configuration is in force (thesis §4.1)');
  for (const [at, { index }] of configs.entries()) {
    const before = configs[at - 1];
    assert(index <= log.last || at === 0, 'a configuration in force is in the log');
    assert(before === undefined || index > commit, 'only one configuration is committed');
    assert(before === undefined || before.index < index, 'configurations follow each other');
  }
  const isStanding = role !== 'follower';
  assert(!isStanding || recognition.admitted, 'only a member that is recognised stands');
}

/** Throws ERR_INVARIANT when the step from `before` to `state` broke a rule of the paper. */
export function checkStep(before: Summary, state: RaftState, effects: readonly Effect[]): void {
  const { log } = state;
  assert(state.term >= before.term, 'the term never goes back (§5.1)');
  if (state.term === before.term && before.votedFor !== undefined) {
    assert(state.votedFor === before.votedFor, 'one vote a term (§5.2)');
  }
  assert(state.commit >= before.commit, 'the commit index never goes back');
  // A leader that commits its own removal is none any more at the end of the step.
  const led = before.role === 'leader' && state.term === before.term;
  const told = state.commit > before.commit && state.role !== 'leader' && !led;
  assert(!told || state.commit <= state.following.verified, 'a follower commits what is verified');
  const byCounting = led && state.commit > before.commit;
  assert(
    !byCounting || termAt(state.log, state.commit) === state.term,
    'a leader commits entries of its own term only (§5.4.2)',
  );
  assert(
    (termAt(state.log, before.commit) ?? before.commitTerm) === before.commitTerm,
    'a committed entry never changes (§5.4.3)',
  );
  const isRestored = effects.some(({ type }) => type === 'restore');
  assert(isRestored || state.applying >= before.applying, 'nothing is applied twice');
  assert(state.log.base.index >= before.base, 'the base of the log never goes back');
  if (led && state.role === 'leader') {
    assert(state.log.last >= before.last, 'a leader only appends (§5.3)');
    for (const [progress, match] of before.matches) {
      assert(progress.match >= match, 'match never goes back in a term');
    }
    for (const { config, index } of state.configs) {
      if (index <= before.last) continue;
      const isOwn = before.commitTerm === state.term || termAt(log, state.commit) === state.term;
      assert(isOwn, 'no change before an entry of the own term is committed (erratum of 2015)');
      assert(state.commit >= before.version, 'one change at a time');
      assert(follows(config, before.config), 'the majorities of two configurations overlap (§6)');
    }
  }
  for (const effect of effects) if (effect.type === 'send') checkSend(state, effect);
}

/** Nothing that shows the current term or vote leaves before both are durable. */
function checkSend(state: RaftState, { message, after }: Send): void {
  if (message.term !== state.term) return;
  const { hard, completed } = state.writes;
  assert(hard <= completed || after >= hard, 'messages wait for term and vote to be durable');
}
