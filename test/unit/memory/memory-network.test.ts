import { describe, expect, it } from 'vitest';
import type { Identity, Transport } from '../../../src/contracts/index.ts';
import { MemoryNetwork, type MemoryNetworkOptions } from '../../../src/memory/index.ts';
import { HandClock } from './hand-clock.ts';

const IDS = ['a', 'b', 'c'];

function identityOf(id: string): Identity {
  const clusterId = '0011223344556677';
  return { clusterId, id, address: id, incarnation: clusterId, protocolVersion: 1 };
}

/** Three members on one network whose time stands still. */
class Bench {
  readonly clock = new HandClock();
  readonly network: MemoryNetwork;
  readonly transports = new Map<string, Transport>();
  /** What arrived, as `from>to bytes`. */
  arrived: string[] = [];

  private constructor(options: MemoryNetworkOptions) {
    this.network = new MemoryNetwork({ clock: this.clock, ...options });
  }

  static async open(options: MemoryNetworkOptions = {}): Promise<Bench> {
    const bench = new Bench(options);
    for (const id of IDS) await bench.start(id);
    return bench;
  }

  async start(id: string): Promise<Transport> {
    const transport = this.network.transport(id);
    this.transports.set(id, transport);
    await transport.open(identityOf(id), (from, frame) => {
      this.arrived.push(`${from}>${id} ${[...frame].join()}`);
    });
    transport.setPeers(
      IDS.filter((each) => each !== id).map((each) => ({ id: each, address: '' })),
    );
    return transport;
  }

  send(from: string, to: string, ...bytes: number[]): boolean {
    return this.transport(from).send(to, [Uint8Array.from(bytes)], 'control');
  }

  transport(id: string): Transport {
    const transport = this.transports.get(id);
    if (transport === undefined) throw new Error(`there is no transport of ${id}`);
    return transport;
  }

  /** Sends one frame over every link and returns which arrive. */
  reach(): readonly string[] {
    this.arrived = [];
    for (const from of IDS) for (const to of IDS) if (from !== to) this.send(from, to);
    this.clock.turn();
    return this.arrived.map((each) => each.trim()).sort();
  }
}

const ALL = ['a>b', 'a>c', 'b>a', 'b>c', 'c>a', 'c>b'];

describe('a memory network', () => {
  it('delivers by a macrotask of its own, never inside send, in order', async () => {
    const bench = await Bench.open();
    expect(bench.send('a', 'b', 1)).toBe(true);
    expect(bench.send('a', 'b', 2)).toBe(true);
    expect(bench.send('c', 'b', 3)).toBe(true);
    expect(bench.arrived).toEqual([]);
    await Promise.resolve();
    expect(bench.arrived).toEqual([]);
    bench.clock.turn();
    expect(bench.arrived).toEqual(['a>b 1', 'a>b 2', 'c>b 3']);
    bench.clock.turn();
    expect(bench.arrived).toHaveLength(3);
  });

  it('answers what is sent while it delivers in a later macrotask', async () => {
    const bench = await Bench.open();
    await bench.transport('b').close();
    const echo = bench.network.transport('b');
    await echo.open(identityOf('b'), (from, frame) => void echo.send(from, [frame], 'control'));
    echo.setPeers([{ id: 'a', address: '' }]);
    bench.send('a', 'b', 7);
    bench.clock.turn();
    expect(bench.arrived).toEqual([]);
    bench.clock.turn();
    expect(bench.arrived).toEqual(['b>a 7']);
  });

  it('joins the parts of a frame', async () => {
    const bench = await Bench.open();
    const parts = [Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)];
    bench.transport('a').send('b', parts, 'entries');
    bench.clock.turn();
    expect(bench.arrived).toEqual(['a>b 1,2,3']);
  });

  it('has one open transport for each member', async () => {
    const bench = await Bench.open();
    const second = bench.network.transport('a');
    const opening = second.open(identityOf('a'), () => undefined);
    await expect(opening).rejects.toMatchObject({ code: 'ERR_TRANSPORT' });
    // Closing what never opened takes nothing from the one that did.
    await second.close();
    expect(bench.reach()).toEqual(ALL);
    await bench.transport('a').close();
    await bench.start('a');
    expect(bench.reach()).toEqual(ALL);
  });

  it('drops at once what is for a stranger, too long, or from a closed transport', async () => {
    const bench = await Bench.open({ maxFrameBytes: 4 });
    expect(bench.send('a', 'x', 1)).toBe(false);
    expect(bench.send('a', 'a', 1)).toBe(false);
    expect(bench.send('a', 'b', 1, 2, 3, 4, 5)).toBe(false);
    expect(bench.send('a', 'b', 1, 2, 3, 4)).toBe(true);
    bench.transport('c').setPeers([{ id: 'a', address: '' }]);
    expect(bench.send('c', 'b', 1)).toBe(false);
    await bench.transport('c').close();
    await bench.transport('c').close();
    expect(bench.send('c', 'a', 1)).toBe(false);
    expect(bench.network.transport('d').send('a', [Uint8Array.of(1)], 'bulk')).toBe(false);
    bench.clock.turn();
    expect(bench.arrived).toEqual(['a>b 1,2,3,4']);
  });

  it('hands nothing to a transport that closed while the frame was on its way', async () => {
    const bench = await Bench.open();
    bench.send('a', 'b', 1);
    await bench.transport('b').close();
    bench.clock.turn();
    expect(bench.arrived).toEqual([]);
  });
});

