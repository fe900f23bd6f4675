// One member of the core under test: it counts time, keeps the writes that wait, and checks every
// invariant at every step.
import {
  type AcceptEntries,
  type AppendEntries,
  type Configuration,
  type ConfigurationAt,
  checkState,
  checkStep,
  createConfiguration,
  createState,
  type Effect,
  type EntryHead,
  type KnownMembers,
  type LogPosition,
  type MemberId,
  type Message,
  membersOf,
  NO_SNAPSHOTS,
  nextDeadline,
  type RaftEvent,
  type RaftOptions,
  type RaftState,
  type Send,
  type SnapshotHead,
  step,
  summarize,
  type TermRun,
  versionOf,
  type Write,
} from '../../../src/raft/index.ts';
import { otherVoters } from '../../../src/raft/membership.ts';

export const testOptions: RaftOptions = {
  heartbeatMs: 10,
  electionMinMs: 100,
  electionMaxMs: 200,
  maxAppendBytes: 1000,
  maxInflightAppends: 4,
  maxInflightBytes: 10_000,
  maxUncommittedBytes: 10_000,
  maxApplyLagBytes: 1 << 30,
  maxClockDrift: 0.05,
  maxClockOffsetMs: 60_000,
  snapshot: NO_SNAPSHOTS,
};

export interface MemberInit {
  readonly snapshot?: SnapshotHead;
  readonly id?: MemberId;
  readonly voters?: readonly MemberId[];
  readonly outgoing?: readonly MemberId[];
  readonly learners?: readonly MemberId[];
  /** Terms of the entries in the log, from `base` on. */
  readonly terms?: readonly number[];
  readonly base?: { readonly index: number; readonly term: number };
  readonly size?: number;
  readonly term?: number;
  readonly votedFor?: MemberId;
  readonly commit?: number;
  readonly applied?: number;
  readonly restarted?: boolean;
  readonly options?: Partial<RaftOptions>;
  /** Default: those of `voters`, `outgoing` and `learners`, at index 0. */
  readonly configs?: readonly ConfigurationAt[];
  readonly incarnation?: number;
  readonly known?: KnownMembers;
  readonly seed?: number;
  /** When it begins, in ms. */
  readonly now?: number;
  readonly repairFrom?: number;
  /** Default: `start`. */
  readonly first?: RaftEvent;
}

type Sent<T extends Message['type']> = Send & { readonly message: Extract<Message, { type: T }> };

/** A snapshot at that place, with the configuration of a test member. */
export function headAt(at: LogPosition, init: MemberInit = {}): SnapshotHead {
  const config = { index: at.index, config: configOf(init) };
  return { ...at, id: `s${at.index}`, timeMs: at.index, config, bytes: 1000 };
}

export class TestMember {
  readonly state: RaftState;
  now = 1000;
  /** Of the latest step. */
  effects: readonly Effect[] = [];
  readonly waiting: Write[] = [];
  /** What the members entries of its log say. */
  readonly configAt = new Map<number, Configuration>();

  constructor(init: MemberInit = {}) {
    const { terms = [], base = { index: 0, term: 0 }, size = 0 } = init;
    const id = init.id ?? 'a';
    const incarnation = init.incarnation ?? incarnationOf(id);
    this.now = init.now ?? this.now;
    this.state = createState({
      id,
      incarnation,
      boot: 1,
      known: init.known ?? { admitted: true, pins: new Map() },
      configs: init.configs ?? [{ index: base.index, config: configOf(init) }],
      hardState: {
        term: init.term ?? terms.at(-1) ?? base.term,
        votedFor: init.votedFor,
        commit: init.commit ?? base.index,
      },
      positions: {
        base,
        runs: runsOf(terms, base.index),
        sizes: terms.map(() => size),
        lastTimeMs: 0,
      },
      options: { ...testOptions, ...init.options },
      snapshot: init.snapshot ?? (base.index === 0 ? undefined : headAt(base, init)),
      repairFrom: init.repairFrom ?? 0,
      applied: init.applied ?? base.index,
      silentMs: init.restarted === true ? { ...testOptions, ...init.options }.electionMinMs : 0,
      seed: init.seed ?? 7,
      now: this.now,
    });
    for (const { config, index } of this.state.configs) this.configAt.set(index, config);
    this.step(init.first ?? { type: 'start' });
  }

