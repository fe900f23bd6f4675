import { describe, expect, it } from 'vitest';
import { exchange } from './exchange.ts';
import {
  ack,
  headAt,
  heartbeatAck,
  keepAlive,
  makeLeader,
  progress,
  TestMember,
} from './member.ts';
import { kept, ones, refuse, sendingLeader, snapshotOptions, stored } from './snapshots.ts';

/** Who is sent which bytes in the latest step. */
function parts(leader: TestMember): readonly (readonly [string, number, number])[] {
  return leader.sent('snapshot-chunk').map(({ message, to }) => [to, message.from, message.until]);
}

/** So many heartbeats, which b and c answer; b says of its stream that nothing came of it. */
function beats(leader: TestMember, count: number): readonly (readonly [string, number, number])[] {
  const sent: (readonly [string, number, number])[] = [];
  for (let beat = 0; beat < count; beat++) {
    leader.timeout();
    leader.receive('c', heartbeatAck(leader, 'c'));
    leader.receive('b', heartbeatAck(leader, 'b'));
    sent.push(...parts(leader));
  }
  return sent;
}

describe('a follower that needs what is not in the log', () => {
  it('is asked first how much of the latest snapshot it has', () => {
    const leader = sendingLeader();
    expect(leader.only('snapshot-chunk').message).toMatchObject({
      ...{ stream: progress(leader, 'b').stream, from: 0, until: 0 },
      head: { id: 's10' },
    });
    expect(progress(leader, 'b')).toMatchObject({ mode: 'snapshot', heldFrom: 10 });
  });

  it('is sent what it lacks, as much at a time as the window allows', () => {
    const leader = sendingLeader({ maxBytesPerSec: Infinity });
    stored(leader, 'b', 300);
    expect(parts(leader)).toEqual([300, 400, 500, 600].map((from) => ['b', from, from + 100]));
    stored(leader, 'b', 400);
    expect(parts(leader)).toEqual([['b', 700, 800]]);
    stored(leader, 'b', 900);
    expect(parts(leader)).toEqual([['b', 900, 1000]]);
  });

  it('is sent nothing by a leader whose own machine is wrong', () => {
    const leader = sendingLeader({ maxBytesPerSec: Infinity });
    leader.step({ type: 'repair', index: 1 });
    stored(leader, 'b', 300);
    expect(parts(leader)).toEqual([]);
    expect(beats(leader, 5).filter(([, from, until]) => until > from)).toEqual([]);
  });

  it('is sent no appends meanwhile, and those that follow at once when it has it', () => {
    const leader = sendingLeader();
    leader.propose(1);
    expect(leader.sentTo('b')).toEqual([]);
    stored(leader, 'b', 900);
    ack(leader, 'b', 10);
    expect(leader.sentTo('b')).toMatchObject([{ type: 'append', prevIndex: 10, from: 11 }]);
    expect(progress(leader, 'b')).toMatchObject({ mode: 'replicate', sending: undefined });
  });

  it('is sent chunks no faster than the rate, as the time comes', () => {
    const leader = sendingLeader({ maxBytesPerSec: 20_000 });
    stored(leader, 'b', 0);
    expect(parts(leader)).toEqual([['b', 0, 100]]);
    for (const from of [100, 200, 300]) {
      leader.pass(4);
      leader.step({ type: 'timeout' });
      expect(parts(leader)).toEqual([]);
      leader.pass(1);
      leader.step({ type: 'timeout' });
      expect(parts(leader)).toEqual([['b', from, from + 100]]);
    }
  });

  it('is served in turn with others that need one', () => {
    const leader = sendingLeader({ maxBytesPerSec: 20_000 });
    refuse(leader, 'c');
    stored(leader, 'b', 0);
    stored(leader, 'c', 0);
    const sent: unknown[] = [];
    for (let times = 0; times < 4; times++) {
      leader.pass(5);
      leader.step({ type: 'timeout' });
      sent.push(...parts(leader));
    }
    expect(sent).toEqual([
      ['c', 0, 100],
      ['b', 100, 200],
      ['c', 100, 200],
      ['b', 200, 300],
    ]);
  });

  it('is asked again when nothing of it arrives, and sent from there (S4)', () => {
    const leader = sendingLeader({ maxBytesPerSec: Infinity });
    stored(leader, 'b', 300);
    const { stream } = progress(leader, 'b');
    expect(beats(leader, 2)).toEqual([['b', 700, 700]]);
    // It was restarted, and has less than it said.
    stored(leader, 'b', 100);
    expect(parts(leader)[0]).toEqual(['b', 100, 200]);
    expect(progress(leader, 'b').stream).toBe(stream);
  });

  it('is not asked again while chunks arrive, and each of them restores the patience', () => {
    const leader = sendingLeader({ maxBytesPerSec: Infinity });
    stored(leader, 'b', 0);
    beats(leader, 10);
    expect(progress(leader, 'b').patience).toBeGreaterThan(4);
    stored(leader, 'b', 100);
    stored(leader, 'b', 200);
    expect(progress(leader, 'b')).toMatchObject({ patience: 1, missing: 0 });
    for (const bytes of [300, 400, 500]) {
      stored(leader, 'b', bytes);
      expect(beats(leader, 1)).toEqual([]);
    }
  });

  it('says nothing that counts about an older stream', () => {
    const leader = sendingLeader();
    const { stream } = progress(leader, 'b');
    const { term } = leader.state;
    const old = { type: 'snapshot-ack', term, answers: 1, refused: true } as const;
    leader.receive('b', { ...old, stream: stream - 1, stored: 0, next: 0 });
    expect(leader.state.snapshots.distrusted).toBeUndefined();
    expect(progress(leader, 'b').sending).toMatchObject({ asked: 1, answered: 0 });
  });

  it('goes on with the snapshot that it was sent, though there is a newer one (S4)', () => {
    const leader = sendingLeader({ maxBytesPerSec: Infinity });
    stored(leader, 'b', 0);
    leader.step({ type: 'applied', index: 13 });
    const head = headAt({ index: 12, term: 1 });
    leader.step({ type: 'snapshot-taken', head, machineDurable: Infinity });
    stored(leader, 'b', 100);
    expect(leader.only('snapshot-chunk').message).toMatchObject({ head: { id: 's10' }, from: 400 });
  });

  it('is sent nothing after it was away for long, and what it needs when it is back', () => {
    const leader = sendingLeader();
    const follower = new TestMember({ id: 'b', options: snapshotOptions({}) });
    stored(leader, 'b', 0);
    keepAlive(leader, 2500, 'c');
    expect(progress(leader, 'b')).toMatchObject({ mode: 'probe', sending: undefined });
    expect(kept(leader) ?? []).not.toContain('b');
    // Nothing is proposed: the heartbeats alone find out what it lacks.
    for (let beat = 0; beat < 70; beat++) {
      leader.timeout();
      leader.receive('c', heartbeatAck(leader, 'c', { match: 0 }));
      leader.step({ type: 'timeout' });
      follower.now = leader.now;
      leader.timeout();
      exchange([leader, follower], leader, ({ to }) => to === 'c');
      if (follower.state.snapshots.incoming !== undefined) break;
    }
    expect(follower.state.snapshots.incoming?.head.id).toBe('s10');
  });
});

