import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CoxswainError } from '../../../../src/errors.ts';
import { joinBytes } from '../../../../src/lib/bytes.ts';
import {
  createSessions,
  fenceSequence,
  judgeCommand,
  type Kept,
  openSession,
  recordResult,
  SESSION_WINDOW,
  type SessionRecord,
  type Sessions,
} from '../../../../src/raft/index.ts';
import { decodeSessions, encodeSessions } from '../../../../src/runtime/wire/index.ts';

const whole = fc.nat(Number.MAX_SAFE_INTEGER);
const result = fc.oneof(
  fc.constant(undefined),
  fc.uint8Array({ maxLength: 20 }),
  fc.integer({ min: 16_000, max: 140_000 }).map((length) => new Uint8Array(length).fill(length)),
);
const applied: fc.Arbitrary<Kept> = fc.record({
  ...{ index: whole, term: whole, checksum: whole },
  result,
});
const kept = fc.oneof(
  applied,
  fc.constant({ index: 0, term: 0, checksum: 0, result: undefined } satisfies Kept),
);
const record: fc.Arbitrary<SessionRecord> = fc
  .record({
    ...{ idleMs: whole, lastTimeMs: whole, floor: fc.nat(2 ** 52) },
    kept: fc.array(fc.tuple(fc.integer({ min: 1, max: SESSION_WINDOW }), kept), { maxLength: 8 }),
  })
  .map(({ floor, kept: list, ...rest }) => ({
    ...rest,
    floor,
    kept: new Map(list.map(([above, each]) => [floor + above, each])),
  }));
const sessionsOf: fc.Arbitrary<Sessions> = fc.record({
  open: fc
    .array(fc.tuple(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), record), { maxLength: 6 })
    .map((list) => new Map(list)),
  calmUntilMs: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), whole, fc.constant(2 ** 54 - 2)),
});

/** In order too: maps that are equal but for their order are not the same table. */
function listed({ calmUntilMs, open }: Sessions): unknown {
  const shown = ({ result, ...each }: Kept) => ({
    ...each,
    result: result && Buffer.from(result).toString('latin1'),
  });
  const keptOf = ({ kept }: SessionRecord) => [...kept].map(([at, each]) => [at, shown(each)]);
  return [calmUntilMs, [...open].map(([id, each]) => [id, { ...each, kept: keptOf(each) }])];
}

function decode(...chunks: readonly Uint8Array[]): Sessions {
  return decodeSessions(joinBytes(chunks));
}

function small(): Sessions {
  const sessions = createSessions();
  openSession(sessions, { index: 5, timeMs: 100, idleMs: 50, max: 3 });
  openSession(sessions, { index: 9, timeMs: 110, idleMs: 60, max: 3 });
  const at = { index: 11, term: 2, timeMs: 120 };
  for (const sequence of [3, 4]) {
    judgeCommand(sessions, { session: 5, sequence, floor: 1 }, Uint8Array.of(1), at);
  }
  recordResult(sessions, { session: 5, sequence: 3 }, Uint8Array.of(7, 8));
  fenceSequence(sessions, { session: 5, sequence: 5, floor: 2 }, 121);
  return sessions;
}

