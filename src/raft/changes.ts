// What a change makes of a configuration: algebra on small data. When a leader may make one is in
// reconfiguring.ts.
import { CoxswainError } from '../errors.ts';
import type { MemberId } from './member-id.ts';
import { type Configuration, createConfiguration, isMember, type Joining } from './membership.ts';

/** Every member may be named once. */
export interface MembersChange {
  /** New members: learners first, voters as soon as they have caught up. */
  readonly add?: readonly MemberId[];
  /** New members that stay learners. */
  readonly learners?: readonly MemberId[];
  /** Learners that become voters as soon as they have caught up. */
  readonly promote?: readonly MemberId[];
  /** Voters that become learners. */
  readonly demote?: readonly MemberId[];
  readonly remove?: readonly MemberId[];
  /** A voter leaves in the moment in which another, new or a learner, has caught up. */
  readonly replace?: readonly { readonly id: MemberId; readonly by: MemberId }[];
}

/** Where a change leads. */
interface Target {
  readonly voters: Set<MemberId>;
  readonly learners: Set<MemberId>;
  readonly joining: Map<MemberId, MemberId | undefined>;
}

/**
 * The configuration that `change` makes of one that is not joint: a joint one when more than one
 * vote changes. Throws ERR_INVALID_OPTION, naming what would be accepted.
 */
export function changed(config: Configuration, change: MembersChange): Configuration {
  checkNamedOnce(change);
  const target: Target = {
    voters: new Set(config.voters),
    learners: new Set(config.learners),
    joining: new Map(config.joining.map(({ id, replaces }) => [id, replaces])),
  };
  for (const id of change.learners ?? []) addLearner(target, 'learners', id);
  for (const id of change.add ?? []) {
    addLearner(target, 'add', id);
    target.joining.set(id, undefined);
  }
  for (const id of change.promote ?? []) {
    if (!target.learners.has(id)) throw refused('promote', id, 'a learner', target.learners);
    target.joining.set(id, target.joining.get(id));
  }
  for (const { by, id } of change.replace ?? []) replace(target, id, by);
  for (const id of change.demote ?? []) {
    if (!target.voters.delete(id)) throw refused('demote', id, 'a voter', target.voters);
    target.learners.add(id);
  }
  for (const id of change.remove ?? []) remove(target, id);
  if (target.voters.size === 0) {
    const message = 'changeMembers: no voter would be left; accepted: a change that keeps one';
    throw new CoxswainError('ERR_INVALID_OPTION', message, { outcome: 'not-applied' });
  }
  return transition(config, target);
}

/** All that join have caught up: they get their votes, and those whom they replace leave. */
export function joined(config: Configuration): Configuration {
  const voters = new Set(config.voters);
  const learners = new Set(config.learners);
  for (const { id, replaces } of config.joining) {
    learners.delete(id);
    voters.add(id);
    if (replaces !== undefined) voters.delete(replaces);
  }
  return transition(config, { voters, learners, joining: new Map() });
}

/** The end of a joint configuration (§6). */
export function left(config: Configuration): Configuration {
  return withoutStrangers(createConfiguration({ ...config, outgoing: [] }));
}

/** Is it safe that `next` follows `config`? One vote differs, or a joint configuration bridges. */
export function follows(next: Configuration, config: Configuration): boolean {
  if (config.outgoing.length > 0) {
    return next.outgoing.length === 0 && areSame(next.voters, config.voters);
  }
  if (next.outgoing.length > 0) return areSame(next.outgoing, config.voters);
  return votesBetween(config.voters, next.voters) <= 1;
}

/** One vote more or less needs no joint configuration: majorities before and after overlap. */
function transition(config: Configuration, target: Target): Configuration {
  const voters = [...target.voters];
  const isSimple = votesBetween(config.voters, voters) <= 1;
  const joining = [...target.joining].map(
    ([id, replaces]): Joining => ({
      id,
      replaces: replaces !== undefined && target.voters.has(replaces) ? replaces : undefined,
    }),
  );
  const next = {
    voters,
    outgoing: isSimple ? [] : config.voters,
    learners: [...target.learners],
    joining,
  };
  return withoutStrangers({ ...next, incarnations: config.incarnations });
}

/** Who leaves takes its incarnation along: it may come back on another store. */
function withoutStrangers(config: Configuration): Configuration {
  const stays = ([id]: [MemberId, number]) => isMember(config, id);
  return { ...config, incarnations: new Map([...config.incarnations].filter(stays)) };
}

function votesBetween(some: readonly MemberId[], others: readonly MemberId[]): number {
  const gone = some.filter((id) => !others.includes(id));
  return gone.length + others.filter((id) => !some.includes(id)).length;
}

function areSame(some: readonly MemberId[], others: readonly MemberId[]): boolean {
  return votesBetween(some, others) === 0;
}

function addLearner(target: Target, what: string, id: MemberId): void {
  if (target.voters.has(id) || target.learners.has(id)) {
    const members = [...target.voters, ...target.learners].join(', ');
    throw refused(what, id, `an id that is none of ${members}; a learner is promoted`);
  }
  target.learners.add(id);
}

function replace(target: Target, id: MemberId, by: MemberId): void {
  const isTaken = [...target.joining.values()].includes(id);
  if (!target.voters.has(id) || isTaken) {
    throw refused('replace', id, 'a voter that nobody is about to replace', target.voters);
  }
  if (target.voters.has(by)) {
    throw refused('replace by', by, 'a learner or an id that is no member', target.learners);
  }
  target.learners.add(by);
  target.joining.set(by, id);
}

function remove(target: Target, id: MemberId): void {
  const isVoting = target.voters.delete(id);
  if (!isVoting && !target.learners.delete(id)) {
    throw refused('remove', id, 'a member', [...target.voters, ...target.learners]);
  }
  target.joining.delete(id);
}

function checkNamedOnce(change: MembersChange): void {
  const { add = [], demote = [], learners = [], promote = [], remove: gone = [] } = change;
  const pairs = (change.replace ?? []).flatMap(({ by, id }) => [id, by]);
  const named = new Set<MemberId>();
  for (const id of [...add, ...learners, ...promote, ...demote, ...gone, ...pairs]) {
    if (named.has(id)) throw refused('changeMembers', id, 'every member at most once');
    named.add(id);
  }
}

function refused(
  what: string,
  id: MemberId,
  accepted: string,
  among: Iterable<MemberId> = [],
): CoxswainError {
  const names = [...among].join(', ');
  const choice = names === '' ? accepted : `${accepted}, of ${names}`;
  const message = `${what} is ${JSON.stringify(id)}; accepted: ${choice}`;
  return new CoxswainError('ERR_INVALID_OPTION', message, { outcome: 'not-applied' });
}
