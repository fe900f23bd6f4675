// Who the transport speaks to: everyone in a configuration that can be in force. And what a host
// should hear of the number of its voters.
import type { Logger, MemberId, Transport } from '../contracts/index.ts';
import type { ConfigurationAt, RaftState } from '../raft/index.ts';
import type { Roster } from './roster.ts';

export interface PeersParts {
  readonly id: MemberId;
  readonly state: RaftState;
  readonly roster: Roster;
  readonly transport: Pick<Transport, 'setPeers'>;
  readonly logger: Logger;
}

export class Peers {
  readonly #parts: PeersParts;

  constructor(parts: PeersParts) {
    this.#parts = parts;
  }

  /** Once, when the transport is open. */
  begin(): void {
    this.#set();
    this.#warnOfSize();
  }

  changed(configs: readonly ConfigurationAt[]): void {
    const { logger, roster, state } = this.#parts;
    roster.keep(configs);
    this.#set();
    const { config, index } = configs.at(-1) ?? { config: state.config, index: 0 };
    const { joining, learners, outgoing, voters } = config;
    const isCommitted = index <= state.commit;
    const change = { version: index, voters, outgoing, learners, joining, isCommitted };
    logger.info(change, 'members changed');
    if (isCommitted) this.#warnOfSize();
  }

  #set(): void {
    const { id, roster, transport } = this.#parts;
    transport.setPeers(roster.members.filter((member) => member.id !== id));
  }

  #warnOfSize(): void {
    const { logger, state } = this.#parts;
    const count = state.config.voters.length;
    if (count === 0) return;
    if (count > 7) {
      logger.warn({ count }, 'more than 7 voters: every commit waits for more of them');
    }
    if (count % 2 === 0) {
      const message = 'an even number of voters survives no more failures than one voter less';
      logger.warn({ count }, message);
    }
  }
}