describe('a link', () => {
  it('that is cut carries nothing in either direction, until it is healed', async () => {
    const bench = await Bench.open();
    bench.network.cut('a', 'b');
    expect(bench.reach()).toEqual(['a>c', 'b>c', 'c>a', 'c>b']);
    bench.network.heal();
    expect(bench.reach()).toEqual(ALL);
  });

  it('that is cut one way carries frames the other way', async () => {
    const bench = await Bench.open();
    bench.network.cutOneWay('a', 'b');
    expect(bench.reach()).toEqual(ALL.filter((link) => link !== 'a>b'));
  });

  it('loses what was on its way when it was cut, also when it is healed later', async () => {
    const bench = await Bench.open();
    bench.send('a', 'b', 1);
    bench.network.cut('a', 'b');
    bench.clock.turn();
    bench.network.heal();
    bench.clock.turn();
    expect(bench.arrived).toEqual([]);
  });

  it('does not tell the sender that it is cut', async () => {
    const bench = await Bench.open();
    bench.network.cut('a', 'b');
    expect(bench.send('a', 'b', 1)).toBe(true);
  });

  it('carries a bounded number of frames at once, whoever else sends', async () => {
    const bench = await Bench.open({ maxLinkFrames: 3 });
    const accepted = [1, 2, 3, 4, 5].map((n) => bench.send('a', 'b', n));
    expect(accepted).toEqual([true, true, true, false, false]);
    expect(bench.send('a', 'c', 9)).toBe(true);
    bench.clock.turn();
    expect(bench.arrived).toEqual(['a>b 1', 'a>b 2', 'a>b 3', 'a>c 9']);
    expect(bench.send('a', 'b', 6)).toBe(true);
  });

  it('has its room back from frames that were lost on their way', async () => {
    const bench = await Bench.open({ maxLinkFrames: 2 });
    bench.network.cut('a', 'b');
    for (let round = 0; round < 5; round++) {
      expect([1, 2, 3].map((n) => bench.send('a', 'b', n))).toEqual([true, true, false]);
      bench.clock.turn();
    }
    bench.network.heal();
    expect(bench.send('a', 'b', 1)).toBe(true);
  });

  it('keeps its bound also when frames are repeated', async () => {
    const bench = await Bench.open({ maxLinkFrames: 3 });
    bench.network.duplicate = 1;
    for (const n of [1, 2, 3]) bench.send('a', 'b', n);
    bench.clock.turn();
    expect(bench.arrived.length).toBeLessThanOrEqual(3);
    expect(bench.arrived.length).toBeGreaterThanOrEqual(2);
  });
});