describe('the table of sessions as bytes (S9)', () => {
  it('comes back exactly, in order, whatever is in it', () => {
    fc.assert(
      fc.property(sessionsOf, (sessions) => {
        expect(listed(decode(...encodeSessions(sessions)))).toEqual(listed(sessions));
      }),
      { numRuns: 150 },
    );
  });

  it('answers a retry and a fence as before', () => {
    const [before, after] = [small(), decode(...encodeSessions(small()))];
    expect(after.calmUntilMs).toBe(150);
    const at = { index: 20, term: 3, timeMs: 130 };
    for (const sequence of [1, 2, 3, 4, 5, 6, 2000]) {
      for (const session of [5, 9, 7]) {
        const name = { session, sequence, floor: 0 };
        const [one, other] = [before, after].map((each) =>
          judgeCommand(each, name, Uint8Array.of(1), at),
        );
        expect(other).toEqual(one);
      }
    }
    expect(listed(after)).toEqual(listed(before));
  });

  it('is what it was at the call, whatever is done to the table after', () => {
    const sessions = small();
    const expected = listed(small());
    const chunks = encodeSessions(sessions);
    recordResult(sessions, { session: 5, sequence: 4 }, Uint8Array.of(1));
    fenceSequence(sessions, { session: 9, sequence: 1, floor: 0 }, 125);
    sessions.open.delete(5);
    expect(listed(decode(...chunks))).toEqual(expected);
  });

  it('is given in chunks of 64 KiB at most, few of them', () => {
    const sessions = createSessions();
    openSession(sessions, { index: 5, timeMs: 100, idleMs: 50, max: 3 });
    for (let sequence = 1; sequence <= 500; sequence++) {
      const name = { session: 5, sequence, floor: 0 };
      judgeCommand(sessions, name, Uint8Array.of(1), { index: sequence, term: 1, timeMs: 101 });
      recordResult(sessions, name, new Uint8Array(sequence % 100 === 0 ? 200_000 : 1000));
    }
    const chunks = encodeSessions(sessions);
    const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
    expect(chunks.length).toBeLessThan(2 + bytes / (64 * 1024) + 3 * 5);
    expect(listed(decode(...chunks))).toEqual(listed(sessions));
  });

  it('keeps its bytes from version to version', () => {
    const sessions = createSessions();
    expect(Buffer.from(joinBytes(encodeSessions(sessions))).toString('hex')).toBe(
      `01${'7ff0000000000000'}${'00000000'}`,
    );
    expect(Buffer.from(joinBytes(encodeSessions(small()))).toString('hex')).toBe(
      [
        '014062c0000000000000000002',
        '000000000000000500000000000000320000000000000079000000000000000200000003',
        '0000000000000003000000000000000b0000000000000002000a24ea4333a09201000000020708',
        '0000000000000004000000000000000b0000000000000002000a24ea4333a0920000000000',
        '00000000000000050000000000000000000000000000000000000000000000000000000000',
        '0000000000000009000000000000003c000000000000006e000000000000000000000000',
      ].join(''),
    );
  });

  it('keeps no view of what it was read from', () => {
    const bytes = joinBytes(encodeSessions(small()));
    const sessions = decodeSessions(bytes);
    bytes.fill(0);
    expect(listed(sessions)).toEqual(listed(small()));
  });

  it('is refused when it is short, long, or of another format', () => {
    const bytes = joinBytes(encodeSessions(small()));
    const bad = expect.objectContaining({ code: 'ERR_FRAME' });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSessions(bytes.subarray(0, length))).toThrow(bad);
    }
    expect(() => decode(bytes, Uint8Array.of(0))).toThrow(bad);
    expect(() => decode(Uint8Array.of(0), bytes.subarray(1))).toThrow(bad);
    expect(() => decode(Uint8Array.of(2), bytes.subarray(1))).toThrow(
      expect.objectContaining({ code: 'ERR_STORE_FORMAT' }),
    );
  });

  it('never throws anything else, whatever byte is wrong (F16)', () => {
    const bytes = joinBytes(encodeSessions(small()));
    for (let at = 0; at < bytes.length; at++) {
      for (const byte of [0, 1, 2, 0x1f, 0x20, 0x7f, 0x80, 0xff]) {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = byte;
        try {
          decodeSessions(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(CoxswainError);
        }
      }
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        try {
          decodeSessions(noise);
        } catch (error) {
          expect(error).toBeInstanceOf(CoxswainError);
        }
      }),
    );
  });

  it('is refused when it names something twice, or outside its window', () => {
    const bad = expect.objectContaining({ code: 'ERR_FRAME' });
    const empty = { idleMs: 1, lastTimeMs: 1, floor: 10 };
    const one: Kept = { index: 1, term: 1, checksum: 1, result: undefined };
    for (const sequence of [10, 9, 10 + SESSION_WINDOW + 1]) {
      const open = new Map([[3, { ...empty, kept: new Map([[sequence, one]]) }]]);
      expect(() => decode(...encodeSessions({ open, calmUntilMs: 1 }))).toThrow(bad);
    }
    for (const calmUntilMs of [Number.NaN, -1, Number.NEGATIVE_INFINITY]) {
      expect(() => decode(...encodeSessions({ open: new Map(), calmUntilMs }))).toThrow(bad);
    }
    const nameless = new Map([[0, { ...empty, kept: new Map() }]]);
    expect(() => decode(...encodeSessions({ open: nameless, calmUntilMs: 1 }))).toThrow(bad);
    const twice = joinBytes(
      encodeSessions({ open: new Map([[3, { ...empty, kept: new Map() }]]), calmUntilMs: 1 }),
    );
    const both = Uint8Array.of(...twice, ...twice.subarray(13));
    both[12] = 2;
    expect(() => decodeSessions(both)).toThrow(bad);
  });
});
