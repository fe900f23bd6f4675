// A snapshot on its way from one whole node to another, and what can befall it there.
import type { Transport } from 'coxswain';
import { afterEach, describe, expect, it } from 'vitest';
import { createPrng, nextFloat } from '../../src/lib/prng.ts';
import { Fleet } from './fleet.ts';
import { transportWith } from './nodes.ts';
import type { Replica } from './replica.ts';

type Parts = readonly Uint8Array[];
/** What becomes of a piece of a snapshot: the frames that leave, each after some ms. */
type Fate = (parts: Parts, to: string) => readonly (readonly [parts: Parts, delayMs: number])[];

const snapshot = { everyEntries: 10, keepEntries: 0, chunkBytes: 500 };
const text = 'x'.repeat(200);
let fleet: Fleet;
let fate: Fate;
/** Bytes of pieces that were sent to c. */
let sentBytes: number;
let calls: string[];

afterEach(() => fleet.world.close());

function tampered(inner: Transport): Transport {
  return transportWith(inner, (to, parts, lane) => {
    if (lane !== 'bulk') return inner.send(to, parts, lane);
    if (to === 'c') sentBytes += parts[1]?.length ?? 0;
    for (const [each, delayMs] of fate(parts, to)) {
      if (delayMs === 0) inner.send(to, each, lane);
      else fleet.world.clock.after(delayMs, () => void inner.send(to, each, lane));
    }
    return true;
  });
}

/** c is cut off, and what it would need is in a snapshot only; a leads. */
async function startBehind(more: { readonly maxBytesPerSec?: number } = {}): Promise<Replica> {
  fate = (parts) => [[parts, 0]];
  sentBytes = 0;
  calls = [];
  fleet = new Fleet({
    ids: 'abc',
    options: { snapshot: { ...snapshot, ...more }, requestTimeoutMs: 1000 },
    transport: (id, { world }) => tampered(world.network.transport(id)),
    hook: (id) => (call, when) => {
      if (id === 'c' && when === 'end') calls.push(call);
      return undefined;
    },
  });
  await fleet.startAll();
  await fleet.world.elect('a');
  fleet.world.network.isolate('c');
  await fleet.propose(40, text);
  return fleet.replica('c');
}

async function expectSame(): Promise<void> {
  await fleet.world.clock.until(() => fleet.world.node('c').status().base > 20);
  await fleet.inStep();
  const [a, b, c] = ['a', 'b', 'c'].map((id) => fleet.replica(id).applied);
  expect(c).toEqual(a);
  expect(b).toEqual(a);
  expect(fleet.world.faults).toEqual([]);
}

/** Some of the snapshot is with c, and not all of it. */
async function midway(): Promise<void> {
  const before = calls.length;
  await fleet.world.clock.until(() => calls.length - before > 6);
  expect(calls).not.toContain('commit');
}

const lengthOf = (id: string) => fleet.world.node(id).status().snapshot?.bytes ?? Number.NaN;

describe('pieces of a snapshot', () => {
  it('may be lost, doubled and come in any order (S4)', async () => {
    const c = await startBehind();
    const prng = createPrng(7);
    fate = (parts) => {
      const copies = nextFloat(prng) < 0.4 ? 0 : nextFloat(prng) < 0.5 ? 1 : 2;
      return Array.from({ length: copies }, () => [parts, Math.floor(nextFloat(prng) * 60)]);
    };
    fleet.world.network.heal();
    await expectSame();
    expect(c.restores).toHaveLength(1);
  });

  it('that are damaged on the way are found out, and never seen by a machine (S4)', async () => {
    const c = await startBehind();
    let damaged = 0;
    fate = (parts) => {
      const [head, bytes] = parts;
      if (head === undefined || bytes === undefined || damaged >= 3) return [[parts, 0]];
      damaged++;
      const wrong = Uint8Array.from(bytes);
      wrong[wrong.length >> 1] = (wrong[wrong.length >> 1] ?? 0) ^ 0x10;
      return [[[head, wrong], 0]];
    };
    fleet.world.network.heal();
    await expectSame();
    expect(damaged).toBe(3);
    expect(calls).toContain('discard');
    expect(calls.filter((call) => call === 'commit')).toHaveLength(1);
    expect(c.restores).toHaveLength(1);
  });

  it('all belong to the one that was begun, though a newer one is taken (S4)', async () => {
    const c = await startBehind({ maxBytesPerSec: 5000 });
    const begun = fleet.world.node('a').status().snapshot?.index;
    fleet.world.network.heal();
    await midway();
    await fleet.propose(25, 'more');
    expect(fleet.world.node('a').status().snapshot?.index).toBeGreaterThan(begun ?? Infinity);
    await expectSame();
    expect(c.restores.map(({ index }) => index)).toEqual([begun]);
  });
});

describe('a snapshot that is half there', () => {
  it('is begun anew by the next leader, which has one of its own (S4)', async () => {
    const c = await startBehind({ maxBytesPerSec: 5000 });
    fleet.world.network.heal();
    await midway();
    await fleet.world.value(fleet.world.node('a').transferLeadership('b'));
    await expectSame();
    expect(c.restores).toHaveLength(1);
    expect((await fleet.leader()).id).toBe('b');
  });

  it('goes on from there after a restart of its receiver (S4)', async () => {
    await startBehind({ maxBytesPerSec: 5000 });
    fleet.world.network.heal();
    await midway();
    await fleet.crash('c');
    await fleet.start('c');
    await expectSame();
    expect(sentBytes).toBeLessThan(1.4 * lengthOf('c'));
    expect(fleet.replica('c').restores).toHaveLength(1);
  });

  it('goes on from there after a restart of its sender, if that leads again (S4)', async () => {
    await startBehind({ maxBytesPerSec: 5000 });
    fleet.world.network.heal();
    await midway();
    await fleet.crash('a');
    await fleet.start('a');
    await fleet.world.elect('a');
    await expectSame();
    expect(sentBytes).toBeLessThan(1.6 * lengthOf('c'));
  });
});

describe('a snapshot that travels more slowly than writes come', () => {
  it('is followed by the log, and by no other snapshot (S6)', async () => {
    const c = await startBehind({ maxBytesPerSec: 4000 });
    fleet.world.network.heal();
    let at = 0;
    while (fleet.world.node('c').status().base < 20 && at < 400) {
      await fleet.propose(1, `busy${at++}`);
      await fleet.world.clock.advance(15);
    }
    expect(at).toBeGreaterThan(50);
    await fleet.propose(30, 'after');
    await expectSame();
    expect(c.restores).toHaveLength(1);
    await fleet.propose(25, 'end');
    await fleet.world.clock.advance(500);
    const { base, snapshot: latest } = fleet.world.node('a').status();
    expect(base, 'nothing is held any more').toBe(latest?.index);
  });

  it('holds no more of the log than it may: then another one is sent (S6)', async () => {
    const c = await startBehind({ maxBytesPerSec: 4000 });
    const leader = fleet.world.node('a');
    leader.configure({ snapshot: { maxHeldBytes: 1000 } });
    fleet.world.network.heal();
    await midway();
    await fleet.propose(120, 'busy');
    const { base, snapshot: latest } = leader.status();
    expect((latest?.index ?? 0) - base).toBeLessThan(60);
    await expectSame();
    expect(c.restores.length).toBeLessThanOrEqual(3);
  });
});
