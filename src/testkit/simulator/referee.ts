// What must hold for the whole cluster, after every step: it sees everything at once, which no
// member can. The names are those of the Raft paper, figure 3.
import { assert } from '../../lib/assert.ts';
import {
  type AppendAck,
  type Configuration,
  type HeartbeatAck,
  isMember,
  type MemberId,
  type Message,
  type RaftEvent,
} from '../../raft/index.ts';
import { Contacts } from './contacts.ts';
import { LettingGo } from './letting-go.ts';
import { doOverlap, isQuorum } from './quorums.ts';
import { checkMatching, isSame, type SimDisk } from './sim-disk.ts';
import type { SimEntry } from './sim-entry.ts';
import { incarnationAt, type Letter, type SimMember } from './sim-member.ts';
import type { SimSnapshot } from './sim-snapshot.ts';
import type { Standing } from './standing.ts';
import { Tenures } from './tenures.ts';

export class Referee {
  readonly #members: readonly SimMember[];
  readonly #standing: Standing;
  /** By incarnation: also those stores that are gone, as they were at last. */
  readonly #stores = new Map<number, SimDisk>();
  /** By term: the store that led. */
  readonly #leaders = new Map<number, number>();
  /** By incarnation and term: for whom its vote has left it. */
  readonly #votes = new Map<number, Map<number, MemberId>>();
  /** Entry i is at place i - 1: committed somewhere, once, and so for ever. */
  readonly committed: SimEntry[] = [];
  /** When each of them was first known to be. */
  readonly #committedUs: number[] = [];
  /** The term in which each of them was committed. */
  readonly #committedIn: number[] = [];
  readonly #contacts = new Contacts();
  readonly #tenures = new Tenures();
  readonly #lettingGo = new LettingGo();
  /** Up to where each member's commit index was compared in this life. */
  readonly #compared: number[];
  /** How many configurations were in each member's log. */
  readonly #inForce: (Configuration | undefined)[] = [];

  constructor(members: readonly SimMember[], standing: Standing) {
    this.#members = members;
    this.#standing = standing;
    this.#compared = members.map(() => 0);
    for (const member of members) this.stored(member);
  }

  /** A member has a store that it did not have before. */
  stored({ at, disk, incarnation, versions }: SimMember): void {
    this.#stores.set(incarnation, disk);
    this.#votes.set(incarnation, new Map());
    this.#inForce[at] = versions.at(-1)?.config;
    this.#compared[at] = 0;
  }

  afterStep(member: SimMember, event: RaftEvent, nowUs = 0): void {
    const { at, disk, log, state, versions } = member;
    const { durable } = state.log;
    const isDurable = durable === 0 || isSame(disk.entryAt(durable), log[durable - 1]);
    assert(isDurable, `entry ${durable}, which ${member.id} takes for durable, is`);
    const latest = versions.at(-1);
    const isLatest = latest === undefined || state.config === latest.config;
    assert(isLatest, `the configuration in force on ${member.id} is the latest in its log`);
    if (state.recognition.admitted) this.#tenures.admitted(member);
    this.#lettingGo.check(member, event);
    if (state.role === 'leader') {
      this.#checkLeader(member);
      if (event.type === 'receive') this.#checkMatch(member, event.from);
      this.#contacts.check(member, event);
    }
    let compared = this.#compared[at] ?? 0;
    for (; compared < state.commit; compared++) this.#checkCommitted(compared, member, nowUs);
    this.#compared[at] = compared;
    // What a step commits, it commits before it changes the configuration.
    const isChanged = latest?.config !== this.#inForce[at];
    if (isChanged && state.role === 'leader') this.#checkChange(member);
    this.#inForce[at] = latest?.config;
  }

  restarted({ at, versions }: SimMember): void {
    this.#compared[at] = 0;
    this.#inForce[at] = versions.at(-1)?.config;
  }

  /** A machine is never ahead of its own member's disk. */
  applies({ disk, id }: SimMember, index: number, entry: SimEntry): void {
    const isDurable = isSame(disk.entryAt(index), entry);
    assert(isDurable, `entry ${index} is durable on ${id} before it is applied there`);
  }

  /** What a snapshot stands for is committed. */
  isCommitted({ head, prefix }: SimSnapshot): void {
    const { id, index, term } = head;
    const last = prefix[index - 1];
    const isWhole = prefix.length === index && last?.term === term;
    assert(isWhole, `snapshot ${id} holds all entries up to ${index}`);
    const isSafe = isSame(last, this.committed[index - 1]);
    assert(isSafe, `snapshot ${id} holds what is committed, up to ${index}`);
  }

  /** A message leaves: what it shows of term, vote and log is durable at its sender. */
  leaves({ from, message, to }: Letter): void {
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
    if (message.type === 'greeting-reply' && message.known) {
      const id = this.#members[to]?.id ?? '';
      const isDurable = incarnationAt(member, id) === message.incarnation;
      // By an entry that came while the answer waited that may be somebody else by now.
      const { config, recognition } = member.state;
      const known = config.incarnations.get(id) ?? recognition.pins.get(id);
      const isHeld = known === message.incarnation;
      assert(isDurable || !isHeld, 'a greeting is answered once it is durable who greets');
    }
  }