  step(event: RaftEvent): readonly Effect[] {
    const before = summarize(this.state);
    this.effects = [...step(this.state, event, this.now)];
    checkState(this.state);
    checkStep(before, this.state, this.effects);
    for (const effect of this.effects) {
      if (effect.type === 'write') this.waiting.push(effect);
      if (effect.type === 'append' || effect.type === 'accept') this.#recordConfigs(effect, event);
    }
    return this.effects;
  }

  #recordConfigs(effect: AppendEntries | AcceptEntries, event: RaftEvent): void {
    for (const index of this.configAt.keys()) {
      if (index >= effect.from) this.configAt.delete(index);
    }
    if (effect.type === 'append') {
      if (effect.config !== undefined) this.configAt.set(effect.from, effect.config);
    } else if (event.type === 'receive' && event.message.type === 'append') {
      for (const [at, { config }] of event.entries.entries()) {
        const index = event.message.from + at;
        if (config !== undefined && index >= effect.from) this.configAt.set(index, config);
      }
    }
  }

  receive(from: MemberId, message: Message, entries: readonly EntryHead[] = []): void {
    this.step({ type: 'receive', from, incarnation: incarnationOf(from), message, entries });
  }

  /** From the store that took the place of an emptied one. */
  receiveAs(incarnation: number, from: MemberId, message: Message): void {
    this.step({ type: 'receive', from, incarnation, message, entries: [] });
  }

  propose(...sizes: readonly number[]): void {
    const bodies = sizes.map((length) => ({ length }));
    this.step({ type: 'propose', bodies, wallMs: 0 });
  }

  /** Asks for a configuration that was planned on the one in force. */
  change(config: Configuration, wallMs = 0): void {
    this.step({ type: 'change', config, version: versionOf(this.state), wallMs });
  }

  /** Completes the oldest waiting write. */
  writeOne(): Write {
    const write = this.waiting.shift();
    if (write === undefined) throw new Error('no write waits');
    const { lastIndex, lastTerm } = write;
    this.step({ type: 'written', write: write.write, lastIndex, lastTerm });
    return write;
  }

  /** Completes every waiting write, those included that their completion asks for. */
  writeAll(): void {
    while (this.waiting.length > 0) this.writeOne();
  }

  /** Lets the time come when something is due. */
  timeout(): void {
    this.now = Math.max(this.now, nextDeadline(this.state));
    this.step({ type: 'timeout' });
  }

  pass(ms: number): void {
    this.now += ms;
  }

  /** What the latest step sends, of one type. */
  sent<T extends Message['type']>(type: T): readonly Sent<T>[] {
    return this.effects.filter(
      (effect): effect is Sent<T> => effect.type === 'send' && effect.message.type === type,
    );
  }

  /** The only message of that type in the latest step. */
  only<T extends Message['type']>(type: T): Sent<T> {
    const [first, ...others] = this.sent(type);
    if (first === undefined || others.length > 0) {
      throw new Error(`${others.length + (first ? 1 : 0)} messages of type ${type}, not one`);
    }
    return first;
  }

  sentTo(to: MemberId): readonly Message[] {
    return this.effects.flatMap((e) => (e.type === 'send' && e.to === to ? [e.message] : []));
  }

  /** Index up to which the latest step has something applied; 0 when it has nothing. */
  get applying(): number {
    for (const effect of this.effects) if (effect.type === 'apply') return effect.upTo;
    return 0;
  }
}

/** The store on which a member runs, unless a test says otherwise. */
export function incarnationOf(id: MemberId): number {
  return 2 * id.charCodeAt(0);
}

/** With every incarnation known. */
export function configOf(parts: Partial<Configuration>): Configuration {
  const config = createConfiguration({ voters: ['a', 'b', 'c'], ...parts });
  const incarnations = new Map(membersOf(config).map((id) => [id, incarnationOf(id)]));
  return { ...config, incarnations: parts.incarnations ?? incarnations };
}

