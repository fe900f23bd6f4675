// As random.test.ts, for sessions: nothing is applied twice, however often it is sent; what a call
// or an outcome has said of a command is so, on every machine, for ever.
import type { CoxswainError, Session, SessionOutcome } from 'coxswain';
import { expect, test } from 'vitest';
import { createPrng, nextFloat, nextInteger, type Prng } from '../../src/lib/prng.ts';
import { startCluster } from './harness.ts';
import { Trouble } from './trouble.ts';

const SEEDS = 15;
const STEPS = 40;

/** What is known of one command: where it was applied, or that it never will be. */
interface Said {
  readonly command: string;
  readonly index: number | undefined;
  readonly result: number | undefined;
}

/** A client of one session, which asks for the outcome of what it does not know. */
class Client {
  readonly said: Said[];
  readonly #session: Session<string, number>;
  readonly #prng: Prng;
  #next = 0;

  constructor(session: Session<string, number>, prng: Prng, said: Said[]) {
    this.#session = session;
    this.#prng = prng;
    this.said = said;
  }

  propose(): void {
    const command = `${this.#session.id}/${this.#next++}`;
    const timeoutMs = nextInteger(this.#prng, 20, 1500);
    this.#session.propose(command, { timeoutMs }).then(
      ({ index, result }) => void this.said.push({ command, index, result }),
      (error: CoxswainError) => this.#failed(command, error),
    );
  }

  #failed(command: string, { code, outcome, sequence }: CoxswainError): void {
    if (outcome === 'not-applied') {
      this.said.push({ command, index: undefined, result: undefined });
    } else if (code !== 'ERR_SESSION_EXPIRED' && code !== 'ERR_CLOSED') {
      expect(sequence).toBeGreaterThan(0);
      this.#ask(command, sequence ?? 0);
    }
  }

  /** With ever more patience: whoever asks all too often keeps a slow cluster from answering. */
  #ask(command: string, sequence: number, timeoutMs = 1000): void {
    this.#session.outcome(sequence, { timeoutMs }).then(
      (outcome: SessionOutcome<number>) => {
        const index = outcome.applied ? outcome.index : undefined;
        this.said.push({ command, index, result: outcome.applied ? outcome.result : undefined });
      },
      ({ code }: CoxswainError) => {
        if (code === 'ERR_SESSION_EXPIRED' || code === 'ERR_CLOSED') return;
        this.#ask(command, sequence, 2 * timeoutMs);
      },
    );
  }
}

async function runSeed(seed: number): Promise<readonly Said[]> {
  const prng = createPrng(seed);
  const size = nextInteger(prng, 1, 6);
  const idleMs = nextFloat(prng) < 0.3 ? nextInteger(prng, 100, 1000) : 100_000;
  const limits = {
    maxAppendBytes: nextInteger(prng, 200, 2000),
    memoryWindowBytes: nextInteger(prng, 1, 2000),
    maxApplyBatch: nextInteger(prng, 1, 20),
  };
  const harness = await startCluster({ size, seed, limits, sessions: { idleMs, max: 20 } });
  const { clock, cluster, machines } = harness;
  const { network } = cluster;
  const clients = new Map<string, Client>();
  const said: Said[] = [];
  const open = (id: string) =>
    cluster
      .node(id)
      .openSession({ timeoutMs: 2000 })
      .then(
        (session) => void clients.set(id, new Client(session, prng, said)),
        () => undefined,
      );
  for (const id of cluster.ids) void open(id);
  await clock.advance(2000);
  network.drop = nextFloat(prng) * 0.3;
  network.duplicate = nextFloat(prng) * 0.3;
  network.delayMs = [0, nextInteger(prng, 0, 30)];
  const trouble = new Trouble(harness, prng);
  for (let at = 0; at < STEPS; at++) {
    await trouble.next(
      (id) => {
        const client = clients.get(id);
        if (client === undefined) void open(id);
        for (let n = 0; n < 5; n++) client?.propose();
      },
      (id) => void clients.delete(id),
    );
  }
  await trouble.end(5000);
  const logs = cluster.ids.map((id) => machines.get(id)?.applied ?? []);
  for (const log of logs) expect(log, `seed ${seed}: machines agree`).toEqual(logs[0]);
  const counts = cluster.nodes.map((node) => node.status().sessions);
  expect(new Set(counts).size, `seed ${seed}: so do the tables`).toBe(1);
  const log = logs[0] ?? [];
  const places = new Map(log.map(({ command }, place) => [command, place]));
  expect(places.size, `seed ${seed}: nothing is applied twice`).toBe(log.length);
  for (const { command, index, result } of said) {
    const place = places.get(command);
    expect(log[place ?? -1]?.index, `seed ${seed}: what was said of ${command}`).toBe(index);
    if (result !== undefined) expect(result).toBe((place ?? 0) + 1);
  }
  await harness.settled(cluster.close());
  return said;
}

test(`under random faults ${SEEDS} seeds apply nothing twice, and say what is so`, async () => {
  const said: Said[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) said.push(...(await runSeed(seed)));
  expect(said.filter(({ index }) => index !== undefined).length).toBeGreaterThan(SEEDS * 20);
  expect(said.filter(({ index }) => index === undefined).length).toBeGreaterThan(SEEDS);
});