describe('a member that asks for a snapshot to mend its machine', () => {
  const ask = (leader: TestMember, index: number) =>
    leader.receive('b', { type: 'snapshot-request', term: leader.state.term, index });
  const settled = (): TestMember => {
    const base = { index: 10, term: 1 };
    const init = { base, terms: ones(2), commit: 12, applied: 12 };
    const leader = new TestMember({ ...init, options: snapshotOptions({}) });
    makeLeader(leader);
    leader.writeAll();
    for (const id of ['b', 'c']) ack(leader, id, 13);
    return leader;
  };

  it('is sent the latest one when that is new enough', () => {
    const leader = settled();
    ask(leader, 10);
    expect(leader.only('snapshot-chunk').message.head.id).toBe('s10');
    ask(leader, 10);
    expect(leader.sent('snapshot-chunk')).toEqual([]);
  });

  it('has one taken when that is not, and is sent it when it asks again', () => {
    const leader = settled();
    ask(leader, 13);
    expect(leader.effects).toEqual([]);
    leader.step({ type: 'applied', index: 13 });
    expect(leader.effects).toContainEqual({ type: 'take-snapshot' });
    const head = headAt({ index: 13, term: 2 });
    leader.step({ type: 'snapshot-taken', head, machineDurable: Infinity });
    ask(leader, 13);
    expect(leader.only('snapshot-chunk').message.head.id).toBe('s13');
  });

  it('is answered nothing while the entry is not committed', () => {
    const leader = settled();
    ask(leader, 14);
    expect(leader.state.snapshots.wanted).toBe(0);
  });
});
