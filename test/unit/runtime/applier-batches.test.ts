// Machines that take many commands at once: the same comes of it, however they are divided.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApplyContext, Committed, LogEntry } from '../../../src/contracts/index.ts';
import type { CoxswainError } from '../../../src/errors.ts';
import { BEGINNING } from '../../../src/runtime/applied-point.ts';
import { Applier } from '../../../src/runtime/applier.ts';
import { LogWindow } from '../../../src/runtime/log-window.ts';
import { Refusal } from '../../../src/runtime/refusal.ts';
import { SessionApplier } from '../../../src/runtime/session-applier.ts';
import {
  encodeFence,
  encodeSessionCommand,
  encodeSessionOpen,
  encodeVersion,
  OwnEntry,
} from '../../../src/runtime/wire/index.ts';
import { Deferred, DeferredStore, macrotask } from './deferred.ts';

const text = new TextDecoder();
const bytes = (value: string) => Uint8Array.from(Buffer.from(value));

type BatchCall = (entries: readonly Committed<string>[]) => unknown;

/** A machine that answers each command with all it has been given so far. */
class Bench {
  readonly settled: string[] = [];
  readonly failed: CoxswainError[] = [];
  readonly given: string[] = [];
  /** How many commands each call brought. */
  readonly calls: number[] = [];
  readonly window = new LogWindow(1, { memoryWindowBytes: 1 << 20 });
  soon: (() => void)[] = [];
  /** What a call of `applyBatch` gives, when it is not to be what `apply` would. */
  batch: BatchCall | undefined;
  readonly sessions: SessionApplier<string, string>;
  readonly applier: Applier<string, string, never, never>;
  #last = 0;

  constructor({ batches = true, maxApplyBatch = 100, version = 1, kept = 0 } = {}) {
    const never = () => {
      throw new Error('not asked for in this test');
    };
    const applyBatch = (entries: readonly Committed<string>[]) => {
      this.calls.push(entries.length);
      if (this.batch !== undefined) return this.batch(entries) as string[];
      return entries.map((each) => this.apply(each));
    };
    const machine = {
      version,
      apply: (command: string, context: ApplyContext) => this.apply({ command, context }),
      ...(batches ? { applyBatch } : {}),
      ...{ snapshot: never, restore: never },
    };
    const codec = {
      encode: never,
      decode: (body: Uint8Array) => {
        if (text.decode(body) === '?') throw new Error('odd bytes');
        return text.decode(body);
      },
    };
    this.sessions = new SessionApplier<string, string>({
      ...{ machine, command: codec, result: { encode: bytes } },
    });
    this.applier = new Applier<string, string, never, never>(
      {
        ...{ machine, codec, window: this.window, store: new DeferredStore() },
        limits: { maxApplyBatch, maxAppendBytes: 1000, maxQueuedReads: 10 },
        sessions: this.sessions,
        clock: {
          ...{ now: () => 0, wallMs: never, after: never },
          soon: (callback) => void this.soon.push(callback),
        },
        ...{ isLeading: () => false, due: never, verify: never, advanced: () => undefined },
        settled: ({ index }, result) => void this.settled.push(`${index}=${said(result)}`),
        failed: (error) => void this.failed.push(error),
      },
      BEGINNING,
    );
    this.applier.keep(kept);
  }

  apply({ command, context }: Committed<string>): string {
    this.given.push(`${command}@${context.index}`);
    return this.given.join(' ');
  }

  add(kind: LogEntry['kind'], body: Uint8Array): void {
    const index = ++this.#last;
    this.window.append(new OwnEntry(index, { term: 2, timeMs: 10 * index, kind }, body));
  }

  /** A session, opened by entry 1, and whatever of it follows. */
  open(idleMs = 10_000): void {
    this.add('session-open', encodeSessionOpen({ idleMs, max: 5 }));
  }

  command(sequence: number, command: string, floor = 0): void {
    const name = { session: 1, sequence, floor };
    this.add('session-command', encodeSessionCommand(name, bytes(command)));
  }

  run(upTo: number = this.#last): void {
    this.applier.advance(upTo);
    while (this.soon.length > 0) for (const callback of this.soon.splice(0)) callback();
  }
}

function said(result: unknown): string {
  if (result instanceof Refusal) return result.error.message;
  if (typeof result !== 'object' || result === null) return String(result);
  const { index, result: answer } = result as { index: number; result?: Uint8Array };
  return `${index}:${answer === undefined ? 'none' : text.decode(answer)}`;
}

