// A line for every step that matters to the algorithm, named and built as the traces that etcd's
// specification is checked with, so that one can be checked against the other. What that one has no
// name for is named in the same manner: pre-votes, writes, reads.
import type { Logger, MemberId } from '../contracts/index.ts';
import {
  type AppendEntries,
  type Candidacy,
  type Configuration,
  type Effect,
  isJoint,
  type RaftEvent,
  type RaftState,
  type Role,
} from '../raft/index.ts';
import { type TraceMessage, type TraceMessageName, traceMessage } from './trace-messages.ts';

/**
 * What happened. `Receive…` lines show the member as it was before the message, all others as it is
 * after what they name. `InitState` comes once, when a node is opened.
 *
 * Ours alone: `BecomePreCandidate`; `PersistStart` and `PersistDone` of a write; `ReadIndex`, which
 * reads up to an index may be answered with; the messages that etcd's traces leave out.
 */
export type TraceName =
  | 'InitState'
  | 'BecomeFollower'
  | 'BecomePreCandidate'
  | 'BecomeCandidate'
  | 'BecomeLeader'
  | 'Replicate'
  | 'Commit'
  | 'ChangeConf'
  | 'ApplyConfChange'
  | 'PersistStart'
  | 'PersistDone'
  | 'ReadIndex'
  | `Send${TraceMessageName}`
  | `Receive${TraceMessageName}`;

export interface TraceLine {
  readonly name: TraceName;
  /** The member's id. */
  readonly nid: MemberId;
  /** `vote` is '0' when there is none. */
  readonly state: { readonly term: number; readonly vote: string; readonly commit: number };
  readonly role: 'StateFollower' | 'StatePreCandidate' | 'StateCandidate' | 'StateLeader';
  /** Index of the last entry. */
  readonly log: number;
  /** Voters in force, and those of the old half of a joint configuration. */
  readonly conf: readonly [readonly MemberId[], readonly MemberId[]];
  readonly msg?: TraceMessage;
  readonly prop?: TraceProperties;
}

export interface TraceProperties {
  /** Of a change of members. */
  readonly cc?: TraceChange;
  /** Of a write, a read index or a follower: indexes, and a term. */
  readonly index?: number;
  readonly term?: number;
  readonly match?: number;
  readonly next?: number;
  /** Number of a write. */
  readonly write?: number;
}

export interface TraceChange {
  readonly changes: readonly {
    readonly nid: MemberId;
    readonly action: 'AddNewServer' | 'RemoveServer' | 'AddLearner';
  }[];
  readonly newconf: readonly MemberId[];
}

const roleNames = {
  follower: 'StateFollower',
  'pre-candidate': 'StatePreCandidate',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
} as const satisfies Record<Role, TraceLine['role']>;

const becomeNames = {
  follower: 'BecomeFollower',
  'pre-candidate': 'BecomePreCandidate',
  candidate: 'BecomeCandidate',
  leader: 'BecomeLeader',
} as const satisfies Record<Role, TraceName>;

export class Tracer {
  readonly #state: RaftState;
  readonly #trace: (line: TraceLine) => void;
  readonly #logger: Logger;
  #hasThrown = false;
  // The member as the lines so far have shown it.
  #term: number;
  #vote: MemberId | undefined;
  #commit: number;
  #role: Role;
  #last: number;
  #config: Configuration;
  #candidacy: Candidacy | undefined;

  constructor(state: RaftState, trace: (line: TraceLine) => void, logger: Logger) {
    this.#state = state;
    this.#trace = trace;
    this.#logger = logger;
    this.#term = state.term;
    this.#vote = state.votedFor;
    this.#commit = state.commit;
    this.#role = state.role;
    this.#last = state.log.last;
    this.#config = state.config;
    this.#candidacy = state.candidacy;
    this.#tell('InitState');
  }

