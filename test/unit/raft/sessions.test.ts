import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  closeSession,
  createSessions,
  fenceSequence,
  judgeCommand,
  openSession,
  recordResult,
  SESSION_WINDOW,
  type Sessions,
} from '../../../src/raft/index.ts';

const IDLE_MS = 100;
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** A table, and a log that grows by one entry and one ms at each call. */
class Table {
  readonly sessions: Sessions = createSessions();
  index = 0;
  timeMs = 1000;

  open(max = 3, idleMs = IDLE_MS): number | undefined {
    const [index, timeMs] = this.#next();
    return openSession(this.sessions, { index, timeMs, idleMs, max }) ? index : undefined;
  }

  /** The verdict on a command; one that is to be applied has its own name as its result. */
  command(session: number, sequence: number, floor = 0, text = `#${sequence}`): string {
    const [index, timeMs] = this.#next();
    const name = { session, sequence, floor };
    const verdict = judgeCommand(this.sessions, name, bytes(text), { index, term: 2, timeMs });
    if (verdict.type === 'apply') recordResult(this.sessions, name, bytes(`${text}@${index}`));
    return shown(verdict);
  }

  fence(session: number, sequence: number, floor = 0): string {
    const [, timeMs] = this.#next();
    return shown(fenceSequence(this.sessions, { session, sequence, floor }, timeMs));
  }

  get keptCount(): number {
    return [...this.sessions.open.values()].reduce((sum, { kept }) => sum + kept.size, 0);
  }

  #next(): [number, number] {
    return [++this.index, ++this.timeMs];
  }
}

function shown(
  verdict: ReturnType<typeof judgeCommand> | ReturnType<typeof fenceSequence>,
): string {
  if (verdict.type !== 'repeat') return verdict.type;
  const { index, result, term } = verdict.kept;
  return `${index}@${term} ${result === undefined ? 'nothing' : Buffer.from(result)}`;
}

describe('a command of a session', () => {
  it('is applied once; a repeat is answered with what came of it (X1)', () => {
    const table = new Table();
    const session = table.open() ?? 0;
    expect(table.command(session, 1)).toBe('apply');
    expect(table.command(session, 2)).toBe('apply');
    expect(table.command(session, 1)).toBe('2@2 #1@2');
    expect(table.command(session, 2)).toBe('3@2 #2@3');
    expect(table.command(session, 1)).toBe('2@2 #1@2');
  });

  it('is known to be applied also when there is no result to keep', () => {
    const table = new Table();
    const session = table.open() ?? 0;
    const name = { session, sequence: 1, floor: 0 };
    const at = { index: 9, term: 3, timeMs: 1002 };
    expect(judgeCommand(table.sessions, name, bytes('x'), at).type).toBe('apply');
    expect(shown(judgeCommand(table.sessions, name, bytes('x'), at))).toBe('9@3 nothing');
    expect(table.fence(session, 1)).toBe('9@3 nothing');
  });

  it('is refused when its sequence was used for another one (X4)', () => {
    const table = new Table();
    const session = table.open() ?? 0;
    expect(table.command(session, 1, 0, 'pay 5')).toBe('apply');
    expect(table.command(session, 1, 0, 'pay 6')).toBe('reused');
    expect(table.command(session, 1, 0, 'pay 50')).toBe('reused');
    expect(table.command(session, 1, 0, '')).toBe('reused');
    expect(table.command(session, 1, 0, 'pay 5')).toBe('2@2 pay 5@2');
  });

  it('is never applied at or below the floor, and nothing of that is kept', () => {
    const table = new Table();
    const session = table.open() ?? 0;
    for (const sequence of [1, 2, 4]) table.command(session, sequence);
    expect(table.keptCount).toBe(3);
    expect(table.command(session, 5, 3)).toBe('apply');
    expect(table.keptCount).toBe(2);
    expect(table.command(session, 1)).toBe('stale');
    expect(table.command(session, 3)).toBe('stale');
    expect(table.fence(session, 2)).toBe('stale');
    expect(table.command(session, 4)).toBe('4@2 #4@4');
  });

  it('comes to nothing beyond the window, so that a session stays small (X6)', () => {
    const table = new Table();
    const session = table.open(3, 1e6) ?? 0;
    expect(table.command(session, SESSION_WINDOW + 1)).toBe('ahead');
    expect(table.fence(session, SESSION_WINDOW + 1)).toBe('ahead');
    for (let sequence = 1; sequence <= 2 * SESSION_WINDOW; sequence++) {
      const expected = sequence <= SESSION_WINDOW ? 'apply' : 'ahead';
      expect(table.command(session, sequence)).toBe(expected);
    }
    expect(table.keptCount).toBe(SESSION_WINDOW);
    // A floor far above everything that is kept takes no longer than the window is wide.
    expect(table.command(session, 2 ** 52, 2 ** 52 - 1)).toBe('apply');
    expect(table.keptCount).toBe(1);
  });
});

