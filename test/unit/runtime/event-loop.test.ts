import { describe, expect, it } from 'vitest';
import {
  createState,
  nextDeadline,
  type RaftEvent,
  type RaftState,
} from '../../../src/raft/index.ts';
import { EventLoop } from '../../../src/runtime/event-loop.ts';
import { HandClock } from '../memory/hand-clock.ts';
import { configOf, incarnationOf, testOptions } from '../raft/member.ts';

class Bench {
  readonly clock = new HandClock();
  readonly state: RaftState;
  /** What the loop does, in order. */
  readonly done: string[] = [];
  readonly failed: unknown[] = [];
  /** By how much each turn came too late. */
  readonly late: number[] = [];
  expiry = Number.POSITIVE_INFINITY;
  /** Proposals that wait: how many. */
  waiting = 0;
  onRun: (event: RaftEvent) => void = () => undefined;
  readonly loop: EventLoop;

  constructor(checked = true) {
    const known = { admitted: true, pins: new Map() };
    const configs = [{ index: 0, config: configOf({}) }];
    this.state = createState({
      ...{
        id: 'a',
        incarnation: incarnationOf('a'),
        known,
        configs,
        options: testOptions,
        applied: 0,
        snapshot: undefined,
        repairFrom: 0,
        boot: 1,
        silentMs: 0,
        seed: 3,
        now: 0,
      },
      hardState: { term: 1, votedFor: undefined, commit: 0 },
      positions: { base: { index: 0, term: 0 }, runs: [], sizes: [], lastTimeMs: 0 },
    });
    const hooks = {
      run: (_: unknown, event: RaftEvent) => {
        if (event.type === 'clocks') return;
        this.done.push(event.type);
        this.onRun(event);
      },
      takeProposals: () => {
        if (this.waiting-- <= 0) return undefined;
        return { type: 'propose', bodies: [{ length: 1 }], wallMs: 0 } as const;
      },
      takeReads: () => undefined,
      beginTurn: (lateMs: number) => void this.late.push(lateMs),
      endTurn: () => void this.done.push('end'),
      expire: (nowMs: number) => {
        if (nowMs < this.expiry) return;
        this.done.push('expire');
        this.expiry = Number.POSITIVE_INFINITY;
      },
      nextExpiry: () => this.expiry,
      failed: (cause: unknown) => void this.failed.push(cause),
    };
    this.loop = new EventLoop(this.state, this.clock, hooks, checked);
  }

  heartbeat(): void {
    const parts = { term: 1, stream: 1, round: 1, commit: 0, sent: 0 };
    const message = { type: 'heartbeat', ...parts } as const;
    this.loop.push({ type: 'receive', from: 'b', incarnation: 98, message, entries: [] });
  }

  start(): void {
    this.loop.push({ type: 'start' });
    this.clock.turn();
    this.done.length = 0;
  }
}

