// Snapshots of whole nodes under load: many receivers at once, a machine that cannot keep up.
import type { Transport } from 'coxswain';
import { afterEach, describe, expect, it } from 'vitest';
import { Fleet } from './fleet.ts';
import { transportWith } from './nodes.ts';
import { Replica } from './replica.ts';

const text = 'x'.repeat(150);
let fleet: Fleet;

afterEach(() => fleet.world.close());

/** One wire for all pieces of snapshots, which takes so long for each; all else passes it by. */
class SlowLane {
  /** When each piece was handed over, and how long it is. */
  readonly sent: { readonly atMs: number; readonly bytes: number }[] = [];
  mostWaiting = 0;
  readonly #msEach: number;
  #waiting = 0;
  #freeMs = 0;

  constructor(msEach: number) {
    this.#msEach = msEach;
  }

  wrap(inner: Transport): Transport {
    return transportWith(inner, (to, parts, lane) => {
      const bytes = parts[1]?.length ?? 0;
      if (lane !== 'bulk') return inner.send(to, parts, lane);
      const { clock } = fleet.world;
      this.sent.push({ atMs: clock.now(), bytes });
      const piece = bytes === 0 ? 0 : 1;
      this.#waiting += piece;
      this.mostWaiting = Math.max(this.mostWaiting, this.#waiting);
      const takesMs = bytes === 0 ? 0 : this.#msEach;
      this.#freeMs = Math.max(this.#freeMs, clock.now()) + takesMs;
      clock.after(this.#freeMs - clock.now(), () => {
        this.#waiting -= piece;
        inner.send(to, parts, lane);
      });
      return true;
    });
  }

  /** Most bytes that left within a second. */
  mostPerSecond(): number {
    const sums = this.sent.map(({ atMs: from }) => {
      const within = this.sent.filter(({ atMs }) => atMs >= from && atMs < from + 1000);
      return within.reduce((sum, { bytes }) => sum + bytes, 0);
    });
    return Math.max(...sums);
  }
}

/** a, b and c are in step, d to g get a snapshot at once, and commands keep coming. */
async function sendToFour(lane: SlowLane, maxBytesPerSec: number | undefined): Promise<number[]> {
  const pace = maxBytesPerSec === undefined ? {} : { maxBytesPerSec };
  fleet = new Fleet({
    ids: 'abc',
    options: {
      snapshot: {
        everyEntries: 50,
        keepEntries: 0,
        chunkBytes: 500,
        maxInflightChunks: 3,
        ...pace,
      },
    },
    transport: (id, { world }) => lane.wrap(world.network.transport(id)),
  });
  await fleet.startAll();
  const { world } = fleet;
  const a = await world.elect('a');
  for (let at = 0; at < 60; at++) await world.value(a.propose(`${at}${text}`));
  const { term } = a.status();
  const learners = [...'defg'].map((id) => ({ id, address: id }));
  for (const { id } of learners) await world.value(fleet.join(id));
  await world.value(a.changeMembers({ learners }));
  const tookMs: number[] = [];
  const isBehind = () => learners.some(({ id }) => fleet.replica(id).restores.length === 0);
  for (let at = 0; isBehind() && at < 2000; at++) {
    const begunMs = world.clock.now();
    await world.value(a.propose(`more${at}`));
    tookMs.push(world.clock.now() - begunMs);
    await world.clock.advance(10);
  }
  expect(isBehind()).toBe(false);
  expect(a.status()).toMatchObject({ role: 'leader', term });
  await fleet.inStep();
  for (const { id } of learners) {
    expect(fleet.replica(id).applied).toEqual(fleet.replica('a').applied);
    expect(fleet.replica(id).restores).toHaveLength(1);
  }
  expect(world.faults).toEqual([]);
  return tookMs;
}

describe('a snapshot for four members at once', () => {
  it('leaves no faster than it may, all together, and commits go on (S10, O6)', async () => {
    const lane = new SlowLane(1);
    const tookMs = await sendToFour(lane, 20_000);
    expect(lane.mostPerSecond()).toBeLessThanOrEqual(20_000 + 500);
    expect(tookMs.length).toBeGreaterThan(100);
    expect(Math.max(...tookMs)).toBeLessThanOrEqual(10);
  });

  it('on a line they share is in memory by few pieces, and nobody stands (S10, O6)', async () => {
    const lane = new SlowLane(15);
    const tookMs = await sendToFour(lane, undefined);
    expect(lane.mostWaiting).toBeLessThanOrEqual(4 * 3);
    expect(lane.mostWaiting).toBeGreaterThan(4);
    expect(Math.max(...tookMs)).toBeLessThanOrEqual(10);
  });
});

describe('a machine that is slower than commands come', () => {
  it('is given snapshots to take all the same, and has a queue that is bounded (O4)', async () => {
    fleet = new Fleet({
      ids: 'abc',
      options: {
        snapshot: { everyEntries: 20, keepEntries: 0 },
        limits: { maxApplyLagBytes: 5000, maxApplyBatch: 4 },
        requestTimeoutMs: 60_000,
      },
      machine: (_, { world: { clock } }) => new Replica({ clock, delayMs: () => 8, isLazy: true }),
    });
    await fleet.startAll();
    const { world } = fleet;
    const a = await world.elect('a');
    const all = Promise.all(Array.from({ length: 300 }, (_, at) => a.propose(`${at}${text}`)));
    let mostBehind = 0;
    let taken = 0;
    a.on('snapshot', () => {
      taken += a.status().applied < 250 ? 1 : 0;
    });
    let isDone = false;
    void all.then(() => {
      isDone = true;
    });
    await world.clock.until(() => {
      const { applied, commit } = a.status();
      mostBehind = Math.max(mostBehind, commit - applied);
      return isDone;
    });
    expect(mostBehind).toBeGreaterThan(10);
    expect(mostBehind).toBeLessThanOrEqual(5000 / text.length + 2);
    expect(taken).toBeGreaterThanOrEqual(2);
    expect(a.status().base).toBeGreaterThan(40);
    await fleet.inStep();
    expect(world.faults).toEqual([]);
  });
});