describe('a member that is isolated', () => {
  it('reaches nobody and is reached by nobody', async () => {
    const bench = await Bench.open();
    bench.network.isolate('b');
    expect(bench.reach()).toEqual(['a>c', 'c>a']);
  });

  it('comes back with all its links, and with no other', async () => {
    const bench = await Bench.open();
    bench.network.isolate('b');
    bench.network.cut('a', 'c');
    expect(bench.reach()).toEqual([]);
    bench.network.heal('b');
    expect(bench.reach()).toEqual(['a>b', 'b>a', 'b>c', 'c>b']);
    bench.network.heal('c');
    expect(bench.reach()).toEqual(ALL);
  });
});

describe('a network that is told to', () => {
  /** How often each of 1000 frames arrives. */
  async function arrivals(drop: number, duplicate: number, seed = 1): Promise<readonly number[]> {
    const bench = await Bench.open({ seed });
    Object.assign(bench.network, { drop, duplicate });
    for (let n = 0; n < 1000; n++) expect(bench.send('a', 'b', n >> 8, n & 255)).toBe(true);
    bench.clock.turn();
    const counts = new Array<number>(1000).fill(0);
    for (const each of bench.arrived) {
      const [high = 0, low = 0] = each.slice('a>b '.length).split(',').map(Number);
      const n = high * 256 + low;
      counts[n] = (counts[n] ?? 0) + 1;
    }
    return counts;
  }

  it('drop frames loses about that share of them, and repeats none', async () => {
    const counts = await arrivals(0.3, 0);
    const lost = counts.filter((count) => count === 0).length;
    expect(Math.abs(lost - 300)).toBeLessThan(60);
    expect(Math.max(...counts)).toBe(1);
    expect(Math.max(...(await arrivals(1, 1)))).toBe(0);
  });

  it('duplicate frames repeats about that share of them, and loses none', async () => {
    const counts = await arrivals(0, 0.3);
    const repeated = counts.filter((count) => count === 2).length;
    expect(Math.abs(repeated - 300)).toBeLessThan(60);
    expect([Math.min(...counts), Math.max(...counts)]).toEqual([1, 2]);
    expect(Math.min(...(await arrivals(0, 1)))).toBe(2);
  });

  it('chooses the same frames for the same seed, others for another', async () => {
    const first = await arrivals(0.2, 0.2, 5);
    expect(await arrivals(0.2, 0.2, 5)).toEqual(first);
    expect(await arrivals(0.2, 0.2, 6)).not.toEqual(first);
  });

  it('delay frames delivers them after that time, and no sooner', async () => {
    const bench = await Bench.open();
    bench.network.delayMs = [20, 20];
    bench.send('a', 'b', 1);
    bench.clock.turn();
    bench.clock.pass(19);
    expect(bench.arrived).toEqual([]);
    bench.clock.pass(1);
    expect(bench.arrived).toEqual(['a>b 1']);
  });

  it('delay them unevenly delivers within the bounds, out of order', async () => {
    const bench = await Bench.open();
    bench.network.delayMs = [10, 30];
    for (let n = 0; n < 100; n++) bench.send('a', 'b', n);
    bench.clock.turn();
    bench.clock.pass(9);
    expect(bench.arrived).toEqual([]);
    bench.clock.pass(21);
    const order = bench.arrived.map((each) => Number(each.slice('a>b '.length)));
    const sorted = Array.from({ length: 100 }, (_, n) => n);
    expect(order).not.toEqual(sorted);
    expect([...order].sort((x, y) => x - y)).toEqual(sorted);
  });

  it('cut a link loses frames that were delayed on it', async () => {
    const bench = await Bench.open();
    bench.network.delayMs = [20, 20];
    bench.send('a', 'b', 1);
    bench.send('a', 'c', 2);
    bench.clock.pass(10);
    bench.network.cut('a', 'b');
    bench.clock.pass(10);
    expect(bench.arrived).toEqual(['a>c 2']);
  });
});
