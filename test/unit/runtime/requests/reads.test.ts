// Reads, with a core, a machine and a clock that the test drives.

import { describe, expect, it } from 'vitest';
import type { Consistency } from '../../../../src/contracts/index.ts';
import { CoxswainError } from '../../../../src/errors.ts';
import { leaseUntil } from '../../../../src/raft/index.ts';
import type { Call } from '../../../../src/runtime/requests/call.ts';
import { Reads } from '../../../../src/runtime/requests/index.ts';
import { hearBeats, leaderOf } from '../../raft/changing.ts';
import type { TestMember } from '../../raft/member.ts';
import { followerOf } from '../../raft/reading.ts';
import { fateOf, WAITS } from '../fate.ts';
import { requestMeter } from '../request-meter.ts';

const WALL_MS = 1_000_000_000_000;

class Bench {
  readonly member: TestMember;
  readonly reads: Reads<string, string>;
  readonly deadlines: Call<string>[] = [];
  turns = 0;
  applied = 0;
  /** Queries that the machine has not answered; it answers at once when `isSlow` is false. */
  readonly queries: { query: string; answer: (text: string) => void; refuse: Refuse }[] = [];
  asked = 0;
  isSlow = false;
  wallAheadMs = 0;

  constructor(member: TestMember = leaderOf(), maxQueuedReads = 10) {
    this.member = member;
    const bench = this;
    this.reads = new Reads<string, string>({
      state: member.state,
      clock: {
        now: () => member.now,
        wallMs: () => WALL_MS + member.now + this.wallAheadMs,
        after: () => () => undefined,
        soon: () => undefined,
      },
      applier: {
        get applied() {
          return bench.applied;
        },
        query: (query, answer, refuse) => {
          this.asked++;
          if (this.isSlow) this.queries.push({ query, answer, refuse });
          else if (query === 'throws') throw new TypeError('no such query');
          else answer(`${query} at ${this.applied}`);
        },
      },
      maxQueuedReads,
      meter: requestMeter(),
      refusal: () => undefined,
      startDeadline: (call) => void this.deadlines.push(call),
      wake: () => void this.turns++,
    });
  }

  read(query: string, consistency: Consistency, signal?: AbortSignal): Promise<string> {
    const promise = this.reads.read(query, consistency, { signal, timeoutMs: 100 });
    promise.catch(() => undefined);
    return promise;
  }

  /** What a node does in a turn. */
  turn(): void {
    const { member } = this;
    member.step({ type: 'clocks', wallMs: WALL_MS + member.now + this.wallAheadMs });
    const event = this.reads.take();
    if (event !== undefined) this.do(() => void member.step(event));
    this.reads.check();
  }

  do(action: () => void): void {
    action();
    for (const effect of this.member.effects) {
      if (effect.type === 'read-index') this.reads.grant(effect);
    }
  }

  /** The machine has settled that much. */
  apply(index: number): void {
    this.applied = index;
    this.do(() => void this.member.step({ type: 'applied', index }));
    this.reads.check();
  }

  /** b acknowledges the latest round. */
  confirm(): void {
    this.do(() => hearBeats(this.member, 'b'));
    this.reads.check();
  }

  /** From now on it holds a lease, for as long as the core says. */
  hold(): this {
    this.turn();
    this.member.timeout();
    this.confirm();
    return this;
  }
}

type Refuse = (cause: unknown) => void;

describe('a linearizable read', () => {
  it('waits for the core, then for the machine', async () => {
    const bench = new Bench();
    const read = bench.read('q', 'linearizable');
    bench.turn();
    expect(bench.asked).toBe(0);
    bench.confirm();
    expect(await fateOf(read)).toBe(WAITS);
    bench.apply(1);
    expect(await fateOf(read)).toBe(WAITS);
    bench.apply(2);
    expect(await read).toBe('q at 2');
    expect(bench.reads.waiting).toBe(0);
  });

  it('shares the question with all that were asked by then: 1,000 are one', async () => {
    const bench = new Bench(leaderOf(), 1000);
    bench.apply(2);
    const reads = Array.from({ length: 1000 }, (_, at) => bench.read(`q${at}`, 'linearizable'));
    bench.turn();
    expect(bench.member.state.reading.wanted).toBe(1000);
    expect(bench.reads.take()).toBeUndefined();
    bench.confirm();
    expect(await Promise.all(reads)).toHaveLength(1000);
  });

  it('fails with what the machine throws', async () => {
    const bench = new Bench();
    bench.apply(2);
    const read = bench.read('throws', 'linearizable');
    bench.turn();
    bench.confirm();
    await expect(read).rejects.toThrow('no such query');
  });
});

