// First members of a new cluster that show themselves to each other.
import { describe, expect, it } from 'vitest';
import { createConfiguration } from '../../../src/raft/membership.ts';
import { appendOf, TestMember } from './member.ts';

function newcomer(): TestMember {
  const config = createConfiguration({ voters: ['a', 'b', 'c'] });
  return new TestMember({
    terms: [1],
    commit: 1,
    configs: [{ index: 1, config }],
    known: { admitted: false, pins: new Map() },
  });
}

describe('a greeting', () => {
  it('is answered each time, and returned only once: two would never end', () => {
    const member = newcomer();
    member.receive('b', { type: 'greeting', term: 1 });
    expect(member.sentTo('b').map(({ type }) => type)).toEqual(['greeting-reply', 'greeting']);
    member.receive('b', { type: 'greeting', term: 1 });
    expect(member.sentTo('b').map(({ type }) => type)).toEqual(['greeting-reply']);
  });

  it('is answered once it is durable who greets', () => {
    const member = newcomer();
    member.receive('b', { type: 'greeting', term: 1 });
    expect(member.only('greeting-reply')).toMatchObject({
      to: 'b',
      after: member.waiting[0]?.write,
    });
  });
});

describe('a store that was emptied and has not been added again', () => {
  const config = createConfiguration({ voters: ['a', 'b', 'c'] });
  const request = {
    type: 'vote-request',
    wallMs: 0,
    forced: false,
    term: 2,
    lastIndex: 9,
    lastTerm: 1,
  } as const;
  const ask = {
    type: 'pre-vote-request',
    wallMs: 0,
    term: 1,
    campaign: 2,
    lastIndex: 9,
    lastTerm: 1,
  } as const;

  it.each([
    ['with nothing in it', new TestMember({ configs: [] })],
    [
      'with a log that names its id, not it',
      new TestMember({ incarnation: 1001, terms: [1], commit: 1, configs: [{ index: 1, config }] }),
    ],
  ])('%s neither votes nor stands', (_, member) => {
    member.receive('b', ask);
    expect(member.sent('pre-vote-reply')).toEqual([]);
    member.receive('b', request);
    expect(member.sent('vote-reply')).toEqual([]);
    member.pass(1000);
    member.step({ type: 'campaign' });
    expect(member.state.role).toBe('follower');
  });

  it('unlike the one that the others have admitted, also after a restart', () => {
    const first = newcomer();
    for (const from of ['b', 'c']) {
      const { incarnation } = first.state;
      first.receive(from, { type: 'greeting-reply', term: 1, incarnation, known: true });
    }
    const known = first.waiting.at(-1)?.known;
    const configs = [{ index: 1, config }];
    const member = new TestMember({ terms: [1], commit: 1, configs, ...(known && { known }) });
    member.receive('b', request);
    expect(member.only('vote-reply').message.granted).toBe(true);
  });
});

describe('an id that is removed and added again', () => {
  const first = createConfiguration({ voters: ['a', 'b', 'c'] });
  const without = createConfiguration({ voters: ['a', 'b'] });
  const again = createConfiguration({ voters: ['a', 'b'], learners: ['c'] });

  it('is somebody new, also to one that hears of both at once', () => {
    const member = new TestMember({
      terms: [1],
      commit: 1,
      configs: [{ index: 1, config: first }],
      known: { admitted: true, pins: new Map([...'abc'].map((id) => [id, 99])) },
    });
    const [append, heads] = appendOf({ term: 1, prev: [1, 1], commit: 3 }, [1, 1]);
    const entries = heads.map((head, at) => ({ ...head, config: [without, again][at] }));
    member.receive('b', append, entries);
    expect([...member.state.recognition.pins.keys()]).toEqual(['a', 'b']);
    expect(member.waiting.at(-1)?.known?.pins.has('c')).toBe(false);
  });
});
