import { describe, expect, it } from 'vitest';
import { CoxswainError } from '../../../../src/errors.ts';
import { leaseUntil } from '../../../../src/raft/index.ts';
import { type Leadership, Leaderships } from '../../../../src/runtime/requests/index.ts';
import { ack, makeLeader, progress, settledLeader } from '../../raft/member.ts';
import { Deferred, macrotask } from '../deferred.ts';
import { fateOf, WAITS } from '../fate.ts';

/** One run of the work: how it was begun, and the promise by which it ends. */
interface Run extends Deferred<string> {
  readonly leadership: Leadership;
}

/** A leader of three, in term 1, which a majority has not answered yet. */
class Bench {
  readonly leader = settledLeader();
  readonly leaderships = new Leaderships(this.leader.state);
  readonly runs: Run[] = [];

  start(signal?: AbortSignal): Promise<string> {
    const promise = this.leaderships.run((leadership) => {
      const run = Object.assign(new Deferred<string>(), { leadership });
      this.runs.push(run);
      return run.promise;
    }, signal);
    promise.catch(() => undefined);
    return promise;
  }

  /** Looks as a node does after every turn; what is begun has begun then. */
  async check(): Promise<void> {
    this.leaderships.check(this.leader.now);
    await macrotask();
  }

  /** A round of heartbeats, which these members answer. */
  beat(...ids: readonly string[]): void {
    const { now, state } = this.leader;
    this.leader.pass(Math.max(0, (state.leading?.heartbeatDueMs ?? now) - now));
    this.leader.step({ type: 'timeout' });
    for (const { message, to } of this.leader.sent('heartbeat')) {
      if (!ids.includes(to)) continue;
      const { round, sent, stream, term } = message;
      const { match } = progress(this.leader, to);
      const type = 'heartbeat-ack';
      this.leader.receive(to, {
        ...{ type, term, stream, round, sent, received: sent, match },
        ...{ patienceMs: 100, wallMs: 0 },
      });
    }
  }

  /** Leads with a lease, and the work has begun. */
  async lead(): Promise<Run> {
    this.beat('b');
    await this.check();
    return this.run(this.runs.length - 1);
  }

  /** It leads anew, in a later term, and everyone holds its log. */
  leadAgain(): void {
    makeLeader(this.leader);
    this.leader.writeAll();
    for (const id of ['b', 'c']) ack(this.leader, id, this.leader.state.log.last);
    this.beat('b');
  }

  run(at: number): Run {
    const run = this.runs[at];
    if (run === undefined) throw new Error(`${this.runs.length} runs were begun`);
    return run;
  }
}

const lost = expect.objectContaining({ code: 'ERR_LEADERSHIP_LOST' });

describe('work that the leader does', () => {
  it('begins with a lease, and not before', async () => {
    const bench = new Bench();
    const work = bench.start();
    await bench.check();
    expect([bench.leader.state.role, bench.runs.length]).toEqual(['leader', 0]);
    bench.beat();
    await bench.check();
    expect(bench.runs).toEqual([]);
    bench.beat('b');
    expect(bench.runs).toEqual([]);
    await bench.check();
    expect(bench.runs).toHaveLength(1);
    expect(await fateOf(work)).toBe(WAITS);
  });

  it('does not begin on a member that follows', async () => {
    const bench = new Bench();
    bench.beat('b');
    bench.leader.receive('b', { type: 'stale-term', term: 2 });
    void bench.start();
    await bench.check();
    expect(bench.runs).toEqual([]);
  });

  it('stops, and does not begin, where the machine is wrong', async () => {
    const bench = new Bench();
    void bench.start();
    const { signal } = (await bench.lead()).leadership;
    bench.leader.state.snapshots.repairFrom = 3;
    await bench.check();
    expect(signal.reason).toEqual(lost);
    void bench.start();
    await bench.check();
    expect(bench.runs).toHaveLength(1);
  });

  it('is told the term, and the index of the first entry of that term as a token', async () => {
    const bench = new Bench();
    bench.leader.propose(1, 1, 1);
    void bench.start();
    const first = await bench.lead();
    expect(first.leadership).toMatchObject({ term: 1, fencingToken: 1 });
    bench.leader.receive('b', { type: 'stale-term', term: 2 });
    await bench.check();
    first.resolve('told to stop');
    await macrotask();
    bench.leadAgain();
    await bench.check();
    expect(bench.run(1).leadership).toMatchObject({ term: 3, fencingToken: 5 });
    expect(bench.leader.state.log.runs.at(-1)).toEqual({ from: 5, term: 3 });
  });

  it('is begun once, however often the lease is extended', async () => {
    const bench = new Bench();
    void bench.start();
    const { leadership } = await bench.lead();
    for (let round = 0; round < 30; round++) {
      bench.beat('c');
      await bench.check();
    }
    expect(bench.runs).toHaveLength(1);
    expect(leadership.signal.aborted).toBe(false);
  });

  it('is not begun when the caller gave up before', async () => {
    const bench = new Bench();
    const controller = new AbortController();
    const work = bench.start(controller.signal);
    controller.abort();
    await bench.lead().catch(() => undefined);
    expect(bench.runs).toEqual([]);
    await expect(work).rejects.toMatchObject({ code: 'ERR_ABORTED', outcome: 'not-applied' });
  });

  it('is each caller’s own', async () => {
    const bench = new Bench();
    const [one, other] = [bench.start(), bench.start()];
    await bench.lead();
    bench.run(0).resolve('done');
    expect([await one, await fateOf(other)]).toEqual(['done', WAITS]);
    await bench.check();
    expect(bench.runs).toHaveLength(2);
  });
});

