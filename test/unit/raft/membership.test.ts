import { describe, expect, it } from 'vitest';
import {
  createConfiguration,
  isVoter,
  otherMembers,
  otherVoters,
} from '../../../src/raft/membership.ts';

const joint = createConfiguration({
  voters: ['a', 'b', 'c'],
  outgoing: ['c', 'd'],
  learners: ['e'],
});

describe('a configuration', () => {
  it('gives a vote to those in either half, and to no learner or stranger', () => {
    const voting = ['a', 'b', 'c', 'd', 'e', 'f'].filter((id) => isVoter(joint, id));
    expect(voting).toEqual(['a', 'b', 'c', 'd']);
  });

  it('names every other member once, learners last', () => {
    expect(otherMembers(joint, 'c')).toEqual(['a', 'b', 'd', 'e']);
    expect(otherMembers(joint, 'x')).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('names every other voter once', () => {
    expect(otherVoters(joint, 'a')).toEqual(['b', 'c', 'd']);
    expect(otherVoters(joint, 'e')).toEqual(['a', 'b', 'c', 'd']);
  });
});
