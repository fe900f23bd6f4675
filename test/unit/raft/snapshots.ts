// What tests of snapshots ask of a member: options, chunks, and what the latest step has to say.
import type { SnapshotChunk, SnapshotHead, SnapshotOptions } from '../../../src/raft/index.ts';
import { NO_SNAPSHOTS } from '../../../src/raft/index.ts';
import { type MemberInit, settledLeader, TestMember, testOptions } from './member.ts';

/** With these, and chunks of 100 bytes, 4 at a time. */
export function snapshotOptions(
  parts: Partial<SnapshotOptions>,
): NonNullable<MemberInit['options']> {
  return { ...testOptions, snapshot: { ...NO_SNAPSHOTS, chunkBytes: 100, ...parts } };
}

/** So many entries of term 1. */
export function ones(count: number): readonly number[] {
  return Array.from({ length: count }, () => 1);
}

/** The latest step asks for it. */
export function asks({ effects }: TestMember, type: 'take-snapshot' | 'keep-snapshot'): boolean {
  return effects.some((effect) => effect.type === type);
}

/** What the store may not forget, by the latest step. */
export function kept({ effects }: TestMember): readonly string[] | undefined {
  for (const effect of effects) if (effect.type === 'prune-snapshots') return effect.keep;
  return undefined;
}

export function restored({ effects }: TestMember): number | undefined {
  for (const effect of effects) if (effect.type === 'restore') return effect.head.index;
  return undefined;
}

/** The bytes [from, until) of a snapshot; without them the question what is there. */
export function chunkOf(
  head: SnapshotHead,
  parts: { readonly term: number; readonly stream?: number; readonly at?: readonly number[] },
): SnapshotChunk {
  const [from = 0, until = 0] = parts.at ?? [];
  const { stream = 1, term } = parts;
  return { type: 'snapshot-chunk', term, stream, head, ask: from === until ? 1 : 0, from, until };
}

/** It is told of a snapshot, gets all of it, and has it on disk: nothing is left but to say so. */
export function takeIn(member: TestMember, head: SnapshotHead, term: number, stream = 1): void {
  member.receive('b', chunkOf(head, { term, stream }));
  member.step({ type: 'snapshot-progress', id: head.id, stored: head.bytes });
}

/** All of that, and what follows upon it. */
export function installed(init: MemberInit, head: SnapshotHead, term: number): TestMember {
  const member = new TestMember(init);
  takeIn(member, head, term);
  member.step({ type: 'snapshot-received', id: head.id });
  return member;
}

/** A leader whose log begins after a snapshot at `index`, which b needs: it was asked about it. */
export function sendingLeader(
  parts: Partial<SnapshotOptions> = {},
  init: MemberInit = {},
): TestMember {
  const base = { index: 10, term: 1 };
  const some = { base, terms: ones(2), commit: 12, applied: 12, options: snapshotOptions(parts) };
  const leader = settledLeader({ ...some, ...init });
  refuse(leader, 'b');
  return leader;
}

/** A follower holds nothing of the log. */
export function refuse(leader: TestMember, from: string): void {
  const { stream = 0 } = leader.state.leading?.progress.get(from) ?? {};
  const { term } = leader.state;
  const progress = leader.state.leading?.progress.get(from);
  if (progress !== undefined) Object.assign(progress, { match: 0, next: 12 });
  const type = 'append-reject';
  leader.receive(from, { type, term, stream, prevIndex: 11, hintIndex: 0, hintTerm: 0 });
}

/** So much of the snapshot is stored there, and nothing else of it is on the way. */
export function stored(leader: TestMember, from: string, bytes: number, refused = false): void {
  const { sending, stream = 0 } = leader.state.leading?.progress.get(from) ?? {};
  const { term } = leader.state;
  const what = { stored: bytes, next: bytes, answers: sending?.asked ?? 0, refused };
  leader.receive(from, { type: 'snapshot-ack', term, stream, ...what });
}
