// What every Transport must do between two members that can reach each other.
import type { Identity, Transport } from '../../contracts/index.ts';
import { type Case, expectEqual, expectTrue } from './suite.ts';

export interface TransportsUnderTest {
  /** Two transports, of members `a` and `b`, not opened yet. */
  readonly a: Transport;
  readonly b: Transport;
  readonly addresses: { readonly a: string; readonly b: string };
  /** Waits until what was sent has arrived, or surely never will. */
  settle(): Promise<void>;
  dispose(): Promise<void>;
}

interface Pair extends TransportsUnderTest {
  /** What each has received, with the id of the sender. */
  readonly atA: Received[];
  readonly atB: Received[];
}

interface Received {
  readonly from: string;
  readonly frame: Uint8Array;
}

export function transportSuite(make: () => Promise<TransportsUnderTest>): readonly Case[] {
  return cases.map(([name, body]) => ({
    name,
    run: async () => {
      const under = await make();
      try {
        await body(await openBoth(under));
      } finally {
        await Promise.all([under.a.close(), under.b.close()]);
        await under.dispose();
      }
    },
  }));
}

const cases: readonly (readonly [string, (pair: Pair) => Promise<void>])[] = [
  ['a frame arrives whole, from whom it came', delivers],
  ['the parts of a frame are joined in order', joinsParts],
  ['frames of every size up to the limit arrive', deliversSizes],
  ['a received frame keeps its bytes', keepsFrames],
  ['receive is never called inside send', neverReenters],
  ['send to a stranger is dropped at once', dropsStrangers],
  ['a frame over the limit is dropped at once, and harms no other', dropsOversized],
  ['a peer that is no longer named is not sent to', followsPeers],
  ['whoever sent a frame can be answered, though it is no peer', answersStrangers],
  ['a closed transport neither sends nor receives', staysClosed],
];

async function delivers({ a, atA, atB, b, settle }: Pair): Promise<void> {
  expectTrue(a.send('b', [bytes(1, 2, 3)], 'control'), 'accepted');
  expectTrue(b.send('a', [bytes(4)], 'entries'), 'accepted');
  await settle();
  expectEqual(shown(atB), ['a: 1,2,3'], 'at b');
  expectEqual(shown(atA), ['b: 4'], 'at a');
}

async function joinsParts({ a, atB, settle }: Pair): Promise<void> {
  a.send('b', [bytes(1), bytes(), bytes(2, 3), bytes(4)], 'entries');
  await settle();
  expectEqual(shown(atB), ['a: 1,2,3,4'], 'joined');
}

async function deliversSizes({ a, atB, settle }: Pair): Promise<void> {
  const { maxFrameBytes } = a.supports;
  const sizes = [1, 2, 255, 256, 65_535, 65_536, maxFrameBytes].filter((n) => n <= maxFrameBytes);
  for (const size of sizes) {
    expectTrue(a.send('b', [new Uint8Array(size)], 'bulk'), `${size} bytes accepted`);
    await settle();
  }
  const lengths = atB.map(({ frame }) => frame.length);
  expectEqual(
    lengths.sort((x, y) => x - y),
    sizes,
    'lengths',
  );
}

async function keepsFrames({ a, atB, settle }: Pair): Promise<void> {
  for (let round = 0; round < 20; round++) {
    a.send('b', [bytes(round, round, round)], 'entries');
    await settle();
  }
  const seen = atB.map(({ frame }) => [...frame]);
  expectEqual(
    seen,
    seen.map(([first = -1]) => [first, first, first]),
    'unchanged',
  );
  expectEqual(new Set(seen.map(([first]) => first)).size, 20, 'all different');
}

async function neverReenters({ a, atB, settle }: Pair): Promise<void> {
  for (let round = 0; round < 10; round++) {
    const before = atB.length;
    a.send('b', [bytes(round)], 'control');
    expectEqual(atB.length, before, 'nothing received inside send');
  }
  await settle();
  expectEqual(atB.length, 10, 'all received later');
}

async function dropsStrangers({ a, settle }: Pair): Promise<void> {
  expectEqual(a.send('nobody', [bytes(1)], 'control'), false, 'dropped at once');
  await settle();
}

async function dropsOversized({ a, atB, settle }: Pair): Promise<void> {
  const over = new Uint8Array(a.supports.maxFrameBytes + 1);
  expectEqual(a.send('b', [over], 'entries'), false, 'dropped at once');
  a.send('b', [bytes(7)], 'entries');
  await settle();
  expectEqual(shown(atB), ['a: 7'], 'the next one arrives');
}

async function followsPeers({ a, addresses, atB, settle }: Pair): Promise<void> {
  a.setPeers([]);
  expectEqual(a.send('b', [bytes(1)], 'control'), false, 'no peer, no frame');
  a.setPeers([{ id: 'b', address: addresses.b }]);
  await settle();
  expectTrue(a.send('b', [bytes(2)], 'control'), 'accepted again');
  await settle();
  expectEqual(shown(atB), ['a: 2'], 'at b');
}

/** A member that has just been added is not told of its peers before they speak to it. */
async function answersStrangers({ a, atA, b, settle }: Pair): Promise<void> {
  b.setPeers([]);
  expectEqual(b.send('a', [bytes(1)], 'control'), false, 'nobody was heard of');
  a.send('b', [bytes(2)], 'control');
  await settle();
  expectTrue(b.send('a', [bytes(3)], 'control'), 'an answer');
  await settle();
  expectEqual(shown(atA), ['b: 3'], 'at a');
}

async function staysClosed({ a, atA, atB, b, settle }: Pair): Promise<void> {
  await b.close();
  await b.close();
  expectEqual(b.send('a', [bytes(1)], 'control'), false, 'closed');
  a.send('b', [bytes(2)], 'control');
  await settle();
  expectEqual([atA.length, atB.length], [0, 0], 'nothing arrived');
}

async function openBoth(under: TransportsUnderTest): Promise<Pair> {
  const { a, addresses, b } = under;
  const atA: Received[] = [];
  const atB: Received[] = [];
  await a.open(identity('a', addresses.a), (from, frame) => void atA.push({ from, frame }));
  await b.open(identity('b', addresses.b), (from, frame) => void atB.push({ from, frame }));
  a.setPeers([{ id: 'b', address: addresses.b }]);
  b.setPeers([{ id: 'a', address: addresses.a }]);
  await under.settle();
  return { ...under, atA, atB };
}

function identity(id: string, address: string): Identity {
  const incarnation = Buffer.from(id.padEnd(7)).toString('hex');
  return { clusterId: '00112233445566ff', id, address, incarnation, protocolVersion: 1 };
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

function shown(received: readonly Received[]): string[] {
  return received.map(({ from, frame }) => `${from}: ${[...frame].join(',')}`).sort();
}
