import { describe, expect, it } from 'vitest';
import { leaderOf } from './changing.ts';
import { appendOf, configOf, headAt, TestMember, testOptions } from './member.ts';
import {
  asks,
  chunkOf,
  installed,
  kept,
  ones,
  restored,
  snapshotOptions,
  takeIn,
} from './snapshots.ts';

const at = (index: number, term = 1) => headAt({ index, term });
const head = at(20);

const chunk = (from: number, until: number, stream = 1) =>
  chunkOf(head, { term: 1, stream, at: [from, until] });

const told = (member: TestMember, stored: number) =>
  member.step({ type: 'snapshot-progress', id: head.id, stored });

const storing = ({ effects }: TestMember) =>
  effects.flatMap((e) => (e.type === 'store-chunk' ? [[e.from, e.until]] : []));

/** The place for the snapshot is open, and has so much of it. */
function receiver(stored = 0): TestMember {
  const member = new TestMember({ terms: ones(2), commit: 2, options: snapshotOptions({}) });
  member.receive('b', chunkOf(head, { term: 1 }));
  told(member, stored);
  return member;
}

describe('a follower that is sent a snapshot', () => {
  it('opens a place for it, and says what is there from before', () => {
    const member = new TestMember({ terms: ones(2), commit: 2 });
    member.receive('b', chunkOf(head, { term: 1 }));
    expect(member.effects).toContainEqual({ type: 'receive-snapshot', head });
    member.receive('b', chunkOf(head, { term: 1 }));
    expect(member.effects).toEqual([]);
    told(member, 300);
    expect(member.only('snapshot-ack')).toMatchObject({
      to: 'b',
      message: { stored: 300, refused: false },
    });
  });

  it('stores each chunk once, in order, and asks for no lost one before its turn (S4)', () => {
    const member = receiver();
    member.receive('b', chunk(100, 200));
    expect(storing(member)).toEqual([]);
    expect(member.only('snapshot-ack').message.stored).toBe(0);
    member.receive('b', chunk(0, 100));
    expect(storing(member)).toEqual([[0, 100]]);
    member.receive('b', chunk(0, 100));
    expect(storing(member)).toEqual([]);
    member.receive('b', chunk(100, 200));
    expect(storing(member)).toEqual([[100, 200]]);
    told(member, 100);
    expect(member.only('snapshot-ack').message.stored).toBe(100);
  });

  it('takes in no more than it can store at a time (S10)', () => {
    const member = receiver();
    for (let from = 0; from < 400; from += 100) member.receive('b', chunk(from, from + 100));
    expect(storing(member)).toEqual([[300, 400]]);
    member.receive('b', chunk(400, 500));
    expect(storing(member)).toEqual([]);
    told(member, 100);
    member.receive('b', chunk(400, 500));
    expect(storing(member)).toEqual([[400, 500]]);
  });

  it('has it made durable as soon as all of it is there, and counts no other’s bytes', () => {
    const member = receiver(900);
    member.step({ type: 'snapshot-progress', id: 'another', stored: 1000 });
    expect(asks(member, 'keep-snapshot')).toBe(false);
    member.receive('b', chunk(900, 1000));
    told(member, 1000);
    expect(asks(member, 'keep-snapshot')).toBe(true);
    member.receive('b', chunk(900, 1000));
    expect(member.effects).toEqual([]);
  });

  it('says that it was damaged, and begins anew when it is sent again', () => {
    const member = receiver(1000);
    member.step({ type: 'snapshot-refused', id: head.id });
    expect(member.only('snapshot-ack').message).toMatchObject({ stored: 0, refused: true });
    member.receive('b', chunkOf(head, { term: 1 }));
    expect(member.effects).toEqual([{ type: 'receive-snapshot', head }]);
  });

  it('gives up an older one that it has in part, not the newer one for a late chunk (S4)', () => {
    const member = receiver(300);
    const newer = at(30);
    member.receive('b', chunkOf(newer, { term: 1, stream: 2 }));
    expect(member.effects).toEqual([{ type: 'receive-snapshot', head: newer }]);
    member.receive('b', chunk(300, 400, 1));
    expect(member.effects).toEqual([]);
    expect(member.state.snapshots.incoming?.head.id).toBe(newer.id);
  });

  it('lets one finish that is being made durable, whatever comes meanwhile', () => {
    const member = receiver(1000);
    member.receive('b', chunkOf(at(30), { term: 1, stream: 2 }));
    expect(member.effects).toEqual([]);
    member.step({ type: 'snapshot-received', id: head.id });
    expect(member.state.commit).toBe(20);
  });

  it('goes on with it under the next leader that has it too', () => {
    const member = receiver(300);
    member.receive('c', chunkOf(head, { term: 2, at: [300, 400] }));
    expect(storing(member)).toEqual([[300, 400]]);
    told(member, 400);
    expect(member.only('snapshot-ack')).toMatchObject({ to: 'c', message: { term: 2 } });
  });

  it('answers a leader of an older term with the term, and takes nothing (S3)', () => {
    const member = new TestMember({ terms: ones(2), term: 3, commit: 2 });
    member.receive('b', chunkOf(head, { term: 2 }));
    expect(member.sentTo('b')).toEqual([{ type: 'stale-term', term: 3 }]);
    expect(member.state).toMatchObject({ term: 3, snapshots: { incoming: undefined } });
  });

  it.each([1, 2])('acknowledges one of entry %i, which is committed here (S3)', (index) => {
    const member = new TestMember({ terms: ones(4), commit: 2 });
    member.receive('b', chunkOf(at(index), { term: 1 }));
    expect(member.only('append-ack').message).toMatchObject({ match: index, stream: 1 });
    expect(member.state).toMatchObject({ commit: 2, snapshots: { incoming: undefined } });
  });

  it('acknowledges one whose entry it holds, and knows now that this is committed (rule 6)', () => {
    const member = new TestMember({ terms: ones(4), commit: 2 });
    member.receive('b', chunkOf(at(4), { term: 1 }));
    expect(member.only('append-ack').message.match).toBe(4);
    expect(member.state.commit).toBe(4);
  });
});

