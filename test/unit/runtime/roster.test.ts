import { describe, expect, it } from 'vitest';
import { createConfiguration } from '../../../src/raft/index.ts';
import { Roster } from '../../../src/runtime/roster.ts';
import {
  decodeMembers,
  encodeMembers,
  encodeSnapshotHeader,
  headOf,
} from '../../../src/runtime/wire/index.ts';
import { entryOf } from './entries.ts';
import { membersEntry } from './wire/frames.ts';

const at = (port: number, ...ids: string[]) => ids.map((id) => ({ id, address: `${id}:${port}` }));

/** Entry 1 holds a, b and c. */
function createRoster(): Roster {
  return new Roster([{ index: 1, members: at(1, 'a', 'b', 'c') }]);
}

function accept(roster: Roster, index: number, members: ReturnType<typeof at>): void {
  const config = createConfiguration({ voters: members.map(({ id }) => id) });
  roster.accept(membersEntry(index, encodeMembers({ members, config })));
}

describe('a roster', () => {
  it('knows the members of each configuration, and of all of them together', () => {
    const roster = createRoster();
    accept(roster, 4, at(1, 'b', 'c', 'd'));
    expect(roster.membersAt(1)).toEqual(at(1, 'a', 'b', 'c'));
    expect(roster.membersAt(4)).toEqual(at(1, 'b', 'c', 'd'));
    expect(roster.membersAt(2)).toEqual([]);
    expect(roster.members).toEqual(at(1, 'a', 'b', 'c', 'd'));
  });

  it('finds a member where it was named last', () => {
    const roster = createRoster();
    accept(roster, 4, [...at(1, 'a'), ...at(2, 'b')]);
    expect(roster.members).toEqual([...at(1, 'a'), ...at(2, 'b'), ...at(1, 'c')]);
    expect(roster.membersAt(1)).toEqual(at(1, 'a', 'b', 'c'));
  });

  it('takes nothing from entries that hold no members', () => {
    const roster = createRoster();
    roster.accept(entryOf(4));
    expect([roster.membersAt(4), roster.members]).toEqual([[], at(1, 'a', 'b', 'c')]);
  });

  it('has another configuration where an entry took the place of another', () => {
    const roster = createRoster();
    accept(roster, 4, at(1, 'a', 'd'));
    accept(roster, 4, at(1, 'a', 'e'));
    expect(roster.members).toEqual(at(1, 'a', 'b', 'c', 'e'));
  });

  it('forgets what is in force no more', () => {
    const roster = createRoster();
    accept(roster, 4, at(1, 'b', 'd'));
    accept(roster, 6, at(1, 'b', 'e'));
    const config = createConfiguration({});
    roster.keep([
      { index: 4, config },
      { index: 6, config },
    ]);
    expect(roster.members).toEqual(at(1, 'b', 'd', 'e'));
    roster.keep([{ index: 4, config }]);
    expect(roster.members).toEqual(at(1, 'b', 'd'));
    expect([roster.membersAt(1), roster.membersAt(6)]).toEqual([[], []]);
  });
});

describe('an entry of this leader’s own', () => {
  it('names who is in it, with the addresses known and those that were brought in', () => {
    const roster = createRoster();
    const incarnations = new Map([['a', 97]]);
    const joining = [{ id: 'd', replaces: 'b' }];
    const config = createConfiguration({
      ...{ voters: ['a', 'b'], learners: ['d'], joining, incarnations },
    });
    roster.expect(config, at(3, 'd'));
    expect(roster.members).toEqual(at(1, 'a', 'b', 'c'));
    const members = [...at(1, 'a', 'b'), ...at(3, 'd')];
    expect(decodeMembers(roster.append(5, config))).toEqual({ members, config });
    expect(roster.membersAt(5)).toEqual(members);
  });

  it('moves a member that is brought in under the id of one that is known', () => {
    const roster = createRoster();
    accept(roster, 4, at(1, 'd'));
    const config = createConfiguration({ voters: ['a'], learners: ['d'] });
    roster.expect(config, at(9, 'd'));
    expect(decodeMembers(roster.append(5, config)).members).toEqual([...at(1, 'a'), ...at(9, 'd')]);
  });

  it('takes nothing from a change that was never made', () => {
    const roster = createRoster();
    roster.expect(createConfiguration({ voters: ['a', 'd'] }), at(1, 'd'));
    const other = createConfiguration({ voters: ['a', 'd'] });
    const unknown = expect.objectContaining({
      ...{ code: 'ERR_INVARIANT', message: expect.stringMatching(/member d/) },
    });
    expect(() => roster.append(5, other)).toThrow(unknown);
  });
});

describe('a roster, as a snapshot takes the place of the log', () => {
  const members = at(2, 'b', 'd');
  const config = createConfiguration({ voters: ['b', 'd'] });
  const header = encodeSnapshotHeader({
    ...{ timeMs: 5, machineVersion: 1, configIndex: 8, members: { members, config } },
  });
  const head = headOf({ id: 'x', index: 9, term: 2, header, bytes: 0 });

  it('knows where its members are once they are in force, and no others then', () => {
    const roster = createRoster();
    const before = roster.members;
    roster.install(head, header);
    expect(roster.members).toEqual(before);
    roster.keep([head.config]);
    expect(roster.members).toEqual(members);
    expect(roster.membersAt(8)).toEqual(members);
    const body = roster.append(10, config);
    expect(decodeMembers(body).members).toEqual(members);
  });
});