describe('a read that nobody waits for any more', () => {
  it.each(['linearizable', 'lease', { maxStalenessMs: 0 }, { atLeastIndex: 9 }] as const)(
    'is settled by its signal and its deadline: %j',
    async (consistency) => {
      const bench = new Bench();
      const controller = new AbortController();
      const aborted = bench.read('q', consistency, controller.signal);
      const late = bench.read('q', consistency);
      bench.turn();
      controller.abort();
      const details = { outcome: 'not-applied', retryable: true };
      await expect(aborted).rejects.toMatchObject({ code: 'ERR_ABORTED', ...details });
      expect(bench.reads.waiting).toBe(1);
      bench.deadlines[1]?.expire();
      await expect(late).rejects.toMatchObject({ code: 'ERR_TIMEOUT', ...details });
      bench.confirm();
      bench.applied = 9;
      bench.reads.check();
      expect(bench.asked).toBe(0);
    },
  );

  it('for want of a leader says so', async () => {
    const bench = new Bench(leaderOf());
    bench.member.receive('c', { type: 'stale-term', term: 9 });
    const reads = (['linearizable', 'lease', { maxStalenessMs: 5 }] as const).map((each) =>
      bench.read('q', each),
    );
    const other = bench.read('q', { atLeastIndex: 7 });
    for (const call of bench.deadlines) call.expire();
    for (const read of reads) await expect(read).rejects.toMatchObject({ code: 'ERR_NO_LEADER' });
    await expect(other).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      message: 'entry 7 is not applied here, only up to 0 in time',
    });
  });

  it('leaves nothing behind, before the core has answered', () => {
    const bench = new Bench();
    for (let at = 0; at < 20_000; at++) {
      void bench.read('q', 'linearizable');
      bench.turn();
      bench.deadlines.pop()?.expire();
    }
    expect(bench.reads.waiting).toBe(0);
    expect(bench.reads.queued).toBeLessThan(5000);
  });

  it('leaves nothing behind, before a machine that stands still has come so far', () => {
    const bench = new Bench();
    const patient = bench.read('q', 'linearizable');
    bench.turn();
    bench.confirm();
    for (let at = 0; at < 20_000; at++) {
      void bench.read('q', 'linearizable');
      bench.turn();
      bench.confirm();
      bench.deadlines.pop()?.expire();
    }
    expect(bench.reads.waiting).toBe(1);
    expect(bench.reads.queued).toBeLessThan(5000);
    bench.apply(2);
    return expect(patient).resolves.toBe('q at 2');
  });
});

describe('the bound on reads', () => {
  it('refuses the next one, whatever it asks for, until one is settled', async () => {
    const bench = new Bench(leaderOf(), 3);
    const waiting = Array.from({ length: 3 }, () => bench.read('q', 'linearizable'));
    for (const consistency of ['linearizable', 'local', 'lease'] as const) {
      const details = { code: 'ERR_QUEUE_FULL', outcome: 'not-applied', retryable: true };
      await expect(bench.read('q', consistency)).rejects.toMatchObject(details);
    }
    bench.deadlines[0]?.expire();
    await expect(bench.read('q', 'local')).resolves.toBe('q at 0');
    bench.reads.failAll(new CoxswainError('ERR_CLOSED', 'the node is closed'));
    await expect(waiting[2]).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    expect(bench.reads.waiting).toBe(0);
  });
});

describe('a read that is answered at once', () => {
  it.each(['local', { atLeastIndex: 2 }, 'lease'] as const)(
    'leaves no turn and no deadline behind: %j',
    async (consistency) => {
      const bench = new Bench().hold();
      bench.apply(2);
      expect(await bench.read('q', consistency)).toBe('q at 2');
      expect(bench.turns).toBe(0);
      expect(bench.deadlines).toEqual([]);
      expect(bench.reads.take()).toBeUndefined();
    },
  );
});