describe('a snapshot is installed', () => {
  it.each([
    ['shorter', [1, 1]],
    ['of the same length and another one', [...ones(10), ...Array.from({ length: 10 }, () => 2)]],
    ['longer and another one', [...ones(10), ...Array.from({ length: 15 }, () => 2)]],
  ])('in place of a log that is %s: nothing of that is left (S2, rule 7)', (_, terms) => {
    const init = { terms, term: 3, commit: 2, applied: 2 };
    const member = installed(init, at(20, 3), 3);
    const reset = { index: 20, term: 3 };
    expect(member.state.log).toMatchObject({ base: reset, last: 20, durable: 20, runs: [] });
    expect(member.state).toMatchObject({ commit: 20, applied: 2 });
    expect(member.waiting).toMatchObject([
      { reset, truncateFrom: 0, from: 21, until: 21, compactTo: 0, lastIndex: 20, lastTerm: 3 },
    ]);
    expect(member.only('append-ack').message).toMatchObject({ match: 20, stream: 1 });
    expect(restored(member)).toBeUndefined();
    member.writeOne();
    expect(restored(member)).toBe(20);
    expect(member.state).toMatchObject({ applied: 2, applying: 20 });
    member.step({ type: 'restored', index: 20 });
    expect(member.state.applied).toBe(20);
  });

  it('with its configuration, though a newer one was in the log (M8)', () => {
    const before = { index: 0, config: configOf({ voters: ['a', 'b', 'c'] }) };
    const newer = { index: 3, config: configOf({ voters: ['a'] }) };
    const terms = [1, 1, 2, 2];
    const member = new TestMember({ terms, term: 3, commit: 2, configs: [before, newer] });
    expect(member.state.config.voters).toEqual(['a']);
    takeIn(member, { ...at(3, 3), config: before }, 3);
    member.step({ type: 'snapshot-received', id: 's3' });
    expect(member.state.configs).toEqual([before]);
    expect(member.state.config.voters).toEqual(['a', 'b', 'c']);
    expect(member.effects).toContainEqual({ type: 'members', configs: [before] });
  });

  it('and forgets no voter’s store for a configuration that was never committed (M8)', () => {
    const before = { index: 0, config: configOf({ incarnations: new Map() }) };
    const newer = { index: 3, config: configOf({ voters: ['a'], incarnations: new Map() }) };
    const pins = new Map([
      ['b', 196],
      ['c', 198],
    ]);
    const known = { admitted: true, pins };
    const init = { terms: [1, 1, 2, 2], term: 3, commit: 2, configs: [before, newer], known };
    const member = new TestMember(init);
    takeIn(member, { ...at(3, 3), config: before }, 3);
    member.step({ type: 'snapshot-received', id: 's3' });
    expect([...member.state.recognition.pins]).toEqual([...pins]);
  });

  it('with its log time, from which on stamps go on', () => {
    const member = installed({ terms: ones(2), commit: 2 }, { ...at(20), timeMs: 777 }, 1);
    expect(member.state.log.lastTimeMs).toBe(777);
  });

  it('and what follows is applied after the machine was put there', () => {
    const member = installed({ terms: ones(2), commit: 2, applied: 1 }, head, 1);
    member.receive('b', ...appendOf({ term: 1, prev: [20, 1], commit: 22 }, ones(2)));
    expect(member.applying).toBe(0);
    member.writeOne();
    expect(member.effects.map(({ type }) => type)).toEqual(['restore']);
    member.step({ type: 'applied', index: 2 });
    expect(member.state.applied).toBe(1);
    member.writeOne();
    expect(member.applying).toBe(22);
    member.step({ type: 'restored', index: 20 });
    expect(member.state.applied).toBe(20);
  });

  it('and the end of an older write says nothing of the log that is there now', () => {
    const member = new TestMember({ terms: ones(2), commit: 2, applied: 2 });
    member.receive('b', ...appendOf({ term: 1, prev: [2, 1] }, ones(28)));
    takeIn(member, { ...head, term: 1 }, 1);
    const other = { ...at(40), id: 'other' };
    member.step({ type: 'snapshot-received', id: head.id });
    takeIn(member, other, 1);
    member.step({ type: 'snapshot-received', id: 'other' });
    member.receive('b', ...appendOf({ term: 1, prev: [40, 1] }, ones(1)));
    while (member.state.writes.completed < member.state.writes.lineage - 1) member.writeOne();
    expect(member.state.log.durable).toBe(40);
    member.writeAll();
    expect(member.state.log.durable).toBe(41);
  });

  it('while it stands for election, which it cannot win', () => {
    const member = new TestMember({ terms: ones(2), commit: 2 });
    takeIn(member, head, 1);
    member.pass(500);
    member.timeout();
    expect(member.state.role).toBe('pre-candidate');
    member.step({ type: 'snapshot-received', id: head.id });
    expect(member.sent('append-ack')).toEqual([]);
    expect(member.state).toMatchObject({ role: 'pre-candidate', commit: 20 });
  });

  it('though its leader has gone, and the next one hears of it by its heartbeat', () => {
    const member = new TestMember({ terms: ones(2), commit: 2 });
    takeIn(member, head, 1);
    const beat = { type: 'heartbeat', term: 2, stream: 1, round: 1, commit: 0, sent: 0 } as const;
    member.receive('c', beat);
    member.step({ type: 'snapshot-received', id: head.id });
    expect(member.sent('append-ack')).toEqual([]);
    member.writeAll();
    member.receive('c', ...appendOf({ term: 2, prev: [20, 1] }));
    expect(member.only('append-ack').message).toMatchObject({ term: 2, match: 20 });
  });

  it('and an append of before, or of what it holds, is taken as no news (R3)', () => {
    const member = installed({ terms: ones(2), commit: 2 }, head, 1);
    member.receive('b', ...appendOf({ term: 1, prev: [0, 0], commit: 2 }, ones(5)));
    expect(member.state.log).toMatchObject({ last: 20, base: { index: 20, term: 1 } });
    member.receive('b', ...appendOf({ term: 1, prev: [15, 1], commit: 2 }, ones(8)));
    expect(member.state.log).toMatchObject({ last: 23, base: { index: 20, term: 1 } });
    expect(member.state.commit).toBe(20);
  });

  it('and an answer goes by the latest stream of the leader, never by an older one', () => {
    const member = new TestMember({ terms: ones(2), commit: 2 });
    takeIn(member, head, 1, 3);
    member.receive('b', ...appendOf({ term: 1, prev: [2, 1], stream: 4 }));
    member.step({ type: 'snapshot-received', id: head.id });
    expect(member.only('append-ack').message).toMatchObject({ stream: 4, match: 20 });
  });
});