describe('a fence', () => {
  it('closes a sequence that was not applied for ever', () => {
    const table = new Table();
    const session = table.open() ?? 0;
    expect(table.fence(session, 1)).toBe('closed');
    expect(table.command(session, 1)).toBe('closed');
    expect(table.fence(session, 1)).toBe('closed');
    expect(table.command(session, 2)).toBe('apply');
  });

  it('says what came of one that was', () => {
    const table = new Table();
    const session = table.open() ?? 0;
    table.command(session, 1);
    expect(table.fence(session, 1)).toBe('2@2 #1@2');
    expect(table.command(session, 1)).toBe('2@2 #1@2');
  });
});

describe('a session', () => {
  it('is gone when it was not used for longer than its idle time, by the log (X2, X3)', () => {
    const table = new Table();
    const session = table.open() ?? 0;
    table.timeMs += IDLE_MS - 1;
    expect(table.command(session, 1)).toBe('apply');
    table.timeMs += IDLE_MS - 1;
    expect(table.fence(session, 2)).toBe('closed');
    table.timeMs += IDLE_MS;
    expect(table.command(session, 1)).toBe('expired');
    expect(table.fence(session, 1)).toBe('expired');
    expect(table.command(session, 3)).toBe('expired');
    expect(table.sessions.open.size).toBe(0);
  });

  it('is gone when it was closed, and closing it again is harmless', () => {
    const table = new Table();
    const session = table.open() ?? 0;
    closeSession(table.sessions, session);
    closeSession(table.sessions, session);
    expect(table.command(session, 1)).toBe('expired');
    expect(table.command(session + 77, 1)).toBe('expired');
  });

  it('is never given up for a new one; one that has expired is (X6)', () => {
    const table = new Table();
    const first = table.open() ?? 0;
    const second = table.open() ?? 0;
    table.open();
    expect(table.open()).toBeUndefined();
    table.timeMs += IDLE_MS - 5;
    expect(table.command(first, 1)).toBe('apply');
    expect(table.open()).toBeUndefined();
    table.timeMs += 10;
    expect(table.open()).toBeDefined();
    expect(table.sessions.open.size).toBe(2);
    expect(table.command(first, 1)).toContain('#1');
    expect(table.command(second, 1)).toBe('expired');
  });

  it('has the idle time that its own opening entry says', () => {
    const table = new Table();
    const patient = table.open(5, 1000) ?? 0;
    const hasty = table.open(5, 10) ?? 0;
    table.timeMs += 20;
    expect([table.command(patient, 1), table.command(hasty, 1)]).toEqual(['apply', 'expired']);
  });
});

type Step =
  | { readonly do: 'command' | 'fence'; session: number; sequence: number; floor: number }
  | { readonly do: 'open' | 'wait' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        do: fc.constantFrom('command' as const, 'command' as const, 'fence' as const),
        session: fc.integer({ min: 0, max: 3 }),
        sequence: fc.integer({ min: 1, max: 6 }),
        floor: fc.integer({ min: 0, max: 5 }),
      })
      .map((each) => ({ ...each, floor: Math.min(each.floor, each.sequence - 1) })),
  },
  { weight: 1, arbitrary: fc.constantFrom({ do: 'open' as const }, { do: 'wait' as const }) },
);

describe('any interleaving of commands, repeats, fences, floors and expiry', () => {
  it('applies each sequence at most once, and what a fence said stays true', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const table = new Table();
        const ids: number[] = [table.open() ?? 0];
        const applied = new Map<string, number>();
        const said = new Map<string, string>();
        for (const each of steps) {
          if (!('session' in each)) {
            if (each.do === 'wait') table.timeMs += IDLE_MS;
            else ids.push(table.open() ?? 0);
          } else {
            const session = ids[each.session % ids.length] ?? 0;
            const name = `${session}/${each.sequence}`;
            const verdict = table[each.do](session, each.sequence, each.floor);
            if (verdict === 'apply') {
              expect(applied.has(name)).toBe(false);
              expect(said.get(name)).not.toBe('closed');
              applied.set(name, table.index);
            }
            if (verdict.includes('@')) {
              const index = applied.get(name) ?? 0;
              expect(verdict).toBe(`${index}@2 #${each.sequence}@${index}`);
            }
            if (each.do === 'fence') {
              if (verdict === 'closed') expect(applied.has(name)).toBe(false);
              said.set(name, said.get(name) ?? verdict);
            }
          }
          expect(table.sessions.open.size).toBeLessThanOrEqual(3);
        }
      }),
      { numRuns: 2000, seed: 7 },
    );
  });

  it('comes to the same table wherever the same log is applied (X3)', () => {
    const run = () => {
      const table = new Table();
      const ids = [table.open(2), table.open(2)];
      for (let at = 0; at < 200; at++) {
        if (at % 37 === 36) table.timeMs += IDLE_MS;
        if (at % 19 === 18) ids.push(table.open(2));
        const session = ids[(at * 7) % ids.length] ?? 0;
        if (at % 5 === 4) table.fence(session, (at % 9) + 1, at % 3);
        else table.command(session, (at % 9) + 1, at % 3);
      }
      return table.sessions;
    };
    expect(run()).toEqual(run());
    expect(structuredClone(run())).toEqual(run());
  });
});
