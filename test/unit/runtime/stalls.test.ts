import { describe, expect, it } from 'vitest';
import type { RaftEvent } from '../../../src/raft/index.ts';
import type { StallEvent } from '../../../src/runtime/events.ts';
import { silentLogger } from '../../../src/runtime/silent-logger.ts';
import { Stalls } from '../../../src/runtime/stalls.ts';

const never = Number.POSITIVE_INFINITY;

class Bench {
  readonly store = { busySinceMs: never };
  readonly machine = { lateSinceMs: never };
  readonly limits = { storeMs: 100, applyMs: 200, loopMs: 50 };
  readonly told: StallEvent[] = [];
  readonly warnings: string[] = [];
  /** What the core was told. */
  readonly core: boolean[] = [];
  readonly stalls = new Stalls({
    ...{ limits: this.limits, store: this.store, machine: this.machine },
    logger: { ...silentLogger, warn: (_, text) => void this.warnings.push(text) },
    tell: (event) => void this.told.push(event),
    push: (event: RaftEvent) => {
      if (event.type === 'stall') this.core.push(event.stalled);
    },
  });
}

describe('a watch over stalls (RA4)', () => {
  it('asks to be woken when a bound is passed, the nearest one', () => {
    const { limits, machine, stalls, store } = new Bench();
    expect(stalls.nextExpiry()).toBe(never);
    machine.lateSinceMs = 1000;
    expect(stalls.nextExpiry()).toBe(1200);
    store.busySinceMs = 1050;
    expect(stalls.nextExpiry()).toBe(1150);
    limits.storeMs = 500;
    expect(stalls.nextExpiry()).toBe(1200);
  });

  it('tells of a store that hangs once while it lasts, and once when it is over', () => {
    const { core, stalls, store, told, warnings } = new Bench();
    store.busySinceMs = 1000;
    stalls.expire(1099);
    expect(told).toEqual([]);
    stalls.expire(1100);
    stalls.expire(1300);
    expect(told).toEqual([{ what: 'store', forMs: 100, ended: false }]);
    expect(core).toEqual([true]);
    expect(stalls.nextExpiry()).toBe(never);
    store.busySinceMs = never;
    stalls.expire(1400);
    stalls.expire(1500);
    expect(told.slice(1)).toEqual([{ what: 'store', forMs: 400, ended: true }]);
    expect(core).toEqual([true, false]);
    expect(warnings).toEqual(['a stall', 'a stall is over']);
  });

  it('tells one stall from the next, even when it never saw the store idle', () => {
    const { core, stalls, store, told } = new Bench();
    store.busySinceMs = 1000;
    stalls.expire(1100);
    store.busySinceMs = 1150;
    stalls.expire(1300);
    expect(told.map(({ ended, forMs }) => [ended, forMs])).toEqual([
      [false, 100],
      [true, 300],
      [false, 150],
    ]);
    expect(core).toEqual([true]);
  });

  it('tells the core that it is over when nothing stalls any more', () => {
    const { core, machine, stalls, store, told } = new Bench();
    store.busySinceMs = 1000;
    machine.lateSinceMs = 1000;
    stalls.expire(1200);
    store.busySinceMs = never;
    stalls.expire(1210);
    expect(core).toEqual([true]);
    machine.lateSinceMs = never;
    stalls.expire(1220);
    expect(core).toEqual([true, false]);
    expect(told.map(({ ended, what }) => [what, ended])).toEqual([
      ['store', false],
      ['apply', false],
      ['store', true],
      ['apply', true],
    ]);
  });

  it('tells of a loop that was late when it goes on', () => {
    const { core, stalls, told } = new Bench();
    stalls.turn(49);
    stalls.expire(1000);
    expect(told).toEqual([]);
    stalls.turn(70);
    stalls.turn(0);
    stalls.expire(1100);
    stalls.expire(1200);
    expect(told).toEqual([{ what: 'loop', forMs: 70, ended: true }]);
    expect(core).toEqual([true, false]);
  });

  it('tells of a late loop while the store hangs, and goes on watching that', () => {
    const { core, stalls, store, told } = new Bench();
    store.busySinceMs = 1000;
    stalls.expire(1100);
    stalls.turn(70);
    stalls.expire(1200);
    expect(core).toEqual([true]);
    expect(told.map(({ what }) => what)).toEqual(['store', 'loop']);
  });
});
