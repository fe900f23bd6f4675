import { describe, expect, it } from 'vitest';
import { SESSION_WINDOW } from '../../../../src/raft/index.ts';
import { Sequences } from '../../../../src/runtime/requests/sequences.ts';

const full = expect.objectContaining({
  ...{ code: 'ERR_QUEUE_FULL', outcome: 'not-applied', retryable: true },
});
const invalid = expect.objectContaining({ code: 'ERR_INVALID_OPTION' });

function taken(count: number): Sequences {
  const sequences = new Sequences();
  for (let sequence = 1; sequence <= count; sequence++) expect(sequences.take()).toBe(sequence);
  return sequences;
}

describe('the sequences of a session', () => {
  it('have a floor that passes over what is settled, and over nothing else', () => {
    const sequences = taken(4);
    sequences.end(2, 'settled');
    expect(sequences.floor).toBe(0);
    sequences.end(1, 'settled');
    expect(sequences.floor).toBe(2);
    sequences.end(3, 'unknown');
    sequences.end(4, 'settled');
    expect(sequences.floor).toBe(2);
    expect(sequences.hasOpen).toBe(false);
    sequences.ask(3);
    expect([sequences.floor, sequences.hasOpen]).toEqual([2, true]);
    sequences.end(3, 'settled');
    expect([sequences.floor, sequences.hasOpen]).toEqual([4, false]);
  });

  it('are no more than the window at a time', () => {
    const sequences = taken(SESSION_WINDOW);
    expect(() => sequences.take()).toThrow(full);
    sequences.end(2, 'settled');
    sequences.end(3, 'unknown');
    expect(() => sequences.take()).toThrow(full);
    sequences.end(1, 'settled');
    expect(sequences.take()).toBe(SESSION_WINDOW + 1);
    expect(sequences.take()).toBe(SESSION_WINDOW + 2);
  });

  it('give up the oldest of unknown fate when there is no room, unless somebody asks', () => {
    const sequences = taken(SESSION_WINDOW);
    sequences.end(1, 'unknown');
    sequences.end(2, 'unknown');
    sequences.ask(1);
    expect(() => sequences.take()).toThrow(full);
    sequences.end(1, 'unknown');
    expect(sequences.take()).toBe(SESSION_WINDOW + 1);
    expect(sequences.floor).toBe(1);
    expect(() => sequences.ask(1)).toThrow(invalid);
    sequences.ask(2);
    expect(() => sequences.take()).toThrow(full);
    expect(sequences.hasOpen).toBe(true);
  });

  it('can be asked for when they are of unknown fate, one at a time', () => {
    const sequences = taken(2);
    for (const bad of [0, -1, 3, 1.5, Number.NaN, '1' as unknown as number]) {
      expect(() => sequences.ask(bad)).toThrow(invalid);
    }
    expect(() => sequences.ask(1)).toThrow(invalid);
    sequences.end(1, 'unknown');
    sequences.ask(1);
    expect(() => sequences.ask(1)).toThrow(invalid);
    sequences.end(1, 'unknown');
    sequences.ask(1);
    sequences.end(1, 'settled');
    expect(() => sequences.ask(1)).toThrow(invalid);
  });
});
