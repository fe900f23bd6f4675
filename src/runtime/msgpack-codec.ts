// The default codec: MessagePack, plain maps, nothing that needs state on both ends.
import { Packr } from 'msgpackr';
import type { Codec, MachineCodec } from '../contracts/index.ts';

/** Values of type `T` as MessagePack. Class instances and functions do not survive it. */
export function msgpack<T>(): Codec<T> {
  const packr = new Packr({ useRecords: false, copyBuffers: true, moreTypes: false });
  return {
    encode: (value) => packr.pack(value),
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