describe('a snapshot that the log has overtaken while it was made durable', () => {
  const overtaken = (): TestMember => {
    const member = new TestMember({ terms: ones(2), commit: 2, applied: 2 });
    takeIn(member, head, 1);
    member.receive('b', ...appendOf({ term: 1, prev: [2, 1] }, ones(20)));
    member.writeAll();
    return member;
  };

  it('is kept, and says what is committed; no entry goes that is to be applied', () => {
    const member = overtaken();
    member.step({ type: 'snapshot-received', id: head.id });
    expect(member.only('append-ack').message.match).toBe(22);
    expect(member.state).toMatchObject({ commit: 20, log: { base: { index: 2 } } });
    expect(member.applying).toBe(20);
    expect(member.state.snapshots.latest).toBe(head);
  });

  it('shows that its entry is committed when nobody has told so yet', () => {
    const member = overtaken();
    const beat = { type: 'heartbeat', term: 2, stream: 1, round: 1, commit: 0, sent: 0 } as const;
    member.receive('c', beat);
    member.step({ type: 'snapshot-received', id: head.id });
    expect(kept(member)).toEqual([head.id]);
    expect(member.state).toMatchObject({ commit: head.index, snapshots: { latest: head } });
  });
});

describe('a machine that is to be mended', () => {
  const beat = { type: 'heartbeat', term: 1, stream: 1, round: 1, commit: 0, sent: 0 } as const;
  const broken = (): TestMember => {
    const member = new TestMember({ terms: ones(20), commit: 18, applied: 18 });
    member.step({ type: 'repair', index: 15 });
    return member;
  };

  it('asks its leader for a newer snapshot with every heartbeat, and does not stand', () => {
    const member = broken();
    member.receive('b', beat);
    expect(member.only('snapshot-request')).toMatchObject({ to: 'b', message: { index: 15 } });
    member.pass(1000);
    member.step({ type: 'campaign' });
    member.timeout();
    expect(member.state).toMatchObject({ role: 'follower', leader: undefined });
  });

  it('is of no use in a leader: it takes nothing in, and hands over', () => {
    const member = leaderOf();
    member.step({ type: 'repair', index: 1 });
    expect(member.only('timeout-now').to).toBe('b');
    const { last } = member.state.log;
    member.propose(1);
    expect(member.state.log.last).toBe(last);
  });

  it('stands only when nobody else has for long: it may hold what nobody else does', () => {
    const member = broken();
    const { electionMaxMs } = testOptions;
    member.pass(2000);
    member.timeout();
    expect(member.state).toMatchObject({ role: 'follower', leader: undefined });
    for (let waited = 0; waited < 5 * electionMaxMs; waited += electionMaxMs) {
      member.pass(electionMaxMs);
      member.timeout();
      expect(member.state.role).toBe('follower');
    }
    member.pass(2 * electionMaxMs);
    member.timeout();
    expect(member.state.role).toBe('pre-candidate');
  });

  it('asks on, though a part of one is here that nobody sends any more', () => {
    const member = broken();
    member.receive('b', chunkOf(at(16), { term: 1 }));
    member.step({ type: 'snapshot-progress', id: 's16', stored: 300 });
    member.receive('c', { ...beat, term: 2 });
    expect(member.sent('snapshot-request')).toHaveLength(1);
  });

  it('is restored from one that is as new, and applies again what comes after it', () => {
    const member = broken();
    takeIn(member, at(16), 1);
    member.step({ type: 'snapshot-received', id: 's16' });
    expect(restored(member)).toBe(16);
    expect(member.applying).toBe(18);
    expect(member.state).toMatchObject({ applied: 16, snapshots: { repairFrom: 0 } });
    expect(member.state.log).toMatchObject({ last: 20 });
    expect(member.waiting.filter(({ reset }) => reset !== undefined)).toEqual([]);
  });

  it('is never restored beyond what is known to be committed, whoever sent it', () => {
    const member = broken();
    takeIn(member, at(20), 1);
    member.receive('c', { ...beat, term: 2 });
    member.step({ type: 'snapshot-received', id: 's20' });
    expect(restored(member)).toBe(20);
    expect(member.state.commit).toBe(20);
  });

  it('takes no snapshots, and keeps none that it was taking', () => {
    const member = broken();
    member.step({ type: 'take-snapshot', index: 18 });
    expect(asks(member, 'take-snapshot')).toBe(false);
    member.step({ type: 'snapshot-taken', head: at(18), machineDurable: Infinity });
    expect(member.state.snapshots.latest).toBeUndefined();
  });
});
