import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createPrng, nextInteger } from '../../../../src/lib/prng.ts';
import { Deadlines, type Expiring } from '../../../../src/runtime/requests/deadlines.ts';
import { macrotask } from '../deferred.ts';

class Item implements Expiring {
  settled = false;
  dueMs = 0;
  expiries = 0;

  expire(): void {
    this.expiries++;
    this.settled = true;
  }
}

function add(deadlines: Deadlines, nowMs: number, timeoutMs: number): Item {
  const item = new Item();
  deadlines.add(item, nowMs, timeoutMs);
  return item;
}

describe('a deadline', () => {
  it.each([
    [10, 110],
    [100, 200],
    [1, 110],
    [101, 210],
    [99.5, 200],
  ])('of %d ms is never early and at most 10 ms late', (timeoutMs, dueMs) => {
    const deadlines = new Deadlines();
    const item = add(deadlines, 100, timeoutMs);
    expect([item.dueMs, deadlines.next()]).toEqual([dueMs, dueMs]);
    deadlines.expire(dueMs - 1);
    expect(item.expiries).toBe(0);
    deadlines.expire(dueMs);
    expect(item.expiries).toBe(1);
    deadlines.expire(dueMs + 1000);
    expect(item.expiries).toBe(1);
  });

  it('of what was settled before passes in silence', () => {
    const deadlines = new Deadlines();
    const [settled, open] = [add(deadlines, 0, 10), add(deadlines, 0, 10)];
    settled.settled = true;
    deadlines.expire(10);
    expect([settled.expiries, open.expiries]).toEqual([0, 1]);
  });

  it('is found behind settled ones of the same timeout', () => {
    const deadlines = new Deadlines();
    const [settled, open] = [add(deadlines, 0, 50), add(deadlines, 30, 50)];
    settled.settled = true;
    deadlines.expire(5);
    expect(deadlines.next()).toBe(80);
    expect(open.expiries).toBe(0);
  });

  it('is never when nothing waits', () => {
    const deadlines = new Deadlines();
    expect(deadlines.next()).toBe(Number.POSITIVE_INFINITY);
    add(deadlines, 0, 20);
    deadlines.expire(20);
    expect(deadlines.next()).toBe(Number.POSITIVE_INFINITY);
  });

  it('may be set by what another one does as it expires', () => {
    const deadlines = new Deadlines();
    let later: Item | undefined;
    const item = new Item();
    item.expire = () => {
      item.settled = true;
      later = add(deadlines, 10, 10);
    };
    deadlines.add(item, 0, 10);
    deadlines.expire(10);
    expect(later?.expiries).toBe(0);
    expect(deadlines.next()).toBe(20);
    deadlines.expire(20);
    expect(later?.expiries).toBe(1);
  });
});

describe('many deadlines', () => {
  it('of mixed timeouts expire when they are due, each once', () => {
    const prng = createPrng(3);
    const deadlines = new Deadlines();
    const items: Item[] = [];
    for (let nowMs = 0; nowMs < 3000; nowMs += 7) {
      for (let count = 0; count < 20; count++) {
        items.push(add(deadlines, nowMs, nextInteger(prng, 1, 500)));
      }
      for (const item of items) {
        if (item.expiries === 0 && nextInteger(prng, 0, 100) === 0) item.settled = true;
      }
      const open = items.filter((item) => !item.settled);
      deadlines.expire(nowMs);
      expect(open.filter((item) => item.expiries > 0 !== item.dueMs <= nowMs)).toEqual([]);
      const due = items.filter((item) => !item.settled).map((item) => item.dueMs);
      // Early is harmless, late is not.
      expect(deadlines.next()).toBeLessThanOrEqual(Math.min(...due));
      expect(deadlines.next()).toBeGreaterThan(nowMs);
    }
    expect(items.filter((item) => item.expiries > 1)).toEqual([]);
    expect(items.filter((item) => item.expiries === 1).length).toBeGreaterThan(1000);
  });

  it('that are settled are let go behind one that waits on', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const deadlines = new Deadlines();
    const waiting = add(deadlines, 0, 60_000);
    const refs = Array.from({ length: 20_000 }, () => {
      const item = add(deadlines, 0, 60_000);
      item.settled = true;
      return new WeakRef(item);
    });
    await macrotask();
    collect();
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(5000);
    deadlines.expire(60_000);
    expect(waiting.expiries).toBe(1);
  });
});
