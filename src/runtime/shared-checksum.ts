// The checksum of this process. Each one that is loaded is compiled anew, on a thread of its own;
// who asks for this one once it is there waits for nothing.
import { type Checksum, loadChecksum } from '../lib/checksum.ts';

let loaded: PromiseLike<Checksum> | undefined;

export function sharedChecksum(): PromiseLike<Checksum> {
  loaded ??= loadChecksum();
  return loaded;
}