describe('a read by a lease', () => {
  it('waits for the machine to show what is committed', async () => {
    const bench = new Bench().hold();
    const read = bench.read('q', 'lease');
    bench.apply(1);
    expect(await fateOf(read)).toBe(WAITS);
    bench.apply(2);
    expect(await read).toBe('q at 2');
  });

  it('asks a majority when there is no lease: none was given, or it is over', async () => {
    const bench = new Bench().hold();
    bench.apply(2);
    bench.member.now = leaseUntil(bench.member.state);
    const read = bench.read('q', 'lease');
    bench.turn();
    expect(await fateOf(read)).toBe(WAITS);
    bench.confirm();
    expect(await read).toBe('q at 2');
  });

  it('whose query outlasts the lease asks a majority, and is asked anew (D2)', async () => {
    const bench = new Bench().hold();
    bench.apply(2);
    bench.isSlow = true;
    const read = bench.read('q', 'lease');
    bench.member.now = leaseUntil(bench.member.state);
    bench.queries.shift()?.answer('of long ago');
    expect(await fateOf(read)).toBe(WAITS);
    expect(bench.turns).toBeGreaterThan(0);
    bench.turn();
    bench.confirm();
    bench.queries.shift()?.answer('of now');
    expect(await read).toBe('of now');
  });

  it('is not answered by a process that slept since it began (D2, K3)', async () => {
    const bench = new Bench().hold();
    bench.apply(2);
    bench.isSlow = true;
    const read = bench.read('q', 'lease');
    bench.wallAheadMs = 3_600_000;
    bench.queries.shift()?.answer('of an hour ago');
    expect(await fateOf(read)).toBe(WAITS);
  });

  it('is not begun by a process that slept since its last turn (K3)', async () => {
    const bench = new Bench().hold();
    bench.apply(2);
    bench.wallAheadMs = 8000;
    expect(await fateOf(bench.read('q', 'lease'))).toBe(WAITS);
  });

  it('that waits for the machine when leadership ends is asked of the next leader', async () => {
    const bench = new Bench().hold();
    const read = bench.read('q', 'lease');
    bench.member.receive('c', { type: 'stale-term', term: 9 });
    bench.apply(2);
    expect(await fateOf(read)).toBe(WAITS);
    bench.turn();
    expect(bench.member.state.reading.wanted).toBe(1);
  });

  it('on another member asks the leader', async () => {
    const bench = new Bench(followerOf('b'));
    bench.apply(1);
    const read = bench.read('q', 'lease');
    bench.turn();
    expect(bench.member.sent('read-request').map(({ message }) => message.upTo)).toEqual([1]);
    expect(await fateOf(read)).toBe(WAITS);
  });
});

describe('a read of bounded staleness', () => {
  it('is answered as long as the last answer is new enough, then asks', async () => {
    const bench = new Bench();
    bench.apply(2);
    const first = bench.read('q', { maxStalenessMs: 60 });
    bench.turn();
    bench.confirm();
    expect(await first).toBe('q at 2');
    bench.member.pass(60);
    expect(await bench.read('q', { maxStalenessMs: 60 })).toBe('q at 2');
    bench.member.pass(1);
    expect(await fateOf(bench.read('q', { maxStalenessMs: 60 }))).toBe(WAITS);
  });

  it('asks ahead of time, once, so that the next ones need not wait', async () => {
    const bench = new Bench();
    bench.apply(2);
    void bench.read('q', { maxStalenessMs: 60 });
    bench.turn();
    bench.confirm();
    bench.member.pass(31);
    for (let at = 0; at < 5; at++) {
      expect(await bench.read('q', { maxStalenessMs: 60 })).toBe('q at 2');
    }
    expect(bench.reads.take()).toEqual({ type: 'read', upTo: 2 });
    expect(bench.reads.take()).toBeUndefined();
  });

  it('does not trust what it knew before the process slept (K3)', async () => {
    const bench = new Bench();
    bench.apply(2);
    void bench.read('q', { maxStalenessMs: 60 });
    bench.turn();
    bench.confirm();
    bench.wallAheadMs = 8000;
    expect(await fateOf(bench.read('q', { maxStalenessMs: 60 }))).toBe(WAITS);
  });
});
