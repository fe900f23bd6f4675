// What must hold in every state, and across every step. Checked in tests, optionally in production.
import { assert } from '../lib/assert.ts';
import { follows } from './changes.ts';
import type { Effect, Role, Send } from './effects.ts';
import { lastTerm, termAt } from './log.ts';
import { type Configuration, isMember } from './membership.ts';
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
  readonly completed: number;
  /** Of the configuration in force: the index of its entry. */
  readonly version: number;
  readonly config: Configuration;
  readonly matches: ReadonlyMap<string, number>;
}

export function summarize(state: RaftState): Summary {
  const matches = new Map<string, number>();
  for (const [id, { match }] of state.leading?.progress ?? []) matches.set(id, match);
  return {
    term: state.term,
    votedFor: state.votedFor,
    role: state.role,
    commit: state.commit,
    commitTerm: termAt(state.log, state.commit) ?? -1,
    applying: state.applying,
    last: state.log.last,
    completed: state.writes.completed,
    version: state.configs.at(-1)?.index ?? 0,
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
  for (const progress of state.leading?.progress.values() ?? []) {
    assert(progress.match < progress.next, 'match < next');
    assert(progress.next <= log.last + 1, 'next ≤ last + 1');
    assert(
      progress.inflight.length <= Math.max(1, state.options.maxInflightAppends),
      'inflight appends are bounded',
    );
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
  // A leader that resigns counts to the last.
  const resigns = before.role === 'leader' && state.term === before.term;
  const told = state.commit > before.commit && state.role !== 'leader' && !resigns;
  assert(!told || state.commit <= state.following.verified, 'a follower commits what is verified');
  assert(
    (termAt(state.log, before.commit) ?? before.commitTerm) === before.commitTerm,
    'a committed entry never changes (§5.4.3)',
  );
  assert(state.applying >= before.applying, 'nothing is applied twice');
  const leads = before.role === 'leader' && state.role === 'leader' && state.term === before.term;
  if (leads) {
    assert(state.log.last >= before.last, 'a leader only appends (§5.3)');
    for (const [id, match] of before.matches) {
      // Whoever comes back under the id of a former member begins anew.
      if (!isMember(before.config, id) && isMember(state.config, id)) continue;
      const now = state.leading?.progress.get(id)?.match ?? match;
      assert(now >= match, 'match never goes back in a term');
    }
    for (const { config, index } of state.configs) {
      if (index <= before.last) continue;
      const isOwn = before.commitTerm === state.term || termAt(log, state.commit) === state.term;
      assert(isOwn, 'no change before an entry of the own term is committed (erratum of 2015)');
      assert(state.commit >= before.version, 'one change at a time');
      assert(follows(config, before.config), 'the majorities of two configurations overlap (§6)');
    }
    const byCounting = state.commit > before.commit;
    assert(
      !byCounting || termAt(state.log, state.commit) === state.term,
      'a leader commits entries of its own term only (§5.4.2)',
    );
  }
  for (const effect of effects) if (effect.type === 'send') checkSend(state, effect);
}

/** Nothing that shows the current term or vote leaves before both are durable. */
function checkSend(state: RaftState, { message, after }: Send): void {
  if (message.term !== state.term) return;
  const { hard, completed } = state.writes;
  assert(hard <= completed || after >= hard, 'messages wait for term and vote to be durable');
}
