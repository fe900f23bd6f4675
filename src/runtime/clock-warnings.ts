// Says of whose wall clock it differs too much to lead, once until it is right again: who cannot be
// elected, or resigns again and again, would else be a riddle.
import type { Logger, MemberId } from '../contracts/index.ts';
import { isPlausibleClock, type Message, type RaftState } from '../raft/index.ts';

/** Peers remembered as having been named. */
const MAX_NAMED = 64;

export class ClockWarnings {
  readonly #state: RaftState;
  readonly #logger: Logger;
  readonly #named = new Set<MemberId>();

  constructor(state: RaftState, logger: Logger) {
    this.#state = state;
    this.#logger = logger;
  }

  look(from: MemberId, message: Message): void {
    if (!('wallMs' in message)) return;
    if (isPlausibleClock(this.#state, message.wallMs)) {
      this.#named.delete(from);
    } else if (!this.#named.has(from) && this.#named.size < MAX_NAMED) {
      this.#named.add(from);
      const { maxClockOffsetMs } = this.#state.options;
      this.#logger.warn(
        { from, wallMs: message.wallMs, maxClockOffsetMs },
        'a peer has another wall clock than we: whose differs from a majority does not lead',
      );
    }
  }
}