describe('a machine that takes batches', () => {
  it('is given the commands that follow each other, and settles them in order', () => {
    const bench = new Bench();
    for (const letter of ['a', 'b']) bench.add('command', bytes(letter));
    bench.add('noop', bytes(''));
    bench.add('command', bytes('c'));
    bench.run();
    expect(bench.calls).toEqual([2, 1]);
    expect(bench.settled).toEqual(['1=a@1', '2=a@1 b@2', '3=undefined', '4=a@1 b@2 c@4']);
  });

  it('is given no more at once than the limit', () => {
    const bench = new Bench({ maxApplyBatch: 2 });
    for (const letter of 'abcde') bench.add('command', bytes(letter));
    bench.run();
    expect([bench.calls, bench.settled.length]).toEqual([[2, 2, 1], 5]);
  });

  it('starts the next batch when the promise of the one before is settled', async () => {
    const bench = new Bench({ maxApplyBatch: 2 });
    const asked: Deferred<string[]>[] = [];
    bench.batch = () => {
      asked.push(new Deferred());
      return asked.at(-1)?.promise;
    };
    for (const letter of 'abcd') bench.add('command', bytes(letter));
    bench.run();
    expect([asked.length, bench.applier.applied, bench.applier.backlog]).toEqual([1, 0, 4]);
    asked[0]?.resolve(['x', 'y']);
    await macrotask();
    expect([bench.settled, asked.length]).toEqual([['1=x', '2=y'], 2]);
    asked[1]?.resolve(['z', 'w']);
    await macrotask();
    expect(bench.settled.slice(2)).toEqual(['3=z', '4=w']);
  });

  it('answers a repeat of a command of the same batch, and applies it once', () => {
    const bench = new Bench();
    bench.open();
    bench.command(1, 'a');
    bench.command(2, 'b');
    bench.command(1, 'a');
    bench.command(1, 'other');
    bench.run();
    expect([bench.given, bench.calls]).toEqual([['a@2', 'b@3'], [2]]);
    expect(bench.settled.slice(1)).toEqual([
      ...['2=2:a@2', '3=3:a@2 b@3', '4=2:a@2', '5=its sequence belongs to another command'],
    ]);
  });

  it.each<[string, BatchCall, RegExp]>([
    ['too few', () => ['x'], /1 results for 2 commands/],
    ['too many', () => Promise.resolve(['x', 'y', 'z']), /3 results for 2 commands/],
    ['no list', () => undefined, /gave undefined for 2/],
    [
      'a throw',
      () => {
        throw new Error('odd');
      },
      /index 2: odd/,
    ],
    ['a rejection', () => Promise.reject(new Error('odd')), /index 2: odd/],
  ])(
    'is the end of the node when it gives %s: nothing of the batch is acknowledged',
    async (_what, batch, message) => {
      const bench = new Bench();
      bench.batch = batch;
      bench.open();
      bench.command(1, 'a');
      bench.add('command', bytes('b'));
      bench.run();
      await macrotask();
      expect(bench.settled).toEqual(['1=undefined']);
      expect(bench.failed).toHaveLength(1);
      expect(bench.failed[0]).toMatchObject({
        ...{ code: 'ERR_STATE_MACHINE', index: 2, outcome: 'unknown' },
        message: expect.stringMatching(message),
      });
    },
  );

  it('is not asked when a command does not decode, and the error names that entry', () => {
    const bench = new Bench();
    for (const letter of 'a?b') bench.add('command', bytes(letter));
    bench.run();
    expect([bench.calls, bench.settled]).toEqual([[], []]);
    expect(bench.failed).toMatchObject([{ code: 'ERR_STATE_MACHINE', index: 2 }]);
  });

  it('lets no query or job in before the whole batch is settled', async () => {
    const bench = new Bench();
    const seen: number[] = [];
    const settle = bench.settled.push.bind(bench.settled);
    bench.settled.push = (line) => {
      if (line.startsWith('1=')) {
        bench.applier.exclusive({
          inStep: true,
          run: (at) => void seen.push(at.index),
          ...{ done: () => undefined, failed: () => undefined },
        });
      }
      return settle(line);
    };
    for (const letter of 'abc') bench.add('command', bytes(letter));
    bench.run();
    expect(seen).toEqual([3]);
  });
});