describe('the event loop', () => {
  it('handles what arrives until its turn together, in order', () => {
    const bench = new Bench();
    bench.loop.push({ type: 'start' });
    bench.heartbeat();
    bench.loop.push({ type: 'applied', index: 0 });
    expect(bench.done).toEqual([]);
    bench.clock.turn();
    expect(bench.done).toEqual(['start', 'receive', 'applied', 'end']);
    bench.clock.turn();
    expect(bench.done).toHaveLength(4);
  });

  it('takes what is queued for the log once a turn, behind what has arrived', () => {
    const bench = new Bench();
    bench.waiting = 2;
    bench.loop.wake();
    bench.heartbeat();
    bench.clock.turn();
    expect(bench.done).toEqual(['receive', 'propose', 'end']);
  });

  it('handles what a step pushes in the turn after it', () => {
    const bench = new Bench();
    bench.onRun = (event) => {
      if (event.type === 'receive') bench.loop.push({ type: 'applied', index: 0 });
    };
    bench.heartbeat();
    bench.clock.turn();
    expect(bench.done).toEqual(['receive', 'end']);
    bench.clock.turn();
    expect(bench.done.slice(2)).toEqual(['applied', 'end']);
  });

  it('steps when a deadline has passed', () => {
    const bench = new Bench();
    bench.start();
    bench.clock.pass(nextDeadline(bench.state));
    bench.clock.turn();
    expect(bench.done).toEqual(['timeout', 'end']);
    expect(bench.state.role).toBe('pre-candidate');
  });

  it('hears the leader before the deadline that waits for it, after a stall (RA4)', () => {
    const bench = new Bench();
    bench.start();
    const due = nextDeadline(bench.state);
    bench.clock.pass(due + 50);
    bench.heartbeat();
    bench.clock.turn();
    expect(bench.done).toEqual(['receive', 'end']);
    expect(bench.state).toMatchObject({ role: 'follower', leader: 'b' });
    expect(nextDeadline(bench.state)).toBeGreaterThan(due + 50);
  });

  it('tells by how much a turn comes late: after its timer, or after it was asked for', () => {
    const bench = new Bench();
    bench.start();
    const due = nextDeadline(bench.state);
    bench.late.length = 0;
    bench.clock.pass(due + 40);
    bench.heartbeat();
    bench.clock.turn();
    bench.heartbeat();
    bench.heartbeat();
    bench.clock.turn();
    bench.loop.wake();
    bench.clock.pass(30);
    bench.loop.wake();
    bench.clock.turn();
    expect(bench.late).toEqual([40, 0, 30]);
  });

  it('looks again when an earlier timer fires in vain', () => {
    const bench = new Bench();
    bench.start();
    const first = nextDeadline(bench.state);
    bench.clock.pass(first - 1);
    bench.heartbeat();
    bench.clock.turn();
    const second = nextDeadline(bench.state);
    bench.done.length = 0;
    bench.clock.pass(1);
    bench.clock.turn();
    expect(bench.done).toEqual(['end']);
    bench.clock.pass(second - first);
    bench.clock.turn();
    expect(bench.done).toEqual(['end', 'timeout', 'end']);
  });

  it('wakes for the waits of the host, if they end before the next deadline', () => {
    const bench = new Bench();
    bench.expiry = 30;
    bench.start();
    bench.clock.pass(29);
    bench.clock.turn();
    expect(bench.done).toEqual([]);
    bench.clock.pass(1);
    bench.clock.turn();
    expect(bench.done).toEqual(['expire', 'end']);
  });

  it('reports what a step throws, and what a broken invariant says', () => {
    const bench = new Bench();
    const cause = new Error('odd');
    bench.onRun = () => {
      throw cause;
    };
    bench.heartbeat();
    bench.clock.turn();
    expect(bench.failed).toEqual([cause]);
    const broken = new Bench();
    broken.state.commit = 99;
    broken.heartbeat();
    broken.clock.turn();
    expect(broken.failed).toMatchObject([{ code: 'ERR_INVARIANT' }]);
    expect(broken.done).toEqual([]);
  });

  it('checks no invariants unless it is told to', () => {
    const bench = new Bench(false);
    bench.state.applied = 5;
    bench.heartbeat();
    bench.clock.turn();
    expect([bench.failed, bench.done]).toEqual([[], ['receive', 'end']]);
  });

  it('does nothing after it is stopped, in mid-turn or between turns', () => {
    const bench = new Bench();
    bench.start();
    bench.onRun = () => bench.loop.stop();
    bench.heartbeat();
    bench.heartbeat();
    bench.clock.turn();
    expect(bench.done.filter((each) => each !== 'end')).toEqual(['receive']);
    bench.done.length = 0;
    bench.heartbeat();
    bench.loop.wake();
    bench.clock.pass(100_000);
    bench.clock.turn();
    expect(bench.done).toEqual([]);
  });
});
