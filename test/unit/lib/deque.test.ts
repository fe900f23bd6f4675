import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deque } from '../../../src/lib/deque.ts';

function dequeOf(count: number): Deque<number> {
  const deque = new Deque<number>();
  for (let item = 0; item < count; item++) deque.push(item);
  return deque;
}

describe('a deque', () => {
  it('gives back what was pushed, in order, and then nothing', () => {
    const deque = dequeOf(3);
    expect([deque.shift(), deque.shift(), deque.shift(), deque.shift()]).toEqual([
      0,
      1,
      2,
      undefined,
    ]);
    expect(deque.length).toBe(0);
  });

  it('has no item before its first or behind its last', () => {
    const deque = dequeOf(5);
    deque.drop(2);
    expect([-1, 0, 2, 3, 99].map((place) => deque.at(place))).toEqual([
      undefined,
      2,
      4,
      undefined,
      undefined,
    ]);
  });

  it('drops no more than it has', () => {
    const deque = dequeOf(3);
    deque.drop(9);
    expect(deque.length).toBe(0);
    deque.push(7);
    expect(deque.at(0)).toBe(7);
  });

  it('is cut from a place on, from its start at the earliest', () => {
    const deque = dequeOf(6);
    deque.drop(1);
    expect(deque.cut(3)).toEqual([4, 5]);
    expect(deque.slice(0, 9)).toEqual([1, 2, 3]);
    expect(deque.cut(9)).toEqual([]);
    expect(deque.cut(-4)).toEqual([1, 2, 3]);
    expect(deque.length).toBe(0);
  });

  it('hands out copies', () => {
    const deque = dequeOf(3);
    deque.slice(0, 3).length = 0;
    expect(deque.length).toBe(3);
    expect(deque.clear()).toEqual([0, 1, 2]);
    expect(deque.clear()).toEqual([]);
  });

  it('behaves as an array does', () => {
    const amount = fc.nat(40);
    const action = fc.oneof(
      fc.record({ type: fc.constant('push'), amount }),
      fc.record({ type: fc.constantFrom('drop', 'cut', 'shift', 'slice', 'clear'), amount }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const deque = new Deque<number>();
        const array: number[] = [];
        let next = 0;
        for (const { type, amount } of actions) {
          if (type === 'push') {
            for (let count = 0; count < amount; count++) {
              deque.push(next);
              array.push(next++);
            }
          } else if (type === 'drop') {
            deque.drop(amount);
            array.splice(0, amount);
          } else if (type === 'cut') expect(deque.cut(amount)).toEqual(array.splice(amount));
          else if (type === 'shift') expect(deque.shift()).toBe(array.shift());
          else if (type === 'clear' && amount === 0) {
            expect(deque.clear()).toEqual(array.splice(0));
          } else {
            const until = amount + 10;
            expect(deque.slice(amount, until)).toEqual(array.slice(amount, until));
          }
          expect(deque.length).toBe(array.length);
          expect(deque.at(amount)).toBe(array[amount]);
        }
        expect(deque.clear()).toEqual(array);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps nothing alive that it has let go (a dropped entry may be large)', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const deque = new Deque<object>();
    const refs = [0, 1, 2, 3].map((value) => {
      const item = { value };
      deque.push(item);
      return new WeakRef(item);
    });
    deque.drop(1);
    deque.shift();
    deque.cut(1);
    // A reference that was just made counts as used until the present task ends.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(refs.map((ref) => ref.deref()?.value)).toEqual([undefined, undefined, 2, undefined]);
    expect(deque.length).toBe(1);
  });
});
