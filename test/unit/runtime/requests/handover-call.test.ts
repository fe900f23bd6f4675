import { describe, expect, it } from 'vitest';
import { makeLeader } from '../../raft/member.ts';
import { fateOf, WAITS } from '../fate.ts';
import { OperationsBench } from './operations-bench.ts';

const unmoved = { code: 'ERR_TIMEOUT', outcome: 'not-applied', retryable: true };

describe('a transfer of leadership', () => {
  it('is done when another member is known to lead, be it the one asked for or not', async () => {
    for (const to of ['b', 'c']) {
      const bench = new OperationsBench();
      const call = bench.transfer(to);
      bench.turn();
      expect(bench.leader.state.leading?.handover?.to).toBe(to);
      expect(await fateOf(call)).toBe(WAITS);
      bench.depose(1);
      expect(await call).toEqual({ leader: 'b', term: 2 });
    }
  });

  it('goes to the voter that holds most of the log, if no one is named', async () => {
    const bench = new OperationsBench();
    bench.leader.propose(1, 1);
    bench.replicate('c');
    const call = bench.transfer();
    bench.turn();
    expect(bench.leader.state.leading?.handover?.to).toBe('c');
    expect(await fateOf(call)).toBe(WAITS);
  });

  it('waits while this member has stepped down and nobody is known to lead', async () => {
    const bench = new OperationsBench();
    const call = bench.transfer('b');
    bench.turn();
    bench.leader.receive('c', { type: 'stale-term', term: 2 });
    bench.turn();
    expect(await fateOf(call)).toBe(WAITS);
    const beat = { type: 'heartbeat', term: 2, stream: 1, round: 1, commit: 0, sent: 0 } as const;
    bench.leader.receive('c', beat);
    bench.turn();
    expect(await call).toEqual({ leader: 'c', term: 2 });
  });

  it('fails when its time runs out in the core: this member leads on', async () => {
    const bench = new OperationsBench();
    const call = bench.transfer('b');
    bench.turn();
    bench.leader.pass(bench.leader.state.options.electionMaxMs);
    for (const from of ['b', 'c']) {
      const { leading, term } = bench.leader.state;
      const { stream = 0, match = 0 } = leading?.progress.get(from) ?? {};
      bench.leader.receive(from, { type: 'append-ack', term, stream, match });
    }
    bench.leader.step({ type: 'timeout' });
    expect([bench.leader.state.role, bench.leader.state.leading?.handover]).toEqual([
      ...['leader', undefined],
    ]);
    bench.turn();
    await expect(call).rejects.toMatchObject({
      ...{ ...unmoved, message: 'b did not take over: it leads on' },
    });
  });

  it('fails when another one takes its place', async () => {
    const bench = new OperationsBench();
    const first = bench.transfer('b');
    bench.turn();
    const second = bench.transfer('c');
    bench.turn();
    const message = 'b did not take over: c was asked instead';
    await expect(first).rejects.toMatchObject({ ...unmoved, message });
    expect(await fateOf(second)).toBe(WAITS);
  });

  it('fails when this member is elected again', async () => {
    const bench = new OperationsBench();
    const call = bench.transfer('b');
    bench.turn();
    bench.leader.receive('c', { type: 'stale-term', term: 2 });
    bench.leader.writeAll();
    makeLeader(bench.leader);
    bench.turn();
    const message = 'b did not take over: this member was elected again';
    await expect(call).rejects.toMatchObject({ ...unmoved, message });
  });

  it('is no longer waited for when the caller, its time or the node ends', async () => {
    for (const code of ['ERR_ABORTED', 'ERR_TIMEOUT', 'ERR_CLOSED'] as const) {
      const bench = new OperationsBench();
      const controller = new AbortController();
      const call = bench.transfer('b', controller.signal);
      bench.turn();
      if (code === 'ERR_ABORTED') controller.abort();
      else if (code === 'ERR_TIMEOUT') bench.calls[0]?.expire();
      else bench.end(code);
      await expect(call).rejects.toMatchObject({
        ...{ code, outcome: 'not-applied', retryable: code !== 'ERR_CLOSED', index: undefined },
        message: expect.stringMatching(/leadership is on its way to b$/),
      });
    }
  });
});