  /** After each step, before its effects are run. */
  look(event: RaftEvent, effects: readonly Effect[]): void {
    const { id } = this.#state;
    if (event.type === 'receive') {
      const { msg, name } = traceMessage(event.message, event.from, id);
      this.#tell(`Receive${name}`, { msg });
    } else if (event.type === 'written') {
      const { lastIndex: index, lastTerm: term, write } = event;
      this.#tell('PersistDone', { prop: { index, term, write } });
    }
    this.#stand();
    for (const effect of effects) if (effect.type !== 'send') this.#lookAt(effect);
    this.#last = this.#state.log.last;
    this.#commitAndConfigure();
    for (const effect of effects) {
      if (effect.type === 'send') this.#sent(effect.to, effect);
    }
  }

  #stand(): void {
    const { candidacy, role, term, votedFor } = this.#state;
    const isAnew = candidacy !== undefined && candidacy !== this.#candidacy;
    const isOther = role !== this.#role || isAnew || term !== this.#term;
    this.#candidacy = candidacy;
    this.#role = role;
    this.#term = term;
    this.#vote = votedFor;
    if (isOther) this.#tell(becomeNames[role]);
  }

  #lookAt(effect: Effect): void {
    switch (effect.type) {
      case 'append':
        return this.#appended(effect);
      case 'accept':
        this.#last = effect.until - 1;
        return;
      case 'write': {
        const { lastIndex: index, lastTerm: term, write } = effect;
        return this.#tell('PersistStart', { prop: { index, term, write } });
      }
      case 'read-index':
        return this.#tell('ReadIndex', { prop: { index: effect.index } });
      default:
    }
  }

  /** One line for each of the leader's entries. */
  #appended({ config, from, until }: AppendEntries): void {
    for (let index = from; index < until; index++) {
      this.#last = index;
      if (config === undefined) this.#tell('Replicate');
      else this.#tell('ChangeConf', { prop: { cc: changeOf(this.#config, config) } });
    }
  }

  #commitAndConfigure(): void {
    const { commit, config } = this.#state;
    if (commit !== this.#commit) {
      this.#commit = commit;
      this.#tell('Commit');
    }
    if (config === this.#config) return;
    this.#config = config;
    this.#tell('ApplyConfChange', { prop: { cc: { changes: [], newconf: config.voters } } });
  }

  #sent(to: MemberId, { message }: Extract<Effect, { type: 'send' }>): void {
    const { id, leading } = this.#state;
    const { msg, name } = traceMessage(message, id, to);
    const progress = message.type === 'append' ? leading?.progress.get(to) : undefined;
    if (progress === undefined) return this.#tell(`Send${name}`, { msg });
    const { match, next } = progress;
    this.#tell(`Send${name}`, { msg, prop: { match, next } });
  }

  #tell(name: TraceName, more: Pick<TraceLine, 'msg' | 'prop'> = {}): void {
    const { outgoing, voters } = this.#config;
    const line: TraceLine = {
      name,
      nid: this.#state.id,
      state: { term: this.#term, vote: this.#vote ?? '0', commit: this.#commit },
      role: roleNames[this.#role],
      log: this.#last,
      conf: [[...voters], isJoint(this.#config) ? [...outgoing] : []],
      ...more,
    };
    try {
      this.#trace(line);
    } catch (err) {
      if (!this.#hasThrown) this.#logger.error({ err }, 'trace threw; this is said only once');
      this.#hasThrown = true;
    }
  }
}

function changeOf(before: Configuration, after: Configuration): TraceChange {
  const added = after.voters.filter((id) => !before.voters.includes(id));
  const learning = after.learners.filter((id) => !before.learners.includes(id));
  const gone = before.voters.filter((id) => !after.voters.includes(id));
  return {
    changes: [
      ...added.map((nid) => ({ nid, action: 'AddNewServer' as const })),
      ...gone
        .filter((id) => !learning.includes(id))
        .map((nid) => ({ nid, action: 'RemoveServer' as const })),
      ...learning.map((nid) => ({ nid, action: 'AddLearner' as const })),
    ],
    newconf: [...after.voters],
  };
}
