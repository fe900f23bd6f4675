// Who watches a run from outside: traces and exported scripts are made of what they are told.
import type { Effect, RaftEvent } from '../../raft/index.ts';
import type { Letter, Op, SimMember } from './sim-member.ts';

/** Times are those of the whole run, in ms; members have clocks of their own. */
export interface Witness {
  /** After each step, before its effects are run; also after one that threw, without effects. */
  stepped?(step: WitnessedStep): void;
  /** A message leaves its member. */
  sent?(envelope: Letter): void;
  /** What a disk was writing, `merged` writes as one, is durable; before the member's step. */
  written?(member: SimMember, merged: number): void;
  /** A member is gone; `kept` writes became durable in its last moment. */
  crashed?(member: SimMember, kept: number, forgot: boolean, atMs: number): void;
  /** A member that is down has an empty store from now on. */
  wiped?(member: SimMember, atMs: number): void;
  /** A member is back, with what its disk holds; before its first step. */
  restarted?(member: SimMember, atMs: number): void;
}

export interface WitnessedStep {
  readonly event: RaftEvent;
  readonly member: SimMember;
  readonly effects: readonly Effect[];
  readonly atMs: number;
  /** Of a proposal: what is proposed. */
  readonly ops: readonly Op[];
  /** Of a received message: the envelope it came in. */
  readonly envelope: Letter | undefined;
}
