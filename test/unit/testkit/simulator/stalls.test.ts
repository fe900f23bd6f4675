// The parts of the simulator that know of stalls: who notices them, and what the referee makes of
// members that let go.
import { describe, expect, test } from 'vitest';
import { NO_SNAPSHOTS, type RaftEvent } from '../../../../src/raft/index.ts';
import { drawPlan } from '../../../../src/testkit/simulator/draw-plan.ts';
import type { Happening } from '../../../../src/testkit/simulator/happening.ts';
import { LettingGo } from '../../../../src/testkit/simulator/letting-go.ts';
import { Random } from '../../../../src/testkit/simulator/random.ts';
import { firstOrigin } from '../../../../src/testkit/simulator/sim-disk.ts';
import { SimMember } from '../../../../src/testkit/simulator/sim-member.ts';
import { SimStalls, type StallSite } from '../../../../src/testkit/simulator/sim-stalls.ts';
import { drawTuning } from '../../../../src/testkit/simulator/tuning.ts';

const options = {
  ...{ heartbeatMs: 10, electionMinMs: 100, electionMaxMs: 200 },
  ...{ maxAppendBytes: 1000, maxInflightAppends: 4, maxInflightBytes: 1000 },
  ...{ maxUncommittedBytes: 1000, maxApplyLagBytes: 1000 },
  ...{ maxClockDrift: 0.05, maxClockOffsetMs: 60_000, snapshot: NO_SNAPSHOTS },
};

const begins = { type: 'stall', stalled: true } as const;
const ends = { type: 'stall', stalled: false } as const;
const timeout = { type: 'timeout' } as const;

/** The first of `count` that began together. */
function member(count = 3, rate = 1): SimMember {
  const ids = ['a', 'b', 'c'].slice(0, count);
  return new SimMember(0, ids, () => options, { rate, skewMs: 0 }, firstOrigin(ids, true));
}

/** It leads at 1 ms: alone at once, of three by the votes of another. */
function leader(count = 3): SimMember {
  const one = member(count);
  one.step({ type: 'start' }, 0);
  one.state.electionDueMs = 1;
  one.step(timeout, 1000);
  const from = { from: 'b', incarnation: 4, entries: [], type: 'receive' } as const;
  const term = one.state.term + 1;
  const granted = {
    type: 'pre-vote-reply',
    term: term - 1,
    campaign: term,
    granted: true,
  } as const;
  if (count > 1) one.step({ ...from, message: granted }, 1000);
  one.step({ type: 'written', write: 1, lastIndex: 1, lastTerm: 1 }, 1000);
  const vote = { type: 'vote-reply', term, granted: true } as const;
  if (count > 1) one.step({ ...from, message: vote }, 1000);
  expect(one.state.role).toBe('leader');
  return one;
}

class Site implements StallSite {
  readonly plan = { ...drawPlan(1), stalls: { bound: 0.5 } };
  nowUs = 0;
  readonly told: [atUs: number, stalled: boolean][] = [];
  readonly planned: [atUs: number, what: Happening][] = [];

  schedule(inUs: number, what: Happening): void {
    this.planned.push([this.nowUs + inUs, what]);
  }

  step(_member: SimMember, event: RaftEvent): void {
    if (event.type === 'stall') this.told.push([this.nowUs, event.stalled]);
  }
}

function write(one: SimMember, number: number): void {
  const hardState = one.disk.hardState;
  const write = { write: number, hardState, from: 2, until: 2, lastIndex: 1, lastTerm: 1 };
  const rest = { truncateFrom: 0, compactTo: 0, reset: undefined, known: undefined };
  one.disk.ask({ type: 'write', ...write, ...rest }, []);
  one.disk.start();
}