  /** A client is told: it is the entry that is committed there. */
  acknowledged(index: number, entry: SimEntry): void {
    const isCommitted = isSame(this.committed[index - 1], entry);
    assert(isCommitted, `acknowledged entry ${index} is the one that is committed there`);
  }

  /** Terms in which somebody led: a count. */
  get reigns(): number {
    return this.#leaders.size;
  }

  /** Up to where entries were committed anywhere at that time. */
  committedAt(atUs: number): number {
    let count = this.#committedUs.length;
    while (count > 0 && (this.#committedUs[count - 1] ?? 0) > atUs) count--;
    return count;
  }

  /** Log Matching, of every log with the longest. */
  checkLogs(): void {
    let longest: readonly SimEntry[] = [];
    for (const { log } of this.#members) if (log.length > longest.length) longest = log;
    for (const { log } of this.#members) if (log !== longest) checkMatching(longest, log);
  }

  #checkLeader(member: SimMember): void {
    const { disk, id, incarnation, log, state } = member;
    const known = this.#leaders.get(state.term);
    if (known === incarnation) return;
    assert(known === undefined, `Election Safety: one leader in term ${state.term}`);
    this.#leaders.set(state.term, incarnation);
    const { term, votedFor } = disk.hardState;
    const isOwn = term > state.term || votedFor === id;
    assert(isOwn, `the vote of the leader of term ${state.term} for itself is durable`);
    const config = this.#inForce[member.at] ?? state.config;
    const isElected = this.#isQuorum(member, config, (voter) => {
      return voter === incarnation || this.#votes.get(voter)?.get(state.term) === id;
    });
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

  /** Do the stores for which `has` holds make up a quorum of what `member` knows? */
  #isQuorum(
    member: SimMember,
    config: Configuration,
    has: (incarnation: number) => boolean,
  ): boolean {
    return isQuorum(config, (id) => {
      const named = config.incarnations.get(id);
      const incarnation = named ?? incarnationAt(member, id);
      if (incarnation === undefined || !has(incarnation)) return false;
      // A voter by its id alone is none.
      if (id === member.id && incarnation !== member.incarnation) return false;
      this.#tenures.counted(member, config, id, incarnation);
      return true;
    });
  }

  /** A leader has put a configuration into its log. */
  #checkChange({ id, log, state, versions }: SimMember): void {
    const [before, latest] = versions.slice(-2);
    if (before === undefined || latest === undefined) return;
    // Unless it is an older one, of which nobody will hear any more.
    const { index } = before;
    const isCommitted = isSame(this.committed[index - 1], log[index - 1]);
    assert(isCommitted, `a configuration of ${id} is committed before the next one`);
    const isBridged = doOverlap(before.config, latest.config);
    assert(isBridged, `the majorities before and after index ${latest.index} overlap`);
    for (const voter of latest.config.voters) {
      const isNew = ![...before.config.voters, ...before.config.outgoing].includes(voter);
      const isKnown = !isNew || latest.config.incarnations.has(voter);
      assert(isKnown, `it is said on which store ${voter} becomes a voter`);
    }
    const isOwn = this.committed[state.commit - 1]?.term === state.term;
    assert(isOwn, `${id} has committed an entry of its own before it changes members`);
  }

  /** What a leader takes for durable on a follower is, unless a newer leader has undone it. */
  #checkMatch(member: SimMember, from: MemberId): void {
    const { log, state } = member;
    const match = state.leading?.progress.get(from)?.match ?? 0;
    const disk = this.#stores.get(incarnationAt(member, from) ?? 0);
    // Of one that was removed it does not matter any more who it is.
    if (match === 0 || disk === undefined || !isMember(state.config, from)) return;
    const { hardState } = disk;
    const isKnown = hardState.term > state.term || isSame(disk.entryAt(match), log[match - 1]);
    assert(isKnown, `what ${from} is known to hold, up to ${match}, is durable there`);
  }

  #checkCommitted(place: number, member: SimMember, nowUs: number): void {
    const { at, log, state, versions } = member;
    const entry = log[place];
    assert(entry !== undefined, `committed entry ${place + 1} is in the log`);
    const known = this.committed[place];
    if (known !== undefined) {
      assert(isSame(known, entry), `State Machine Safety: entry ${place + 1} is committed once`);
      return;
    }
    const config = this.#inForce[at] ?? state.config;
    // The first entry is what the members begin with.
    const isSafe =
      place === 0 ||
      this.#isQuorum(member, config, (incarnation) => {
        return isSame(this.#stores.get(incarnation)?.entryAt(place + 1), entry);
      });
    assert(isSafe, `committed entry ${place + 1} is at a majority`);
    const before = this.committed[place - 1];
    const isLater = before === undefined || before.timeMs <= entry.timeMs;
    assert(isLater, `the time of entry ${place + 1} is not before that of the entry before it`);
    this.committed[place] = entry;
    this.#committedUs[place] = nowUs;
    this.#committedIn[place] = state.term;
    const version = versions.find(({ index }) => index === place + 1);
    if (version !== undefined) this.#standing.committed = version;
  }

  #checkVote({ disk, incarnation }: SimMember, { term }: Message, to: number): void {
    const candidate = this.#members[to]?.id ?? '';
    const votes = this.#votes.get(incarnation) as Map<number, MemberId>;
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
    const stored = disk.entryAt(match);
    assert(isSame(stored, log[match - 1]), `acknowledged entry ${match} is durable`);
  }
}
