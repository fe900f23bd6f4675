import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogWindow } from '../../../src/runtime/log-window.ts';
import type { SizedEntry } from '../../../src/runtime/wire/index.ts';
import { entriesOf, entryOf } from './entries.ts';

const invariant = expect.objectContaining({ code: 'ERR_INVARIANT' });

function windowOf(first: number, until: number, maxBytes = 1000): LogWindow {
  const window = new LogWindow(first, { memoryWindowBytes: maxBytes });
  for (const entry of entriesOf(first, until)) window.append(entry);
  return window;
}

function held(window: LogWindow, from: number, until: number): readonly number[] {
  const indexes = Array.from({ length: until - from }, (_, at) => from + at);
  return indexes.filter((index) => window.get(index)?.index === index);
}

describe('a window of the log', () => {
  it('gives back what it holds and nothing else', () => {
    const window = windowOf(5, 8);
    expect([4, 5, 7, 8].map((index) => window.get(index)?.index)).toEqual([
      undefined,
      5,
      7,
      undefined,
    ]);
  });

  it('gives a range only when it holds all of it', () => {
    const window = windowOf(5, 9);
    expect(window.slice(6, 8)?.map((entry) => entry.index)).toEqual([6, 7]);
    expect(window.slice(5, 9)).toHaveLength(4);
    expect(window.slice(4, 6)).toBeUndefined();
    expect(window.slice(7, 10)).toBeUndefined();
    for (const at of [1, 6, 99]) expect(window.slice(at, at)).toEqual([]);
  });

  it('takes entries without a gap only', () => {
    const window = windowOf(5, 7);
    for (const index of [8, 6, 5]) expect(() => window.append(entryOf(index))).toThrow(invariant);
    window.append(entryOf(7));
    expect(held(window, 1, 10)).toEqual([5, 6, 7]);
  });

  it.each([
    [7, [5, 6], 7],
    [5, [], 5],
    [3, [], 3],
    [9, [5, 6, 7, 8], 9],
    [12, [5, 6, 7, 8], 9],
  ])('truncated at %d holds %j and goes on at %d', (from, expected, next) => {
    const window = windowOf(5, 9);
    window.truncate(from);
    expect(held(window, 1, 20)).toEqual(expected);
    window.append(entryOf(next, 2));
    expect(window.get(next)?.term).toBe(2);
  });

  it('that is empty goes on where the log was cut', () => {
    const window = new LogWindow(8, { memoryWindowBytes: 1000 });
    window.truncate(9);
    window.truncate(4);
    expect(window.first).toBe(4);
    window.append(entryOf(4));
    expect(held(window, 1, 10)).toEqual([4]);
  });

  it('evicts the oldest entries that are over its bound', () => {
    const window = windowOf(1, 11, 40);
    window.evict(11);
    expect(held(window, 1, 11)).toEqual([6, 7, 8, 9, 10]);
    expect(window.first).toBe(6);
    window.evict(11);
    expect(window.first).toBe(6);
  });

  it('never evicts what is still needed, whatever its bound', () => {
    const window = windowOf(1, 11, 1);
    window.evict(4);
    expect(held(window, 1, 11)).toEqual([4, 5, 6, 7, 8, 9, 10]);
    window.evict(1);
    expect(window.first).toBe(4);
  });

  it('has its room back from what was truncated', () => {
    const window = windowOf(1, 11, 40);
    window.truncate(5);
    window.evict(5);
    expect(held(window, 1, 11)).toEqual([1, 2, 3, 4]);
  });

  it('that is reset holds nothing, and goes on elsewhere with all its room', () => {
    const window = windowOf(5, 9, 40);
    window.reset(20);
    expect([window.first, held(window, 1, 30)]).toEqual([20, []]);
    expect(window.slice(5, 6)).toBeUndefined();
    for (const entry of entriesOf(20, 25)) window.append(entry);
    window.evict(25);
    expect(held(window, 1, 30)).toEqual([20, 21, 22, 23, 24]);
  });

  it('behaves as an array does', () => {
    const part = fc.double({ min: 0, max: 1, noNaN: true });
    const action = fc.oneof(
      fc.record({ type: fc.constant('append'), part }),
      fc.record({ type: fc.constantFrom('truncate', 'evict'), part }),
    );
    const actions = fc.array(action, { maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), actions, (start, actions) => {
        const window = new LogWindow(start, { memoryWindowBytes: 50 });
        let first = start;
        let naive: SizedEntry[] = [];
        for (const { type, part } of actions) {
          const next = first + naive.length;
          // Of a log that begins at 1; what is before the window may be cut away too.
          const place = 1 + Math.floor(part * (next - 1));
          if (type === 'append') {
            const entry = entryOf(next, 1, Math.floor(part * 30));
            window.append(entry);
            naive.push(entry);
          } else if (type === 'truncate') {
            window.truncate(place);
            naive = naive.filter((entry) => entry.index < place);
            if (naive.length === 0) first = Math.min(first, place);
          } else {
            window.evict(place);
            const bytes = () => naive.reduce((sum, entry) => sum + entry.size, 0);
            while (bytes() > 50 && first < place) {
              naive.shift();
              first++;
            }
          }
          expect(window.first).toBe(first);
          const until = first + naive.length;
          expect(window.slice(first, until)).toEqual(naive);
          expect([window.get(first - 1), window.get(until)]).toEqual([undefined, undefined]);
          if (naive.length > 0) expect(window.slice(first - 1, until)).toBeUndefined();
        }
      }),
      { numRuns: 300 },
    );
  });
});
