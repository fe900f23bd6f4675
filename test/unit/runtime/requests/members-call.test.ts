import { describe, expect, it } from 'vitest';
import type { Membership } from '../../../../src/contracts/index.ts';
import { appendOf } from '../../raft/member.ts';
import { fateOf, WAITS } from '../fate.ts';
import { OperationsBench } from './operations-bench.ts';

const at = (...ids: string[]) => ids.map((id) => ({ id, address: `${id}:1` }));
const d = { id: 'd', address: 'd:1' };

function committed(part: object): unknown {
  return expect.objectContaining({ committed: expect.objectContaining(part) });
}

describe('a change of members is done', () => {
  it('when it is committed, and not before', async () => {
    const bench = new OperationsBench();
    const call = bench.change({ learners: [d] });
    expect(await fateOf(call)).toBe(WAITS);
    bench.turn();
    expect(await fateOf(call)).toBe(WAITS);
    bench.replicate();
    expect(await fateOf(call)).toBe(WAITS);
    bench.replicate('b');
    const found = { version: 2, voters: at('a', 'b', 'c'), learners: [d] };
    expect(await call).toEqual({
      version: 2,
      effective: { ...found, outgoing: [], joining: [] },
      committed: { ...found, outgoing: [], joining: [] },
    } satisfies Membership);
  });

  it('when who was added votes: it is a learner first, until it has caught up', async () => {
    const bench = new OperationsBench();
    const call = bench.change({ add: [d] });
    bench.turn();
    bench.replicate('b', 'c');
    expect(await fateOf(call)).toBe(WAITS);
    bench.replicate('d');
    expect(bench.leader.state.config.voters).toEqual(['a', 'b', 'c', 'd']);
    expect(await fateOf(call)).toBe(WAITS);
    bench.replicate('b', 'c');
    expect(await call).toEqual(committed({ version: 3, voters: at('a', 'b', 'c', 'd') }));
  });

  it('when a learner that was promoted votes', async () => {
    const bench = new OperationsBench();
    const added = bench.change({ learners: [d] });
    bench.turn();
    bench.replicate('b', 'd');
    await added;
    const call = bench.change({ promote: ['d'] });
    bench.turn();
    bench.replicate('b');
    expect(await fateOf(call)).toBe(WAITS);
    bench.replicate('d');
    bench.replicate('b', 'c', 'd');
    expect(await call).toEqual(committed({ voters: at('a', 'b', 'c', 'd'), learners: [] }));
  });

  it('when a member has taken the place of another, and both halves are over', async () => {
    const bench = new OperationsBench();
    const call = bench.change({ replace: [{ id: 'c', by: d }] });
    bench.turn();
    bench.replicate('b');
    bench.replicate('d');
    expect(bench.leader.state.config.outgoing).toEqual(['a', 'b', 'c']);
    bench.replicate('b', 'd');
    expect(bench.leader.state.config.outgoing).toEqual([]);
    expect(await fateOf(call)).toBe(WAITS);
    bench.replicate('b', 'd');
    expect(await call).toEqual(committed({ voters: at('a', 'b', 'd'), outgoing: [] }));
  });

  it('when votes that change together have done so', async () => {
    const bench = new OperationsBench();
    const call = bench.change({ demote: ['b'], remove: ['c'] });
    bench.turn();
    bench.replicate('b');
    expect(await fateOf(call)).toBe(WAITS);
    bench.replicate('b');
    expect(await call).toEqual(committed({ voters: at('a'), learners: at('b') }));
  });

  it('also when another leader commits the very entry', async () => {
    const bench = new OperationsBench();
    const call = bench.change({ remove: ['c'] });
    bench.turn();
    bench.leader.writeAll();
    const { state } = bench.leader;
    const prev = [2, state.term] as const;
    bench.leader.receive('b', ...appendOf({ term: state.term + 1, prev, commit: 2 }));
    bench.turn();
    expect(await call).toEqual(committed({ version: 2, voters: at('a', 'b') }));
  });
});

