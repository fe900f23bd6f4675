// A transport that counts what is handed to it, and tells who listens.
import type { Transport } from '../../contracts/index.ts';
import { type MessageOrigin, publishSend } from '../channels.ts';
import type { Counting } from './counters.ts';

export function meteredTransport(
  inner: Transport,
  counting: Counting,
  origin: MessageOrigin,
): Transport {
  return {
    get supports() {
      return inner.supports;
    },
    open: (self, receive) => inner.open(self, receive),
    setPeers: (peers) => inner.setPeers(peers),
    close: () => inner.close(),
    send: (to, parts, lane) => {
      let bytes = 0;
      for (const part of parts) bytes += part.length;
      const accepted = inner.send(to, parts, lane);
      counting.sentFrames++;
      counting.sentBytes += bytes;
      if (!accepted) counting.refusedFrames++;
      publishSend(origin, to, lane, bytes, accepted);
      return accepted;
    },
  };
}
