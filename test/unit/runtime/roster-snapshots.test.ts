// Where members are, when a snapshot says it: that may be installed a while later, or never.
import { describe, expect, it } from 'vitest';
import { createConfiguration, type SnapshotHead } from '../../../src/raft/index.ts';
import { Roster } from '../../../src/runtime/roster.ts';
import { encodeSnapshotHeader } from '../../../src/runtime/wire/index.ts';

const at = (port: number, ...ids: string[]) => ids.map((id) => ({ id, address: `${id}:${port}` }));
const configOf = (...ids: string[]) => createConfiguration({ voters: ids });

function install(roster: Roster, configIndex: number, members: ReturnType<typeof at>): void {
  const config = configOf(...members.map(({ id }) => id));
  const timing = { timeMs: 0, machineVersion: 1 };
  const header = encodeSnapshotHeader({ ...timing, configIndex, members: { config, members } });
  const head: SnapshotHead = {
    ...{ id: 'x', index: 9, term: 1, timeMs: 0, bytes: 1 },
    config: { index: configIndex, config },
  };
  roster.install(head, header);
}

describe('a roster that a snapshot is received for', () => {
  it('has its members once they are in force, whatever changed until then', () => {
    const roster = new Roster([{ index: 1, members: at(1, 'a', 'b') }]);
    install(roster, 7, at(1, 'c', 'd'));
    roster.keep([{ index: 1, config: configOf('a', 'b') }]);
    expect(roster.members).toEqual(at(1, 'a', 'b'));
    roster.keep([{ index: 7, config: configOf('c', 'd') }]);
    expect(roster.members).toEqual(at(1, 'c', 'd'));
    expect(roster.membersAt(7)).toEqual(at(1, 'c', 'd'));
  });

  it('keeps newer addresses when the snapshot turns out to be an older one', () => {
    const roster = new Roster([{ index: 5, members: at(2, 'a', 'b') }]);
    install(roster, 1, at(1, 'a', 'b', 'gone'));
    expect(roster.members).toEqual(at(2, 'a', 'b'));
  });
});
