import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { msgpack, msgpackCodec, rawCodec } from '../../../src/runtime/msgpack-codec.ts';

const codec = msgpack<unknown>();

/** The bytes as another process would receive them: nothing is shared with the encoder. */
function travel(value: unknown): unknown {
  return codec.decode(Uint8Array.from(codec.encode(value)));
}

describe('the msgpack codec', () => {
  it.each([
    [null],
    [true],
    [0],
    [-1],
    [2 ** 53 - 1],
    [-(2 ** 53) + 1],
    [1.5],
    [Number.POSITIVE_INFINITY],
    [Number.NaN],
    [''],
    ['héllo 👩‍🚀'],
    ['x'.repeat(70_000)],
    [[]],
    [[1, [2, [3]]]],
    [{}],
    [{ type: 'set', key: 'a', value: { deep: [1, null, 'x'] } }],
    [new Date(1_700_000_000_123)],
  ])('brings back %j', (value) => {
    expect(travel(value)).toEqual(value);
  });

  it('brings back bytes', () => {
    const bytes = Uint8Array.of(1, 2, 255);
    expect(travel({ bytes })).toEqual({ bytes });
  });

  it('brings back nothing as nothing: a command without a result', () => {
    expect(travel(undefined)).toBeUndefined();
  });

  it('gives each value its own bytes', () => {
    const first = codec.encode({ n: 1 });
    const copy = Uint8Array.from(first);
    for (let n = 0; n < 10_000; n++) codec.encode({ n, text: 'x'.repeat(20) });
    expect(Uint8Array.from(first)).toEqual(copy);
  });

  it('copies bytes out of the frame they arrived in', () => {
    const frame = Uint8Array.from(codec.encode(Uint8Array.of(1, 2, 3)));
    const value = msgpack<Uint8Array>().decode(frame);
    frame.fill(0);
    expect([...value]).toEqual([1, 2, 3]);
  });

  it('needs nothing of what was encoded before', () => {
    const values = Array.from({ length: 50 }, (_, n) => ({ name: `n${n}`, n, list: [n] }));
    const encoded = values.map((value) => Uint8Array.from(codec.encode(value)));
    expect(msgpack<unknown>().decode(encoded[40] ?? new Uint8Array(0))).toEqual(values[40]);
  });

  it('refuses bytes that are cut short or go on', () => {
    const bytes = Uint8Array.from(codec.encode({ type: 'set', list: [1, 2, 'three'] }));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => codec.decode(bytes.slice(0, length))).toThrow();
    }
    expect(() => codec.decode(Uint8Array.of(...bytes, 1))).toThrow();
  });

  it('sets no prototype, whatever the keys of a map are', () => {
    const text = (value: string) => [0xa0 | value.length, ...Buffer.from(value)];
    // { "__proto__": { "spoiled": true }, "constructor": 1 }
    const inner = [0x81, ...text('spoiled'), 0xc3];
    const bytes = [0x82, ...text('__proto__'), ...inner, ...text('constructor'), 1];
    const value = codec.decode(Uint8Array.from(bytes));
    expect(Reflect.get({}, 'spoiled')).toBeUndefined();
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Reflect.get(Object(value), 'spoiled')).toBeUndefined();
  });

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a bigint', 5n],
    ['a map', new Map([[1, 2]])],
    ['a set', new Set([1])],
    ['an instance of a class', new (class Point {})()],
    ['an error', new Error('why')],
    ['half a surrogate pair', '\ud83d'],
    ['a key that sets a prototype', JSON.parse('{ "__proto__": 1 }')],
  ])('refuses %s, wherever it is: it would come back as something else', (_, value) => {
    for (const each of [value, [value], { deep: [{ value }] }]) {
      expect(() => codec.encode(each)).toThrow(TypeError);
    }
  });

  it('refuses a key with half a surrogate pair', () => {
    expect(() => codec.encode({ '\ud83d': 1 })).toThrow(TypeError);
  });

  it('refuses what is nested too deep, and what contains itself', () => {
    const nest = (depth: number): unknown => (depth === 0 ? 1 : [nest(depth - 1)]);
    expect(travel(nest(64))).toEqual(nest(64));
    expect(() => codec.encode(nest(65))).toThrow(RangeError);
    const loop: unknown[] = [];
    loop.push(loop);
    expect(() => codec.encode(loop)).toThrow(RangeError);
  });

  it('refuses any value, or brings back an equal one', () => {
    // As in JSON, a zero has no sign.
    const number = fc.oneof(
      fc.integer(),
      fc.double().filter((n) => !Object.is(n, -0)),
    );
    const values = [fc.string(), number, fc.boolean(), fc.constantFrom(null, undefined)];
    const more = { withDate: true, withTypedArray: true, withSparseArray: true };
    const anything = fc.anything({ values, ...more });
    let carried = 0;
    fc.assert(
      fc.property(anything, (value) => {
        let bytes: Uint8Array;
        try {
          bytes = Uint8Array.from(codec.encode(value));
        } catch {
          return;
        }
        carried++;
        expect(codec.decode(bytes)).toEqual(value);
      }),
      { numRuns: 2000 },
    );
    expect(carried).toBeGreaterThan(200);
  });

  it('leaves the prototype of all objects alone, whatever bytes it decodes', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).sort();
    const sample = Uint8Array.from(codec.encode({ list: [1, 'two', { three: new Date(3) }] }));
    let read = 0;
    const damage = fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { minLength: 1 });
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = Uint8Array.from(sample);
        for (const [at, byte] of changes) bytes[at] = byte;
        try {
          codec.decode(bytes);
          read++;
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 2000 },
    );
    expect(read).toBeGreaterThan(10);
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(before);
  });

  it('is one for commands and one for results', () => {
    const { command, result } = msgpackCodec<{ add: number }, number>();
    expect(command.decode(command.encode({ add: 2 }))).toEqual({ add: 2 });
    expect(result.decode(result.encode(7))).toBe(7);
  });
});

describe('the raw codec', () => {
  it('hands the very bytes on, both ways', () => {
    const bytes = Uint8Array.of(1, 2);
    for (const { encode, decode } of [rawCodec.command, rawCodec.result]) {
      expect(encode(bytes)).toBe(bytes);
      expect(decode(bytes)).toBe(bytes);
    }
  });

  it('refuses what is not bytes', () => {
    const encode: (value: never) => Uint8Array = rawCodec.command.encode;
    for (const value of ['text', undefined, [1, 2], new ArrayBuffer(2)]) {
      expect(() => encode(value as never)).toThrow(TypeError);
    }
  });
});
