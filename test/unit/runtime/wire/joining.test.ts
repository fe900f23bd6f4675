// The codec of a member that is to join: it knows its cluster by name until a leader speaks to it.
import { describe, expect, it } from 'vitest';
import { joinerClusterId } from '../../../../src/runtime/cluster-id.ts';
import { type CodecIdentity, FrameCodec } from '../../../../src/runtime/wire/index.ts';
import { append, appendFrame, codecOf, entries, frames, join, messages, origin } from './frames.ts';

const name = origin.clusterId.slice(0, 8);
const heartbeat = { type: 'heartbeat', term: 1, stream: 2, round: 3, commit: 4, sent: 5 } as const;
const speaks: readonly string[] = [
  ...['append', 'empty append', 'members append', 'heartbeat'],
  ...['snapshot-chunk', 'empty snapshot-chunk'],
];

class Joiner {
  readonly joined: string[] = [];
  readonly codec: FrameCodec;

  constructor(changes: Partial<CodecIdentity> = {}) {
    this.codec = new FrameCodec(
      { clusterId: `${name}00000000`, incarnation: 77, boot: 1, ...changes },
      (clusterId) => void this.joined.push(clusterId),
    );
  }
}

/** A heartbeat from a member of that cluster. */
function beatOf(clusterId: string): Uint8Array {
  return join(codecOf({ clusterId }).encodeMessage(heartbeat));
}

const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'ERR_FRAME', message: expect.stringMatching(message) });

describe('a member that is to join', () => {
  it.each(frames.filter(([kind]) => speaks.includes(kind)))(
    'learns the id of its cluster from who leads it, and passes the frame on: %s',
    (_, bytes) => {
      const { codec, joined } = new Joiner();
      expect(codec.decode(bytes)).toMatchObject({
        ...{ incarnation: origin.incarnation, boot: origin.boot },
        frame: { type: 'message' },
      });
      expect(joined).toEqual([origin.clusterId]);
    },
  );

  it.each(frames.filter(([kind]) => !speaks.includes(kind)))(
    'hears nothing else, and learns nothing from it: %s',
    (_, bytes) => {
      const { codec, joined } = new Joiner();
      expect(() => codec.decode(bytes)).toThrow(refused(/joins no cluster yet/));
      expect(joined).toEqual([]);
    },
  );

  it('learns it once, and hears from then on all of that cluster and no other of its name', () => {
    const { codec, joined } = new Joiner();
    codec.decode(appendFrame());
    for (const [, bytes] of frames) codec.decode(bytes);
    expect(() => codec.decode(beatOf(`${name}00000001`))).toThrow(refused(/another cluster/));
    expect(() => codec.decode(beatOf(`${name}00000000`))).toThrow(refused(/another cluster/));
    expect(joined).toEqual([origin.clusterId]);
  });

  it('refuses a cluster of another name, and waits on', () => {
    const { codec, joined } = new Joiner({ clusterId: joinerClusterId('orders2') });
    for (const [, bytes] of frames) expect(() => codec.decode(bytes)).toThrow(refused(/another/));
    for (let at = 8; at < 12; at++) {
      const bytes = beatOf(origin.clusterId).with(at, 0x77);
      expect(() => new Joiner().codec.decode(bytes)).toThrow(refused(/another cluster/));
    }
    expect(joined).toEqual([]);
  });

  it('learns nothing from a frame that does not decode', () => {
    const { codec, joined } = new Joiner();
    const frame = beatOf(`${name}00000001`);
    expect(() => codec.decode(frame.subarray(0, frame.length - 1))).toThrow(refused(/./));
    expect(() => codec.decode(join(frame, Uint8Array.of(0)))).toThrow(refused(/./));
    const short = appendFrame({ ...append, until: append.until + 1 }, entries);
    expect(() => codec.decode(short)).toThrow(refused(/./));
    expect(joined).toEqual([]);
    codec.decode(beatOf(origin.clusterId));
    expect(joined).toEqual([origin.clusterId]);
  });

  it('writes what it knows: at first the name, then the cluster that it has joined', () => {
    const { codec } = new Joiner();
    const [message] = messages;
    if (message === undefined) throw new Error('no message');
    const cluster = () => Buffer.from(codec.encodeMessage(message).subarray(8, 16)).toString('hex');
    expect(cluster()).toBe(`${name}00000000`);
    const bytes = appendFrame();
    codec.decode(bytes);
    // The frame may be reused by whoever has sent it: the id was copied.
    bytes.fill(0);
    expect(cluster()).toBe(origin.clusterId);
  });
});
