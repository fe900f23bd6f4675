import { describe, expect, it } from 'vitest';
import { fateOf, WAITS } from '../fate.ts';
import { OperationsBench } from './operations-bench.ts';

const d = { id: 'd', address: 'd:1' };
const e = { id: 'e', address: 'e:1' };

describe('an operation', () => {
  it('that the core would refuse is refused at once: it is handed nothing', async () => {
    const bench = new OperationsBench();
    const refused = [
      [bench.change({ add: [{ id: 'b', address: 'b:2' }] }), /^add is "b"; accepted: /],
      [bench.change({ remove: ['d'] }), /^remove is "d"; accepted: a member, of a, b, c/],
      [bench.change({ promote: ['b'] }), /^promote is "b"/],
      [bench.change({ replace: [{ id: 'd', by: e }] }), /^replace is "d"/],
      [
        bench.change({ replace: [{ id: 'b', by: { id: 'c', address: '' } }] }),
        /^replace by is "c"/,
      ],
      [bench.change({ remove: ['a', 'b', 'c'] }), /no voter would be left/],
      [bench.transfer('d'), /^transferLeadership: to is "d"; accepted: b, c/],
      [bench.transfer('a'), /^transferLeadership: to is "a"; accepted: b, c/],
    ] as const;
    for (const [promise, message] of refused) {
      await expect(promise).rejects.toMatchObject({
        ...{ code: 'ERR_INVALID_OPTION', outcome: 'not-applied' },
        message: expect.stringMatching(message),
      });
    }
    expect([bench.queue, bench.calls]).toEqual([[], []]);
  });

  it('is the leader’s to make: another member says who that is', async () => {
    const bench = new OperationsBench();
    bench.depose(1);
    for (const promise of [bench.change({ remove: ['c'] }), bench.transfer()]) {
      await expect(promise).rejects.toMatchObject({
        ...{ code: 'ERR_NOT_LEADER', outcome: 'not-applied', leader: 'b' },
      });
    }
    expect(bench.queue).toEqual([]);
  });

  it('begun in the midst of a turn is not judged before the core was handed it', async () => {
    const bench = new OperationsBench();
    const change = bench.change({ learners: [d] });
    bench.operations.check();
    expect(await fateOf(change)).toBe(WAITS);
    bench.turn();
    bench.replicate('b');
    expect(await change).toMatchObject({ version: 2 });
    const transfer = bench.transfer('b');
    bench.operations.check();
    expect(await fateOf(transfer)).toBe(WAITS);
    bench.turn();
    bench.depose(1);
    expect(await transfer).toEqual({ leader: 'b', term: 2 });
  });

  it('has its time counted from the call on', () => {
    const bench = new OperationsBench();
    const promises = [bench.change({ learners: [d] }), bench.transfer('b')];
    expect(bench.calls).toHaveLength(promises.length);
  });

  it('is refused when too many wait, and taken again when one has ended', async () => {
    const bench = new OperationsBench();
    const promises = Array.from({ length: 1024 }, () => bench.transfer('b'));
    await expect(bench.transfer('b')).rejects.toMatchObject({
      ...{ code: 'ERR_QUEUE_FULL', outcome: 'not-applied', retryable: true },
    });
    bench.turn();
    bench.calls[0]?.expire();
    bench.operations.check();
    const late = bench.transfer('b');
    bench.turn();
    expect([await fateOf(late), await fateOf(promises[1] ?? late)]).toEqual([WAITS, WAITS]);
  });

  it('ends with its node, and with what is known of it', async () => {
    const bench = new OperationsBench();
    const changed = bench.change({ learners: [d] });
    bench.turn();
    const moved = bench.transfer('b');
    bench.end('ERR_CLOSED');
    const closed = { code: 'ERR_CLOSED', retryable: false };
    await expect(changed).rejects.toMatchObject({ ...closed, outcome: 'unknown', index: 2 });
    await expect(moved).rejects.toMatchObject({ ...closed, outcome: 'not-applied' });
  });
});

describe('a change of members', () => {
  it('is made only of the membership of the version that is named', async () => {
    const bench = new OperationsBench();
    const first = bench.change({ learners: [d] }, 0);
    bench.turn();
    bench.replicate('b');
    await first;
    await expect(bench.change({ learners: [e] }, 0)).rejects.toMatchObject({
      ...{ code: 'ERR_MEMBERS_CHANGED', outcome: 'not-applied', retryable: false },
      message: expect.stringMatching(/version 2, not at 0/),
    });
    const second = bench.change({ learners: [e] }, 2);
    bench.turn();
    bench.replicate('b');
    expect(await second).toMatchObject({ version: 3 });
  });

  it('of another version is refused as such, even if planned in the same turn', async () => {
    const bench = new OperationsBench();
    const first = bench.change({ learners: [d] }, 0);
    const second = bench.change({ learners: [e] }, 0);
    bench.turn();
    await expect(second).rejects.toMatchObject({ code: 'ERR_MEMBERS_CHANGED' });
    bench.replicate('b');
    expect(await first).toMatchObject({ version: 2 });
  });

  it('makes no cluster of more members than its limit, learners included', async () => {
    const bench = new OperationsBench({ maxMembers: 4 });
    for (const change of [
      { add: [d], learners: [e] },
      { add: [d], replace: [{ id: 'c', by: e }] },
    ]) {
      await expect(bench.change(change)).rejects.toMatchObject({
        ...{ code: 'ERR_INVALID_OPTION', outcome: 'not-applied' },
        message: 'changeMembers: 5 members; accepted: limits.maxMembers, 4',
      });
    }
    expect(bench.queue).toEqual([]);
    const call = bench.change({ learners: [d] });
    bench.turn();
    bench.replicate('b');
    expect((await call).effective.learners).toEqual([d]);
  });

  it('brings in where its members are, by whatever name they come', async () => {
    const bench = new OperationsBench();
    const f = { id: 'f', address: 'f:1' };
    const call = bench.change({ add: [d], learners: [e], replace: [{ id: 'c', by: f }] });
    bench.turn();
    expect(await fateOf(call)).toBe(WAITS);
    const { effective } = bench.membership();
    const byId = new Map(effective.learners.map((member) => [member.id, member]));
    expect(['d', 'e', 'f'].map((id) => byId.get(id))).toEqual([d, e, f]);
    expect(effective.joining).toEqual([
      { id: 'd', replaces: undefined },
      { id: 'f', replaces: 'c' },
    ]);
  });

  it('changes nothing else of the roster when the core does not take it', async () => {
    const bench = new OperationsBench();
    const first = bench.change({ remove: ['c'] });
    const second = bench.change({ learners: [d] });
    bench.turn();
    await expect(second).rejects.toMatchObject({ code: 'ERR_MEMBERS_BUSY' });
    expect(bench.roster.members.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    bench.replicate('b');
    await first;
    expect(bench.roster.members.map(({ id }) => id)).toEqual(['a', 'b']);
  });
});