export function head(term: number, size = 0): EntryHead {
  return { term, timeMs: 0, size };
}

/** An append of entries with these terms, after `prevIndex`. */
export function appendOf(
  parts: {
    readonly term: number;
    readonly prev?: readonly [index: number, term: number];
    readonly stream?: number;
    readonly commit?: number;
  },
  terms: readonly number[] = [],
): [Extract<Message, { type: 'append' }>, readonly EntryHead[]] {
  const [prevIndex, prevTerm] = parts.prev ?? [0, 0];
  const from = prevIndex + 1;
  const until = from + terms.length;
  const { term, stream = 1, commit = 0 } = parts;
  const type = 'append';
  const message = { type, term, stream, prevIndex, prevTerm, from, until, commit } as const;
  return [message, terms.map((each) => head(each))];
}

/** Wins pre-vote and vote with the grants of every other voter; its own writes are durable. */
export function makeLeader(member: TestMember): void {
  const { state } = member;
  const others = otherVoters(state.config, state.id);
  member.pass(state.options.electionMaxMs);
  member.timeout();
  const campaign = state.term + 1;
  for (const from of others) {
    if (state.role !== 'pre-candidate') break;
    const term = campaign - 1;
    member.receive(from, { type: 'pre-vote-reply', term, campaign, granted: true });
  }
  member.writeOne();
  for (const from of others) {
    if (state.role !== 'candidate') break;
    member.receive(from, { type: 'vote-reply', term: campaign, granted: true });
  }
  if (state.role !== 'leader') throw new Error(`${state.id} is a ${state.role}, not the leader`);
}

/** A leader of three whose log is durable and held by everyone. */
export function settledLeader(init: MemberInit = {}): TestMember {
  const member = new TestMember(init);
  makeLeader(member);
  member.writeAll();
  for (const [id, { stream }] of progressOf(member)) {
    const { last } = member.state.log;
    const { term } = member.state;
    member.receive(id, { type: 'append-ack', term, stream, match: last });
  }
  member.step({ type: 'timeout' });
  return member;
}

export function progressOf(member: TestMember) {
  return [...(member.state.leading?.progress ?? [])];
}

export function progress(member: TestMember, id: MemberId) {
  const found = member.state.leading?.progress.get(id);
  if (found === undefined) throw new Error(`${member.state.id} keeps no progress of ${id}`);
  return found;
}

/** The follower's ack of everything up to `match`, on its present stream. */
export function ack(member: TestMember, from: MemberId, match: number): void {
  const { stream } = progress(member, from);
  member.receive(from, { type: 'append-ack', term: member.state.term, stream, match });
}

/** What `from` answers to the latest heartbeat round, unless `parts` says otherwise. */
export function heartbeatAck(
  { state }: TestMember,
  from: MemberId,
  parts: Partial<Extract<Message, { type: 'heartbeat-ack' }>> = {},
): Extract<Message, { type: 'heartbeat-ack' }> {
  const { round = 0 } = state.leading ?? {};
  const { stream = 0 } = state.leading?.progress.get(from) ?? {};
  const { term } = state;
  const nothing = { sent: 0, received: 0, match: 0, patienceMs: 100, wallMs: 0 };
  return { type: 'heartbeat-ack', term, stream, round, ...nothing, ...parts };
}

/** Lets that many ms pass, in which only these answer the heartbeats of the leader. */
export function keepAlive(leader: TestMember, ms: number, ...others: readonly MemberId[]): void {
  for (const untilMs = leader.now + ms; leader.now < untilMs; ) {
    leader.timeout();
    for (const from of others) leader.receive(from, heartbeatAck(leader, from));
  }
}

export function runsOf(terms: readonly number[], base = 0): TermRun[] {
  const runs: TermRun[] = [];
  for (const [at, term] of terms.entries()) {
    if (runs.at(-1)?.term !== term) runs.push({ from: base + at + 1, term });
  }
  return runs;
}
