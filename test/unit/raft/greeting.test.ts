// First members of a new cluster that show themselves to each other.
import { describe, expect, it } from 'vitest';
import { createConfiguration } from '../../../src/raft/membership.ts';
import { TestMember } from './member.ts';

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