describe('work that the leader does is told to stop', () => {
  it('when the lease ends, by the clock alone', async () => {
    const bench = new Bench();
    void bench.start();
    const { leadership } = await bench.lead();
    const until = leaseUntil(bench.leader.state);
    expect(bench.leaderships.nextExpiry()).toBe(until);
    bench.leaderships.check(until - 1);
    expect(leadership.signal.aborted).toBe(false);
    bench.leaderships.check(until);
    expect(leadership.signal.aborted).toBe(true);
    expect(leadership.signal.reason).toEqual(lost);
    // The lease is over for good as far as this work goes: nothing more is due.
    expect(bench.leaderships.nextExpiry()).toBe(Number.POSITIVE_INFINITY);
  });

  it('when this member hands over, before the next one can lead', async () => {
    const bench = new Bench();
    void bench.start();
    const { leadership } = await bench.lead();
    bench.leader.step({ type: 'transfer', to: 'b' });
    await bench.check();
    expect([bench.leader.state.role, leadership.signal.aborted]).toEqual(['leader', true]);
  });

  it('when another term begins', async () => {
    const bench = new Bench();
    void bench.start();
    const { leadership } = await bench.lead();
    bench.leader.receive('b', { type: 'stale-term', term: 2 });
    await bench.check();
    expect(leadership.signal.reason).toEqual(lost);
  });

  it('when this member leads again in another term before anybody has looked', async () => {
    const bench = new Bench();
    void bench.start();
    const first = await bench.lead();
    bench.leader.receive('b', { type: 'stale-term', term: 2 });
    bench.leadAgain();
    await bench.check();
    expect(leaseUntil(bench.leader.state)).toBeGreaterThan(bench.leader.now);
    expect([bench.runs.length, first.leadership.signal.aborted]).toEqual([1, true]);
    first.resolve('stopped');
    await macrotask();
    await bench.check();
    expect(bench.run(1).leadership.term).toBe(3);
  });
});

describe('work that was told to stop', () => {
  /** Its lease has ended, and it has not. */
  async function halted(): Promise<[Bench, Promise<string>]> {
    const bench = new Bench();
    const work = bench.start();
    await bench.lead();
    bench.leader.pass(leaseUntil(bench.leader.state) - bench.leader.now);
    await bench.check();
    expect(bench.leader.state.role).toBe('leader');
    return [bench, work];
  }

  it('is not begun anew before it has ended, though this member leads again', async () => {
    const [bench] = await halted();
    bench.beat('b', 'c');
    await bench.check();
    expect(bench.runs).toHaveLength(1);
    bench.run(0).resolve('stopped');
    await macrotask();
    expect(bench.runs).toHaveLength(1);
    await bench.check();
    expect(bench.runs).toHaveLength(2);
    expect(bench.run(1).leadership.signal.aborted).toBe(false);
  });

  it.each(['resolve', 'reject'] as const)('settles nothing when it does %s', async (how) => {
    const [bench, work] = await halted();
    bench.run(0)[how]('late');
    expect(await fateOf(work)).toBe(WAITS);
    bench.beat('b', 'c');
    await bench.check();
    bench.run(1).resolve('the second time');
    expect(await work).toBe('the second time');
  });
});

describe('work that the leader does ends', () => {
  it('with its value, and is not begun again', async () => {
    const bench = new Bench();
    const work = bench.start();
    const { resolve } = await bench.lead();
    resolve('done');
    expect(await work).toBe('done');
    await bench.lead();
    expect(bench.runs).toHaveLength(1);
    expect(bench.leaderships.nextExpiry()).toBe(Number.POSITIVE_INFINITY);
  });

  it('with what it throws, at once or later', async () => {
    const bench = new Bench();
    const later = bench.start();
    const error = new Error('no disk');
    const thrown = bench.leaderships.run(() => {
      throw error;
    }, undefined);
    thrown.catch(() => undefined);
    (await bench.lead()).reject(error);
    await expect(thrown).rejects.toBe(error);
    await expect(later).rejects.toBe(error);
  });

  it('when the caller wants no more of it', async () => {
    const bench = new Bench();
    const controller = new AbortController();
    const work = bench.start(controller.signal);
    const { leadership, reject } = await bench.lead();
    controller.abort();
    await expect(work).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(leadership.signal.aborted).toBe(true);
    // How the work ends after that is nobody's to know.
    reject(new Error('stopped'));
    await bench.lead();
    expect(bench.runs).toHaveLength(1);
  });

  it('with its node, whether it has begun or not', async () => {
    const bench = new Bench();
    const [begun, idle] = [bench.start(), new Bench()];
    const { leadership } = await bench.lead();
    const waiting = idle.start();
    const error = new CoxswainError('ERR_CLOSED', 'the node is closed');
    bench.leaderships.failAll(error);
    idle.leaderships.failAll(error);
    await expect(begun).rejects.toBe(error);
    await expect(waiting).rejects.toBe(error);
    expect([leadership.signal.aborted, idle.runs.length]).toEqual([true, 0]);
  });
});
