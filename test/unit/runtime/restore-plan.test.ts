import { describe, expect, it } from 'vitest';
import type { LogPosition } from '../../../src/contracts/index.ts';
import { planRestore, readLastApplied } from '../../../src/runtime/restore-plan.ts';

const at = (index: number, term: number): LogPosition => ({ index, term });

/** Entries behind `base`: of term 2 up to 10, of term 3 up to `last`. */
function logOf(base: LogPosition, last: number) {
  const runs = [
    ...(base.index < Math.min(10, last) ? [{ from: base.index + 1, term: 2 }] : []),
    ...(last > 10 ? [{ from: Math.max(11, base.index + 1), term: 3 }] : []),
  ];
  const term = last > base.index ? (last > 10 ? 3 : 2) : base.term;
  return { base, last: at(last, term), runs };
}

const whole = logOf(at(0, 0), 20);
const behind5 = logOf(at(5, 2), 20);
const none = undefined;

describe('what a node begins with', () => {
  it.each([
    ['nothing at all', none, logOf(at(0, 0), 0), none, 'nothing', 0],
    ['a log', none, whole, none, 'nothing', 0],
    ['a snapshot and the log behind it', at(5, 2), behind5, none, 'all', 0],
    ['a snapshot and a whole log', at(5, 2), whole, none, 'all', 0],
    ['a snapshot beyond the log', at(30, 4), behind5, none, 'all', 0],
    ['a new machine that keeps its state', none, whole, at(0, 0), 'nothing', 0],
    ['a kept state and a whole log', none, whole, at(12, 3), 'nothing', 12],
    ['a kept state at the end of the log', none, whole, at(20, 3), 'nothing', 20],
    ['a kept state before the snapshot', at(8, 2), behind5, at(7, 2), 'all', 0],
    ['a kept state before the log', at(8, 2), behind5, at(3, 1), 'all', 0],
    ['a kept state before a snapshot beyond the log', at(30, 4), behind5, at(25, 3), 'all', 0],
    ['a kept state at the snapshot', at(8, 2), behind5, at(8, 2), 'library', 8],
    ['a kept state at the base', at(5, 2), behind5, at(5, 2), 'library', 5],
    ['a kept state at a snapshot beyond the log', at(30, 4), behind5, at(30, 4), 'library', 30],
    ['a kept state behind the snapshot', at(8, 2), behind5, at(15, 3), 'library', 15],
  ] as const)('%s', (_what, snapshot, log, lastApplied, restore, keptUpTo) => {
    expect(planRestore({ snapshot, log, lastApplied })).toEqual({ restore, keptUpTo });
  });

  it.each([
    ['a log without its beginning', none, behind5, none, /begins after entry 5, but there is no/],
    ['the same, with a kept state', none, behind5, at(7, 2), /begins after entry 5/],
    ['a gap', at(4, 2), behind5, none, /begins after entry 5, but the snapshot ends at 4/],
    ['a kept state beyond the log', none, whole, at(21, 3), /entry 21 of term 3.*ends at entry 20/],
    ['one beyond the snapshot', at(30, 4), behind5, at(31, 4), /entry 31 .* ends at entry 30/],
    ['one of another term', none, whole, at(12, 2), /entry 12 of term 2; .* of term 3 there/],
    ['one of another base', at(5, 2), behind5, at(5, 1), /entry 5 of term 1; .* of term 2 there/],
    ['one of another snapshot', at(30, 4), behind5, at(30, 3), /entry 30 of term 3; .* of term 4/],
    ['an old one of another term', at(8, 2), behind5, at(6, 1), /entry 6 of term 1/],
  ] as const)('is not %s', (_what, snapshot, log, lastApplied, message) => {
    expect(() => planRestore({ snapshot, log, lastApplied })).toThrow(
      expect.objectContaining({
        ...{ code: 'ERR_STORE_CORRUPT', message: expect.stringMatching(message) },
      }),
    );
  });
});

describe('what a machine says it has applied', () => {
  it('is nothing, or a position, now or later', async () => {
    expect(await readLastApplied({})).toBeUndefined();
    expect(await readLastApplied({ lastApplied: () => at(3, 2) })).toEqual(at(3, 2));
    expect(await readLastApplied({ lastApplied: async () => at(3, 2) })).toEqual(at(3, 2));
  });

  it.each([
    ['nothing', () => undefined],
    ['half of it', () => ({ index: 1 })],
    ['no count', () => at(1.5, 1)],
    ['less than nothing', () => at(-1, 1)],
    ['a throw', () => Promise.reject(new Error('odd'))],
  ])('is refused when it is %s', async (_what, lastApplied) => {
    const machine = { lastApplied: lastApplied as () => LogPosition };
    await expect(readLastApplied(machine)).rejects.toMatchObject({ code: 'ERR_STATE_MACHINE' });
  });
});