describe('a version entry', () => {
  const body = encodeVersion({ features: 1, machineVersion: 2 });

  it('is what the machine is told from then on', () => {
    const bench = new Bench({ version: 3 });
    const told: number[] = [];
    bench.batch = (entries) => {
      told.push(...entries.map(({ context }) => context.machineVersion));
      return entries.map(() => 'x');
    };
    bench.open();
    bench.add('command', bytes('a'));
    bench.add('version', body);
    bench.command(1, 'b');
    bench.run();
    expect(told).toEqual([1, 2]);
  });

  it.each([
    ['machine', 1, body, /machine at version 2 from entry 2 on; this one has 1/],
    ['build', 9, encodeVersion({ features: 2, machineVersion: 2 }), /features 2 .*has 1/],
  ] as const)(
    'above what this %s can stops the node before it',
    (_what, version, wanted, message) => {
      const bench = new Bench({ version });
      bench.add('command', bytes('a'));
      bench.add('version', wanted);
      bench.add('command', bytes('b'));
      bench.run();
      expect([bench.given, bench.applier.applied]).toEqual([['a@1'], 1]);
      expect(bench.failed).toMatchObject([
        { code: 'ERR_VERSION_UNSUPPORTED', index: 2, message: expect.stringMatching(message) },
      ]);
    },
  );

  it('that the store has spoilt stops the node', () => {
    const bench = new Bench();
    bench.add('version', bytes('x'));
    bench.run();
    expect(bench.failed).toMatchObject([{ code: 'ERR_STORE_CORRUPT', index: 1 }]);
  });
});

describe('entries whose effects the machine has kept', () => {
  it.each([true, false])('go through the table of sessions alone: batches %s', (batches) => {
    const bench = new Bench({ batches, kept: 4, version: 2 });
    bench.open();
    bench.command(1, 'a');
    bench.add('command', bytes('b'));
    bench.add('version', encodeVersion({ features: 1, machineVersion: 2 }));
    bench.command(1, 'a');
    bench.add('fence', encodeFence({ session: 1, sequence: 1, floor: 0 }));
    bench.command(2, 'c');
    bench.run();
    expect(bench.given).toEqual(['c@7']);
    expect(bench.settled.slice(4)).toEqual([
      ...['5=applied at index 2, but its result was not kept', '6=2:none', '7=7:c@7'],
    ]);
  });
});

const letters = fc.constantFrom('a', 'b', 'c');
const command = fc.record({
  sequence: fc.integer({ min: 0, max: 5 }),
  letter: letters,
  lag: fc.integer({ min: 0, max: 5 }),
  kind: fc.constantFrom('plain', 'session', 'session', 'session', 'fence', 'noop'),
});

type Step = { sequence: number; letter: string; lag: number; kind: string };

/** The same log for whoever asks. */
function fill(bench: Bench, log: readonly Step[]): void {
  bench.open(60);
  for (const { kind, lag, letter, sequence } of log) {
    const name = { session: 1, sequence: sequence + 1, floor: Math.max(0, sequence - lag) };
    if (kind === 'plain') bench.add('command', bytes(letter));
    else if (kind === 'noop') bench.add('noop', bytes(''));
    else if (kind === 'fence') bench.add('fence', encodeFence(name));
    else bench.command(name.sequence, letter, name.floor);
  }
}

describe('however a log is divided into batches', () => {
  const cut = fc.record({
    maxApplyBatch: fc.integer({ min: 1, max: 9 }),
    advances: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 6 }),
  });
  const logs = fc.array(command, { maxLength: 40 });
  const expectSame = (batched: Bench, alone: Bench) => {
    expect(batched.settled).toEqual(alone.settled);
    expect(batched.given).toEqual(alone.given);
    expect(batched.sessions.table).toEqual(alone.sessions.table);
  };

  it('the same comes of every entry, and the same table of sessions', () => {
    fc.assert(
      fc.property(logs, cut, (log, { advances, maxApplyBatch }) => {
        const [alone, batched] = [new Bench({ batches: false }), new Bench({ maxApplyBatch })];
        fill(alone, log);
        fill(batched, log);
        alone.run();
        let upTo = 0;
        for (const some of advances) {
          upTo = Math.min(upTo + some, log.length + 1);
          batched.run(upTo);
        }
        batched.run();
        expectSame(batched, alone);
      }),
      { numRuns: 300 },
    );
  });

  it('the same comes of it when the machine answers later, now and then', async () => {
    const late = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(logs, cut, late, async (log, { maxApplyBatch }, lateness) => {
        const [alone, batched] = [new Bench({ batches: false }), new Bench({ maxApplyBatch })];
        fill(alone, log);
        fill(batched, log);
        alone.run();
        batched.batch = (entries) => {
          const apply = () => entries.map((each) => batched.apply(each));
          const isLate = lateness[batched.calls.length % lateness.length] === true;
          return isLate ? macrotask().then(apply) : apply();
        };
        for (let turn = 0; batched.applier.applied <= log.length; turn++) {
          expect(turn).toBeLessThan(200);
          batched.run();
          await macrotask();
        }
        expectSame(batched, alone);
      }),
      { numRuns: 60 },
    );
  });
});
