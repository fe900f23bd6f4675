// What must hold for the whole cluster, after every step: it sees everything at once, which no
// member can. The names are those of the Raft paper, figure 3.
import { assert } from '../../lib/assert.ts';
import type { AppendAck, HeartbeatAck, Message, RaftEvent } from '../../raft/index.ts';
import { Contacts } from './contacts.ts';
import { checkMatching, isSame, type SimEntry } from './sim-disk.ts';
import type { Envelope, SimMember } from './sim-member.ts';

export class Referee {
  readonly #members: readonly SimMember[];
  readonly #leaders = new Map<number, number>();
  /** By member and term: for whom its vote has left it. */
  readonly #votes: Map<number, string>[];
  /** Entry i is at place i - 1: committed somewhere, once, and so for ever. */
  readonly committed: SimEntry[] = [];
  /** The term in which each of them was committed. */
  readonly #committedIn: number[] = [];
  readonly #contacts = new Contacts();
  /** Up to where each member's commit index was compared in this life. */
  readonly #compared: number[];

  constructor(members: readonly SimMember[]) {
    this.#members = members;
    this.#votes = members.map(() => new Map());
    this.#compared = members.map(() => 0);
  }

  afterStep(member: SimMember, event: RaftEvent): void {
    const { at, disk, log, state } = member;
    const { durable } = state.log;
    const isDurable = durable === 0 || isSame(disk.entries[durable - 1], log[durable - 1]);
    assert(isDurable, `entry ${durable}, which ${member.id} takes for durable, is`);
    if (state.role === 'leader') {
      this.#checkLeader(member);
      if (event.type === 'receive') this.#checkMatch(member, event.from);
      this.#contacts.check(member, event);
    }
    let compared = this.#compared[at] ?? 0;
    if (state.commit <= compared) return;
    for (; compared < state.commit; compared++) {
      this.#checkCommitted(compared, log[compared], state.term);
    }
    this.#compared[at] = compared;
  }

  restarted(member: SimMember): void {
    this.#compared[member.at] = 0;
  }

  /** A machine is never ahead of its own member's disk. */
  applies({ disk, id }: SimMember, index: number, entry: SimEntry): void {
    const isDurable = isSame(disk.entries[index - 1], entry);
    assert(isDurable, `entry ${index} is durable on ${id} before it is applied there`);
  }

  /** A message leaves: what it shows of term, vote and log is durable at its sender. */
  leaves({ from, message, to }: Envelope): void {
    const member = this.#members[from] as SimMember;
    const { disk } = member;
    assert(message.term <= disk.hardState.term, 'the term of a message is durable at its sender');
    if (message.type === 'vote-reply' && message.granted) this.#checkVote(member, message, to);
    if (message.type === 'vote-request') {
      const { term, votedFor } = disk.hardState;
      const own = term > message.term || votedFor === member.id;
      assert(own, "a candidate's vote for itself is durable before it asks");
    }
    if (message.type === 'append-ack' || message.type === 'heartbeat-ack') {
      this.#checkAck(member, message);
    }
  }

  /** A client is told: the entry is durable at a majority. */
  acknowledged(index: number, entry: SimEntry): void {
    assert(this.#isSafe(index, entry), `acknowledged entry ${index} is durable at a majority`);
  }

  /** Log Matching, of every log with the first. */
  checkLogs(): void {
    const [first, ...others] = this.#members;
    for (const other of others) checkMatching(first?.log ?? [], other.log);
  }

  #checkLeader({ at, disk, id, log, state }: SimMember): void {
    const known = this.#leaders.get(state.term);
    if (known === at) return;
    assert(known === undefined, `Election Safety: one leader in term ${state.term}`);
    this.#leaders.set(state.term, at);
    const { term, votedFor } = disk.hardState;
    const isOwn = term > state.term || votedFor === id;
    assert(isOwn, `the vote of the leader of term ${state.term} for itself is durable`);
    const votes = this.#votes.filter((cast) => cast.get(state.term) === id).length;
    const isElected = isMajority(votes + 1, this.#members.length);
    assert(isElected, `the leader of term ${state.term} was given the votes of a majority`);
    for (const [place, entry] of this.committed.entries()) {
      // A leader of an older term may be elected late, by votes that were long on the way.
      if ((this.#committedIn[place] ?? 0) >= state.term) continue;
      assert(
        isSame(log[place], entry),
        `Leader Completeness: entry ${place + 1} in term ${state.term}`,
      );
    }
  }

  /** What a leader takes for durable on a follower is, unless a newer leader has undone it. */
  #checkMatch({ log, state }: SimMember, from: string): void {
    const match = state.leading?.progress.get(from)?.match ?? 0;
    const follower = this.#members.find(({ id }) => id === from);
    if (match === 0 || follower === undefined) return;
    const { entries, hardState } = follower.disk;
    const isKnown = hardState.term > state.term || isSame(entries[match - 1], log[match - 1]);
    assert(isKnown, `what ${from} is known to hold, up to ${match}, is durable there`);
  }

  #isSafe(index: number, entry: SimEntry): boolean {
    const holders = this.#members.filter(({ disk }) => isSame(disk.entries[index - 1], entry));
    return isMajority(holders.length, this.#members.length);
  }

  #checkCommitted(place: number, entry: SimEntry | undefined, term: number): void {
    assert(entry !== undefined, `committed entry ${place + 1} is in the log`);
    const known = this.committed[place];
    if (known === undefined) {
      assert(this.#isSafe(place + 1, entry), `committed entry ${place + 1} is at a majority`);
      const before = this.committed[place - 1];
      const isLater = before === undefined || before.timeMs <= entry.timeMs;
      assert(isLater, `the time of entry ${place + 1} is not before that of the entry before it`);
      this.committed[place] = entry;
      this.#committedIn[place] = term;
      return;
    }
    assert(isSame(known, entry), `State Machine Safety: entry ${place + 1} is committed once`);
  }

  #checkVote({ at, disk }: SimMember, { term }: Message, to: number): void {
    const candidate = this.#members[to]?.id ?? '';
    const votes = this.#votes[at] as Map<number, string>;
    assert((votes.get(term) ?? candidate) === candidate, `one vote in term ${term}`);
    votes.set(term, candidate);
    const durable = disk.hardState.term > term || disk.hardState.votedFor === candidate;
    assert(durable, 'a vote is durable before it leaves');
  }

  /**
   * In the term of the acknowledgement. One that waited, while a newer leader had the entry
   * replaced, is still true of its own term, in which nothing else can be committed there.
   */
  #checkAck({ disk, log, state }: SimMember, { match, term }: AppendAck | HeartbeatAck): void {
    if (match === 0 || term !== state.term) return;
    const stored = disk.entries[match - 1];
    assert(isSame(stored, log[match - 1]), `acknowledged entry ${match} is durable`);
  }
}

function isMajority(count: number, members: number): boolean {
  return count > members / 2;
}