describe('a change of members fails', () => {
  it('when a later leader commits another entry in its place, and not before', async () => {
    const bench = new OperationsBench();
    const call = bench.change({ remove: ['c'] });
    bench.turn();
    bench.depose(1);
    expect(bench.leader.state.config.voters).toEqual(['a', 'b', 'c']);
    expect(await fateOf(call)).toBe(WAITS);
    const { log, term } = bench.leader.state;
    bench.leader.receive('b', ...appendOf({ term, prev: [log.last, term], commit: log.last }));
    bench.turn();
    await expect(call).rejects.toMatchObject({
      ...{ code: 'ERR_LEADERSHIP_LOST', outcome: 'not-applied', retryable: true, index: 2 },
    });
  });

  it('when this member no longer led as the core was handed it: it is in no log', async () => {
    const bench = new OperationsBench();
    const call = bench.change({ remove: ['c'] });
    bench.leader.receive('b', { type: 'stale-term', term: bench.leader.state.term + 1 });
    bench.turn();
    await expect(call).rejects.toMatchObject({ code: 'ERR_NOT_LEADER', outcome: 'not-applied' });
  });

  it('when another was handed to the core first', async () => {
    const bench = new OperationsBench();
    const first = bench.change({ remove: ['c'] });
    const second = bench.change({ learners: [d] });
    bench.turn();
    await expect(second).rejects.toMatchObject({
      ...{ code: 'ERR_MEMBERS_BUSY', outcome: 'not-applied', retryable: true },
      message: expect.stringMatching(/index 2 is not committed/),
    });
    bench.replicate('b');
    expect(await first).toEqual(committed({ voters: at('a', 'b') }));
  });

  it('when the leader has made a change of its own meanwhile, that is over already', async () => {
    const bench = new OperationsBench();
    const added = bench.change({ add: [d] });
    bench.turn();
    bench.replicate('b', 'c');
    const call = bench.change({ remove: ['c'] });
    const held = bench.queue.splice(0);
    bench.replicate('d');
    bench.replicate('b', 'c');
    bench.queue.push(...held);
    bench.turn();
    expect(await added).toEqual(committed({ voters: at('a', 'b', 'c', 'd') }));
    await expect(call).rejects.toMatchObject({
      ...{ code: 'ERR_MEMBERS_BUSY', outcome: 'not-applied', retryable: true },
    });
  });

  it('when who was to become a voter is removed again', async () => {
    const bench = new OperationsBench();
    const added = bench.change({ add: [d] });
    bench.turn();
    bench.replicate('b');
    const removed = bench.change({ remove: ['d'] });
    bench.turn();
    expect(await fateOf(added)).toBe(WAITS);
    bench.replicate('b');
    await expect(added).rejects.toMatchObject({
      ...{ code: 'ERR_MEMBERS_CHANGED', outcome: 'unknown', index: 2 },
      message: expect.stringMatching(/^d was removed/),
    });
    expect(await removed).toEqual(committed({ voters: at('a', 'b', 'c'), learners: [] }));
  });
});

describe('who waits no more for a change of members learns what is known', () => {
  it.each([
    ['before it is in a log', 0, 'not-applied', /in no log/, undefined],
    ['before it is committed', 1, 'unknown', /index 2 is not committed/, 2],
    ['before all have caught up', 2, 'unknown', /d will vote as soon as it has caught up/, 2],
    ['before it is complete', 3, 'unknown', /about to be completed/, 2],
  ] as const)('%s', async (_, stage, outcome, message, index) => {
    for (const code of ['ERR_ABORTED', 'ERR_TIMEOUT', 'ERR_CLOSED'] as const) {
      const bench = new OperationsBench();
      const controller = new AbortController();
      const call = bench.change({ replace: [{ id: 'c', by: d }] }, undefined, controller.signal);
      if (stage > 0) bench.turn();
      if (stage > 1) bench.replicate('b');
      if (stage > 2) bench.replicate('d');
      if (code === 'ERR_ABORTED') controller.abort();
      else if (code === 'ERR_TIMEOUT') bench.calls[0]?.expire();
      else bench.end(code);
      await expect(call).rejects.toMatchObject({
        ...{ code, outcome, index, retryable: code !== 'ERR_CLOSED' },
        message: expect.stringMatching(message),
      });
    }
  });
});
