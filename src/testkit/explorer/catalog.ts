// Gives every member, message and history that was ever seen a number, and remembers what an event
// does to a member: few of them, in many combinations, make up the states of the cluster.
import type { Envelope } from '../simulator/sim-member.ts';
import { type History, historyKey, NO_HISTORY, recordLocal } from './history.ts';
import { envelopeKey, keyOf, type Local } from './local.ts';
import {
  type Renaming,
  renameEnvelope,
  renameHistory,
  renameLocal,
  renamingsOf,
} from './renaming.ts';
import { alikeIn, type Scope } from './scope.ts';
import { type Counted, type Happening, happen } from './transition.ts';

/** What an event does: to the member of that number, or what is wrong with it. */
export interface Result {
  readonly member: number;
  readonly sent: readonly number[];
  readonly counted: readonly Counted[];
  readonly broken: string | undefined;
}

/** What has names of members in it. */
export type Kind = 'member' | 'envelope' | 'history';

/** No member ever has as many codes of events. */
const CODES = 2 ** 24;
/** Nor does the catalog ever hold as many members. */
const MEMBERS = 2 ** 26;

export class Catalog {
  readonly #scope: Scope;
  readonly #members = new Numbered<Local>();
  readonly #envelopes = new Numbered<Envelope>();
  readonly #histories = new Numbered<History>();
  readonly #envelopeNumbers = new WeakMap<Envelope, number>();
  readonly #results = new Map<number, Result>();
  readonly #recorded = new Map<number, number>();

  /** The places of members that may change places, and all ways in which they can. */
  readonly alike: readonly number[];
  readonly renamings: readonly Renaming[];
  readonly #shapes = new Numbered<undefined>();
  readonly #shapeOf: number[] = [];
  readonly #renamed: { readonly [kind in Kind]: Map<number, number> } = {
    member: new Map(),
    envelope: new Map(),
    history: new Map(),
  };

  constructor(scope: Scope) {
    this.#scope = scope;
    this.alike = alikeIn(scope);
    this.renamings = renamingsOf(scope.members, this.alike);
    this.#histories.numberOf(historyKey(NO_HISTORY), NO_HISTORY);
  }

  member(number: number): Local {
    return this.#members.at(number);
  }

  envelope(number: number): Envelope {
    return this.#envelopes.at(number);
  }

  addMember(local: Local): number {
    return this.#members.numberOf(this.#memberKey(local), local);
  }

  /** `code` stands for `what`, and for nothing else that can happen to this member. */
  happen(member: number, code: number, what: Happening): Result {
    const key = member * CODES + code;
    const known = this.#results.get(key);
    if (known !== undefined) return known;
    const result = this.#happen(member, what);
    this.#results.set(key, result);
    return result;
  }

  /** How many entries are known to be committed. */
  committed(history: number): number {
    return this.#histories.at(history).committed.length;
  }

  /** The history with what this member shows of it; throws if the two contradict each other. */
  record(history: number, member: number): number {
    const key = history * MEMBERS + member;
    const known = this.#recorded.get(key);
    if (known !== undefined) return known;
    const next = recordLocal(this.#histories.at(history), this.member(member));
    const number = this.#histories.numberOf(historyKey(next), next);
    this.#recorded.set(key, number);
    return number;
  }

  /** Equal for two members that differ by their names alone. */
  shapeOf(member: number): number {
    const known = this.#shapeOf[member];
    if (known !== undefined) return known;
    const local = this.member(member);
    const keys = this.renamings.map((renaming) => this.#memberKey(renameLocal(local, renaming)));
    const shape = this.#shapes.numberOf(keys.sort()[0] ?? '', undefined);
    this.#shapeOf[member] = shape;
    return shape;
  }

  /** The number of the thing with the names that `renamings[way]` gives; way 0 changes nothing. */
  rename(kind: Kind, number: number, way: number): number {
    if (way === 0) return number;
    const key = number * this.renamings.length + way;
    const known = this.#renamed[kind].get(key);
    if (known !== undefined) return known;
    const renamed = this.#rename(kind, number, this.renamings[way] ?? []);
    this.#renamed[kind].set(key, renamed);
    return renamed;
  }

  #rename(kind: Kind, number: number, renaming: Renaming): number {
    if (kind === 'member') return this.addMember(renameLocal(this.member(number), renaming));
    if (kind === 'envelope') {
      return this.#addEnvelope(renameEnvelope(this.envelope(number), renaming));
    }
    const history = renameHistory(this.#histories.at(number), renaming);
    return this.#histories.numberOf(historyKey(history), history);
  }

  #memberKey(local: Local): string {
    return keyOf(local, (envelope) => this.#addEnvelope(envelope));
  }

  #happen(member: number, what: Happening): Result {
    try {
      const { counted, local, sent } = happen(this.member(member), what, this.#scope.step);
      const numbers = sent.map((envelope) => this.#addEnvelope(envelope));
      return { member: this.addMember(local), sent: numbers, counted, broken: undefined };
    } catch (error) {
      const broken = error instanceof Error ? error.message : String(error);
      return { member, sent: [], counted: [], broken };
    }
  }

  #addEnvelope(envelope: Envelope): number {
    const known = this.#envelopeNumbers.get(envelope);
    if (known !== undefined) return known;
    const number = this.#envelopes.numberOf(envelopeKey(envelope), envelope);
    this.#envelopeNumbers.set(envelope, number);
    return number;
  }
}

/** Things by their number and numbers by their key. */
class Numbered<T> {
  readonly #things: T[] = [];
  readonly #numbers = new Map<string, number>();

  at(number: number): T {
    return this.#things[number] as T;
  }

  numberOf(key: string, thing: T): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#things.length;
    this.#numbers.set(key, number);
    this.#things.push(thing);
    return number;
  }
}
