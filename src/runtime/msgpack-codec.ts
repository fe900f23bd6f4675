// The default codec: MessagePack, plain values only, nothing that needs state on both ends.
import { Packr } from 'msgpackr';
import type { Codec, MachineCodec } from '../contracts/index.ts';

/** Deepest nesting of a value: a count. */
const MAX_DEPTH = 64;

/**
 * Values of type `T` as MessagePack: what JSON knows, and undefined, dates and bytes. Anything else
 * would come back as something else, so it is refused: bigints, functions, symbols, maps, sets,
 * class instances, keys named `__proto__`, strings with half a surrogate pair, nesting over 64.
 */
export function msgpack<T>(): Codec<T> {
  const packr = new Packr({ useRecords: false, copyBuffers: true, moreTypes: false });
  return {
    encode: (value) => {
      checkPlain(value, 0);
      return packr.pack(value);
    },
    decode: (bytes) => packr.unpack(bytes) as T,
  };
}

export function msgpackCodec<C, R>(): MachineCodec<C, R> {
  return { command: msgpack<C>(), result: msgpack<R>() };
}

const raw: Codec<Uint8Array> = {
  encode: (bytes) => {
    if (!(bytes instanceof Uint8Array)) throw new TypeError('rawCodec takes a Uint8Array');
    return bytes;
  },
  decode: (bytes) => bytes,
};

/** For machines whose commands and results are bytes already. They are not copied. */
export const rawCodec: MachineCodec<Uint8Array, Uint8Array> = { command: raw, result: raw };

function checkPlain(value: unknown, depth: number): void {
  switch (typeof value) {
    case 'string':
      if (LONE_SURROGATE.test(value)) throw new TypeError('a string has half a surrogate pair');
      return;
    case 'number':
    case 'boolean':
    case 'undefined':
      return;
    case 'object':
      if (value !== null) checkObject(value, depth);
      return;
    default:
      throw new TypeError(`a ${typeof value} is not a plain value`);
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u;

function checkObject(value: object, depth: number): void {
  if (depth === MAX_DEPTH) throw new RangeError(`it is nested deeper than ${MAX_DEPTH}`);
  if (Array.isArray(value)) {
    for (const item of value) checkPlain(item, depth + 1);
    return;
  }
  if (value instanceof Uint8Array || value instanceof Date) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`a ${value.constructor.name} is not a plain value`);
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__') throw new TypeError('a key is named __proto__');
    checkPlain(key, depth);
    checkPlain(Reflect.get(value, key), depth + 1);
  }
}