describe('a stall', () => {
  test('of a disk is told when the bound is passed, and when that write is over', () => {
    const site = new Site();
    const stalls = new SimStalls(site);
    const one = member();
    write(one, 1);
    stalls.look(one);
    expect(site.planned).toMatchObject([[50_000, { type: 'look', life: 0 }]]);
    site.nowUs = 49_999;
    stalls.look(one);
    expect(site.told).toEqual([]);
    site.nowUs = 50_000;
    stalls.due(one);
    one.disk.complete();
    write(one, 2);
    site.nowUs = 70_000;
    stalls.look(one);
    expect(site.told).toEqual([
      [50_000, true],
      [70_000, false],
    ]);
    expect(site.planned.at(-1)?.[0]).toBe(120_000);
  });

  test("is measured by the member's own clock, and known to one life only", () => {
    const site = new Site();
    const stalls = new SimStalls(site);
    const one = member(3, 2);
    one.isApplying = true;
    one.state.applying = one.state.applied + 1;
    stalls.look(one);
    site.nowUs = 25_000;
    stalls.look(one);
    expect(site.told).toEqual([[25_000, true]]);
    one.crash(false, false, site.nowUs);
    stalls.look(one);
    one.restart(site.nowUs);
    stalls.look(one);
    expect(site.told).toHaveLength(1);
  });

  test('of the process is told when it is over, as one that may come again', () => {
    const site = new Site();
    const stalls = new SimStalls(site);
    const one = member();
    stalls.woke(one, 49);
    expect(site.told).toEqual([]);
    stalls.woke(one, 50);
    expect(site.told.map(([, stalled]) => stalled)).toEqual([true, false]);
  });
});

describe('the referee finds', () => {
  test('a leader that steps down because it stalls', () => {
    const rules = new LettingGo();
    const one = leader();
    rules.check(one, timeout);
    one.step(begins, 2000);
    rules.check(one, begins);
    one.step(ends, 3000);
    rules.check(one, ends);
    one.state.role = 'follower';
    one.state.leading = undefined;
    expect(() => rules.check(one, begins)).toThrow('a leads until somebody else does');
  });

  test('one that lets go to who is gone, where nobody could lead, or again and again', () => {
    const one = leader();
    const rules = () => {
      const fresh = new LettingGo();
      fresh.check(one, timeout);
      return fresh;
    };
    const ask = (nowMs: number, ...asked: string[]) => {
      one.state.now = nowMs;
      if (one.state.leading !== undefined) one.state.leading.asked = asked;
    };
    const hear = (contactMs: number, ...ids: string[]) => {
      for (const id of ids) Object.assign(one.state.leading?.progress.get(id) ?? {}, { contactMs });
    };
    hear(10, 'b', 'c');
    const often = rules();
    ask(20, 'b');
    often.check(one, begins);
    hear(1500, 'b', 'c');
    ask(1500, 'c');
    expect(() => often.check(one, begins)).toThrow('does not let go again and again');
    ask(1500);
    const late = rules();
    hear(1600, 'b');
    ask(1600, 'b');
    expect(() => late.check(one, begins)).toThrow('lets go only where others could lead');
    ask(1600);
    const gone = rules();
    hear(1600, 'c');
    ask(1650, 'a');
    expect(() => gone.check(one, begins)).toThrow('who is asked to take over from a, is there');
  });

  test('a member that leaves it to others for ever', () => {
    const rules = new LettingGo();
    const { state } = member();
    const one = { life: 0, state } as SimMember;
    for (const nowMs of [200, 600, 1500]) {
      Object.assign(state, { now: nowMs, electionDueMs: nowMs + 150 });
      rules.check(one, timeout);
    }
    Object.assign(state, { now: 1700, electionDueMs: 1850 });
    expect(() => rules.check(one, timeout)).toThrow('stands when nobody else does');
  });

  test('a member that takes over just after it has stalled', () => {
    const rules = new LettingGo();
    const one = member();
    const message = { type: 'timeout-now', term: 1, round: 1 } as const;
    const event = { type: 'receive', from: 'b', incarnation: 4, message, entries: [] } as const;
    for (const each of [begins, ends]) rules.check(one, each);
    one.state.now = 100;
    one.state.role = 'candidate';
    expect(() => rules.check(one, event)).toThrow('a, which stalled, takes nothing over');
  });
});

test('an operator never changes election timeouts, and heartbeats do not become rarer', () => {
  const plan = drawPlan(3);
  const draw = new Random(1, 'tuning');
  const names = new Set<string>();
  for (let count = 0; count < 200; count++) {
    const tuning = drawTuning(draw, plan);
    for (const name of Object.keys(tuning)) names.add(name);
    expect(tuning.heartbeatMs ?? 0).toBeLessThanOrEqual(plan.options.heartbeatMs);
  }
  expect(names.size).toBeGreaterThan(7);
  expect([...names].filter((name) => name.startsWith('election'))).toEqual([]);
});
