import { describe, expect, it } from 'vitest';
import { change, commitBy, configAppend, configsAt, hearBeats, leaderOf } from './changing.ts';
import { ack, configOf, makeLeader, progress, progressOf, TestMember } from './member.ts';

const followed = (member: TestMember) => progressOf(member).map(([id]) => id);

/** One heartbeat after another, acknowledged by these, until so much time has passed. */
function beatFor(member: TestMember, ms: number, ...ids: readonly string[]): void {
  const end = member.now + ms;
  while (member.now < end) {
    member.timeout();
    hearBeats(member, ...ids);
  }
}

describe('a leader keeps progress', () => {
  it('of everyone in any configuration that may be in force', () => {
    const configs = configsAt(
      [1, configOf({ voters: ['a', 'b', 'c'], learners: ['l'] })],
      [2, configOf({ voters: ['a', 'b'], learners: ['m'] })],
    );
    const member = new TestMember({ terms: [1, 1], commit: 1, configs });
    makeLeader(member);
    expect(followed(member).sort()).toEqual(['b', 'c', 'l', 'm']);
  });

  it('of one that it removes until that one was told that it is committed', () => {
    const member = leaderOf();
    change(member, { remove: ['c'] });
    expect(member.sentTo('c')).toHaveLength(1);
    commitBy(member, 'b');
    member.timeout();
    expect(followed(member)).toEqual(['b', 'c']);
    ack(member, 'c', member.state.log.last);
    hearBeats(member, 'b');
    member.step({ type: 'timeout' });
    beatFor(member, 20, 'b');
    expect(followed(member)).toEqual(['b']);
  });

  it('of one that it removes and that never answers for a bounded time (M12)', () => {
    const member = leaderOf();
    change(member, { remove: ['c'] });
    commitBy(member, 'b');
    const { electionMaxMs } = member.state.options;
    beatFor(member, 9 * electionMaxMs, 'b');
    expect(followed(member)).toEqual(['b', 'c']);
    beatFor(member, 2 * electionMaxMs, 'b');
    expect(followed(member)).toEqual(['b']);
    expect(member.sentTo('c')).toEqual([]);
  });

  it('of one that it removes for as long as that is not committed', () => {
    const member = leaderOf({ voters: ['a', 'b', 'c', 'd', 'e'] });
    change(member, { remove: ['e'] });
    beatFor(member, 3000, 'b', 'c', 'd');
    expect(followed(member)).toEqual(['b', 'c', 'd', 'e']);
  });

  it('anew of one that comes back, on a stream that was never used before', () => {
    const member = leaderOf();
    const before = progress(member, 'c').stream;
    change(member, { remove: ['c'] });
    commitBy(member, 'b');
    change(member, { add: ['c'] });
    const { match, stream, catchUp } = progress(member, 'c');
    expect({ match, done: catchUp?.done }).toEqual({ match: 0, done: false });
    expect(stream).toBeGreaterThan(before);
    // What the one before had to say counts for nothing.
    const late = { type: 'append-ack', term: 2, stream: before, match: 3 } as const;
    member.receive('c', late);
    expect(progress(member, 'c').match).toBe(0);
    expect(member.state.recognition.pins.has('c')).toBe(false);
  });

  it('anew, and never on an old stream, also of one that it had let go of', () => {
    const member = leaderOf();
    // A refusal moves c on to another stream.
    member.propose(1);
    const { stream } = progress(member, 'c');
    const reject = {
      type: 'append-reject',
      term: 2,
      prevIndex: 3,
      hintIndex: 2,
      hintTerm: 2,
    } as const;
    member.receive('c', { ...reject, stream });
    const last = progress(member, 'c').stream;
    expect(last).toBeGreaterThan(stream);
    change(member, { remove: ['c'] });
    commitBy(member, 'b');
    beatFor(member, 2500, 'b');
    expect(followed(member)).toEqual(['b']);
    change(member, { learners: ['c', 'd'] });
    expect(progress(member, 'c').stream).toBeGreaterThan(last);
    expect(progress(member, 'd').stream).toBeGreaterThan(last);
  });
});

describe('a learner', () => {
  it('forgets a leader that it does not hear for a whole timeout, and stands for nothing', () => {
    const config = configOf({ voters: ['b', 'c'], learners: ['a'] });
    const member = new TestMember({
      terms: [1],
      term: 2,
      commit: 1,
      configs: configsAt([1, config]),
    });
    member.receive('b', ...configAppend({ term: 2, prev: [1, 1] }, [[2]]));
    member.writeAll();
    expect(member.state.leader).toBe('b');
    member.timeout();
    expect(member.state).toMatchObject({ leader: undefined, role: 'follower', term: 2 });
    expect(member.effects).toEqual([
      { type: 'role', role: 'follower', term: 2, leader: undefined },
    ]);
  });
});
