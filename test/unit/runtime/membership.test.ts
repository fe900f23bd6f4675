import { describe, expect, it } from 'vitest';
import { membershipOf } from '../../../src/runtime/membership.ts';
import { Roster } from '../../../src/runtime/roster.ts';
import { configOf, TestMember } from '../raft/member.ts';

const at = (port: number, ...ids: string[]) => ids.map((id) => ({ id, address: `${id}:${port}` }));

const first = configOf({ voters: ['a', 'b', 'c'] });
const joint = configOf({
  ...{ voters: ['a', 'b'], outgoing: ['a', 'b', 'c'], learners: ['c', 'd'] },
  joining: [{ id: 'd', replaces: 'b' }],
});

describe('the membership', () => {
  it('is one and the same while a single configuration is known', () => {
    const { state } = new TestMember({ terms: [1], configs: [{ index: 1, config: first }] });
    const roster = new Roster([{ index: 1, members: at(1, 'a', 'b', 'c') }]);
    const found = membershipOf(state, roster);
    expect(found).toEqual({
      version: 1,
      effective: {
        ...{ version: 1, voters: at(1, 'a', 'b', 'c') },
        ...{ outgoing: [], learners: [], joining: [] },
      },
      committed: found.effective,
    });
  });

  it('tells what is committed from what is in force, each with the addresses of its entry', () => {
    const { state } = new TestMember({
      ...{ terms: [1, 1, 1], commit: 1 },
      configs: [
        { index: 1, config: first },
        { index: 3, config: joint },
      ],
    });
    const roster = new Roster([
      { index: 1, members: at(1, 'a', 'b', 'c') },
      { index: 3, members: at(2, 'd', 'c', 'b', 'a') },
    ]);
    expect(membershipOf(state, roster)).toEqual({
      version: 3,
      effective: {
        ...{ version: 3, voters: at(2, 'a', 'b'), outgoing: at(2, 'a', 'b', 'c') },
        ...{ learners: at(2, 'c', 'd'), joining: [{ id: 'd', replaces: 'b' }] },
      },
      committed: {
        ...{ version: 1, voters: at(1, 'a', 'b', 'c') },
        ...{ outgoing: [], learners: [], joining: [] },
      },
    });
  });

  it('of a member that was never told of any names nobody', () => {
    const { state } = new TestMember({ id: 'd', configs: [] });
    const nobody = { version: 0, voters: [], outgoing: [], learners: [], joining: [] };
    expect(membershipOf(state, new Roster([]))).toEqual({
      ...{ version: 0, effective: nobody, committed: nobody },
    });
  });
});
